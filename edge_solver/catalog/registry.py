"""What is known of every model that has a name: a reading of ``models/registry.toml`` and ``models/hub.toml``.

The first describes the models that ship, the second those that the Hugging Face Hub holds. Pure data: it opens files
that come with the package, and no model.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any

from edge_solver import paths
from edge_solver.core.belief import Belief
from edge_solver.errors import ModelBrokenError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILES = ("models/registry.toml", "models/hub.toml")


class ModelKind(str, Enum):
    """What a model does."""

    POLICY = "policy"
    PRM = "prm"


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of a Llama-like transformer; they decide what memory and what FLOPs a token takes."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    heads_kv: int
    head_size: int
    vocabulary: int
    rope_base: float = 10_000.0
    tied: bool = False
    """Whether the output head is the embedding."""
    qkv_bias: bool = False

    @property
    def kv_values_per_token(self) -> int:
        """Numbers that the cache holds for one token."""
        return 2 * self.layers * self.heads_kv * self.head_size

    @property
    def parameters(self) -> int:
        """All weights."""
        q, kv = self.heads * self.head_size, self.heads_kv * self.head_size
        attention = 2 * self.width * (q + kv) + (q + 2 * kv if self.qkv_bias else 0)
        layer = attention + 3 * self.width * self.feed_forward + 2 * self.width
        return self.layers * layer + self.width + self.vocabulary * self.width * (1 if self.tied else 2)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the model's solutions were sampled where it was measured."""

    temperature: float = 1.0
    max_step_tokens: int = 256
    max_solution_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of the registry."""

    name: str
    kind: ModelKind
    summary: str
    licence: str
    restricted: str | None = None
    """Why the licence has to be accepted before a download; ``None`` where it is open source."""
    repository: str | None = None
    """On the Hugging Face Hub, holding ``file``; ``None`` for a model that ships with the package."""
    file: str = ""
    """Path under ``models/`` of a model that ships, or in the repository, where it may be a pattern with ``*``."""
    checkpoint: str | None = None
    """Repository of the weights that the model is made from, where there is no ready file."""
    recipe: str | None = None
    """The file that ``edge-solver quantize`` makes it by."""
    bytes: int = 0
    """Size of the file, or of the checkpoint; 0 where it is not known."""
    sha256: str = ""
    """Empty where it is not known."""
    aliases: tuple[str, ...] = ()
    parameters: int = 0
    context: int = 0
    """Positions that a path may have."""
    architecture: Architecture | None = None
    format: str | None = None
    """Name in ``models/formats.toml``; ``None`` where the five fields below say it, or the file itself."""
    prefix: str = ""
    """Before the problem."""
    suffix: str = ""
    """After the problem."""
    step_end: str = "\n"
    answer: str | None = None
    """Regular expression with one group around the final answer; ``None`` where the usual forms serve."""
    step_tokens: float = 24.0
    """Typical tokens of a step."""
    solution_steps: float = 6.0
    """Typical steps of a solution."""
    sampling: Sampling | None = None
    aggregate: str | None = None
    """For a reward model: what suits it as ``--aggregate``."""
    tokenizer: str | None = None
    """For a reward model: the GGUF under ``models/`` whose tokenizer it was trained with."""
    balance_temperature: float | None = None
    """For a reward model: the ``--balance-temperature`` that suits its rewards."""
    recomputes: bool = False
    """For a reward model: whether steps that exact arithmetic refutes lose their reward. For policies that write exact
    numbers in base ten."""
    belief: Belief | None = None
    """For a reward model: how to read a confidence from the vote, fitted by ``models/training/fit_belief.py``."""
    unverified: tuple[str, ...] = ()
    """Which of all this could not be checked against the repository itself, and why."""

    @property
    def ships(self) -> bool:
        """Whether it comes with the package."""
        return self.repository is None and self.checkpoint is None


_NESTED = {"architecture": Architecture, "sampling": Sampling, "belief": Belief}


@cache
def registry() -> Mapping[str, ModelEntry]:
    """Return every known model by name, in the files' order.

    Raises:
        ModelBrokenError: The registry of this installation is damaged.
    """
    entries: dict[str, ModelEntry] = {}
    for file in FILES:
        path = paths.shipped(file)
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            for name, row in table.items():
                entries |= {variant: _entry(variant, cells) for variant, cells in _variants(name, row)}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelBrokenError(
                f"the model registry {path} cannot be read ({error}); install edge-solver again"
            ) from error
    return entries


def named(kind: ModelKind, wanted: str) -> ModelEntry | None:
    """Find a model of a kind by its name or an alias."""
    return by_name(kind).get(wanted)


def by_name(kind: ModelKind) -> Mapping[str, ModelEntry]:
    """Return the models of a kind under all of their names."""
    entries = [entry for entry in registry().values() if entry.kind is kind]
    return {name: entry for entry in entries for name in (entry.name, *entry.aliases)}


def _variants(name: str, row: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a model and what differs from it in a few keys."""
    common = {key: value for key, value in row.items() if key != "variants"}
    yield name, common
    for variant, changes in row.get("variants", {}).items():
        yield f"{name}-{variant}", {**common, "aliases": (), **changes}


def _entry(name: str, row: Mapping[str, Any]) -> ModelEntry:
    known = {field.name for field in fields(ModelEntry)}
    unknown = set(row) - known
    if unknown:
        raise ValueError(f"{name}: unknown key {min(unknown)!r}")
    converted = {
        "name": name,
        "kind": ModelKind(row["kind"]),
        "aliases": tuple(row.get("aliases", ())),
        "unverified": tuple(row.get("unverified", ())),
        **{key: build(**row[key]) for key, build in _NESTED.items() if key in row},
    }
    return ModelEntry(**{**row, **converted})
