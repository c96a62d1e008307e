"""Which models of the registry are on this machine: shipped, downloaded or converted here; checked, or taken away.

It never goes to the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from edge_solver import paths
from edge_solver.catalog import cache
from edge_solver.catalog.registry import ModelEntry, ModelKind, registry
from edge_solver.errors import UsageError

TO_CONVERT = "to convert"
"""The state of a model whose weights are here."""
_CONVERTED = {ModelKind.POLICY: ".gguf", ModelKind.PRM: ".onnx"}


class Origin(str, Enum):
    """Where a model that is here came from."""

    SHIPPED = "shipped"
    DOWNLOADED = "downloaded"
    CONVERTED = "converted"
    CHECKPOINT = "checkpoint"
    """Only the weights that it is to be converted from are here."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Something of a model that is on this machine."""

    entry: ModelEntry
    origin: Origin
    path: Path
    checksum: str
    """What it must match: a SHA-256, or a Git object id; empty where nobody knows."""

    @property
    def runs(self) -> bool:
        """Whether the file can be given to an engine."""
        return self.origin is not Origin.CHECKPOINT


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a second look at a file has shown."""

    holding: Holding
    sound: bool | None
    """``None`` where there is nothing to compare it with."""
    reason: str = ""


def holdings(entry: ModelEntry) -> list[Holding]:
    """Return all that is here of a model; what an engine can run comes first."""
    if entry.ships:
        return [Holding(entry, Origin.SHIPPED, paths.shipped(f"models/{entry.file}"), entry.sha256)]
    found: list[Holding] = []
    converted = converted_path(entry)
    if converted.exists():
        found.append(Holding(entry, Origin.CONVERTED, converted, ""))
    if entry.repository is not None:
        cached = cache.find(entry.repository, entry.file, entry.sha256)
        if cached is not None:
            found.append(Holding(entry, Origin.DOWNLOADED, cached.path, entry.sha256 or cached.etag))
    if entry.checkpoint is not None:
        found += [
            Holding(entry, Origin.CHECKPOINT, cached.path, cached.etag) for cached in cache.files(entry.checkpoint)
        ]
    return found


def runnable(entry: ModelEntry) -> Holding | None:
    """Return the file of a model that an engine can run, if it is here."""
    return next((holding for holding in holdings(entry) if holding.runs), None)


def state(entry: ModelEntry) -> str:
    """Say where a model is: how it came here, or what is still to be done."""
    here = holdings(entry)
    if here and here[0].runs:
        return here[0].origin.value
    repository = entry.repository or entry.checkpoint
    if repository is not None and cache.partials(repository, entry.sha256 or "*"):
        return "partly pulled"
    if entry.repository is not None:
        return "to pull"
    return TO_CONVERT if here else "to pull and convert"


def converted_path(entry: ModelEntry) -> Path:
    """Return where a converted model is looked for."""
    return paths.converted_dir() / f"{entry.name}{_CONVERTED[entry.kind]}"


def conversion(entry: ModelEntry, folder: Path | None = None) -> str:
    """Return the command that makes a model of its checkpoint, where it will be looked for.

    Args:
        entry: A model with a recipe.
        folder: Where the checkpoint is; by default where it was downloaded to.
    """
    weights = next((holding.path.parent for holding in holdings(entry) if not holding.runs), None)
    return f"edge-solver quantize {entry.recipe} --from {folder or weights or 'FOLDER'} --out {converted_path(entry)}"


def verify(report: Callable[[Holding, int], None] = lambda _, __: None) -> Iterator[Verdict]:
    """Read every file that is here again, and compare it with its checksum.

    Args:
        report: Called with what is being read, and the bytes read so far.
    """
    seen: set[Path] = set()
    for entry in registry().values():
        for holding in holdings(entry):
            if holding.path not in seen:
                seen.add(holding.path)
                yield _verdict(holding, report)


def remove(entry: ModelEntry) -> tuple[list[Path], int]:
    """Take all of a model away that was downloaded or converted; return the files and the bytes that this frees.

    Raises:
        UsageError: It ships with the package, or nothing of it is here.
    """
    if entry.ships:
        raise UsageError(f"{entry.name} comes with edge-solver and cannot be removed alone")
    gone: list[Path] = []
    freed = 0
    for holding in holdings(entry):
        gone.append(holding.path)
        if holding.origin is Origin.CONVERTED:
            freed += holding.path.stat().st_size
            holding.path.unlink()
        else:
            freed += cache.drop(cache.Cached(holding.path, holding.checksum))
    repository = entry.repository or entry.checkpoint
    if repository is not None and (entry.sha256 or not any(cache.files(repository))):
        freed += cache.drop_partials(repository, entry.sha256 or "*")
    if not gone and not freed:
        raise UsageError(f"nothing of {entry.name} is on this machine; see 'edge-solver models list'")
    return gone, freed


def _verdict(holding: Holding, report: Callable[[Holding, int], None]) -> Verdict:
    if not holding.checksum:
        return Verdict(holding, None, "made on this machine, so there is no checksum to compare it with")
    try:
        sound = cache.matches(holding.path, holding.checksum, lambda done: report(holding, done))
    except OSError as error:
        return Verdict(holding, sound=False, reason=f"cannot be read: {error.strerror}")
    mend = "install edge-solver again" if holding.entry.ships else _mend(holding.entry)
    return Verdict(holding, sound) if sound else Verdict(holding, sound, f"has another checksum; {mend}")


def _mend(entry: ModelEntry) -> str:
    return f"run 'edge-solver models remove {entry.name}' and 'edge-solver models pull {entry.name}'"
