"""From what a user typed, a registry name or a path, to a file on disk.

A name never becomes part of a path, and nothing is downloaded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_solver.catalog import shelf
from edge_solver.catalog.checksums import checksum
from edge_solver.catalog.registry import ModelEntry, ModelKind, by_name, named, registry
from edge_solver.errors import ModelBrokenError, ModelMissingError, UnknownNameError

_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model that is on disk."""

    path: Path
    sha256: str
    entry: ModelEntry | None
    """What the registry knows of it; ``None`` for a file given by path that it does not know."""

    @property
    def name(self) -> str:
        """The registry's name, or the file's."""
        return self.entry.name if self.entry else self.path.name


def resolve(kind: ModelKind, wanted: str) -> ModelFile:
    """Find a model of a kind by registry name or by path.

    Raises:
        UnknownNameError: It is neither a known name nor looks like a path; the error carries the nearest name.
        ModelMissingError: There is no such file, or the model has not been downloaded.
        ModelBrokenError: A shipped file is not the one that the registry describes.
    """
    entry = named(kind, wanted)
    if entry is not None:
        return _shipped(entry) if entry.ships else _fetched(entry)
    path = Path(wanted).expanduser()
    if not path.exists():
        if path.suffix in {".gguf", ".onnx"} or len(path.parts) > 1:
            raise ModelMissingError(f"there is no model file {wanted}")
        raise UnknownNameError("model" if kind is ModelKind.POLICY else "reward model", wanted, by_name(kind))
    if path.is_dir():
        raise ModelMissingError(f"{wanted} is a folder; give the model file in it")
    digest = checksum(path)
    known = next((e for e in registry().values() if e.kind is kind and e.sha256 == digest), None)
    return ModelFile(path, digest, known)


def _shipped(entry: ModelEntry) -> ModelFile:
    (holding,) = shelf.holdings(entry)
    digest = checksum(holding.path)
    if digest != entry.sha256:
        raise ModelBrokenError(
            f"the built-in model {entry.name} is damaged ({holding.path} has sha256 {digest[:12]}…, expected "
            f"{entry.sha256[:12]}…); install edge-solver again"
        )
    return ModelFile(holding.path, digest, entry)


def _fetched(entry: ModelEntry) -> ModelFile:
    """Find a model that was downloaded or converted; what the hub's cache names by its checksum is not read again."""
    holding = shelf.runnable(entry)
    if holding is not None:
        digest = holding.checksum if len(holding.checksum) == _SHA256_DIGITS else checksum(holding.path)
        return ModelFile(holding.path, digest, entry)
    pull = f"edge-solver models pull {entry.name}"
    if entry.recipe is None:
        raise ModelMissingError(f"{entry.name} is not on this machine; download it with: {pull}")
    have = any(not holding.runs for holding in shelf.holdings(entry))
    raise ModelMissingError(
        f"{entry.name} has no ready file on the hub and has not been converted here; "
        f"run{'' if have else f' {pull}, then'}: {shelf.conversion(entry)}"
    )
