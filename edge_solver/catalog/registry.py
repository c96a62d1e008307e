"""What is known of every model that has a name: a reading of ``models/registry.toml``.

Pure data: it opens the one file that ships with the package, and no model.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
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


class ModelKind(str, Enum):
    """What a model does."""

    POLICY = "policy"
    PRM = "prm"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of the registry."""

    name: str
    kind: ModelKind
    summary: str
    file: str
    """Path under ``models/`` of a model that ships with the package."""
    bytes: int
    sha256: str
    licence: str
    aliases: tuple[str, ...] = ()
    parameters: int = 0
    context: int = 0
    """Positions that a path may have."""
    prefix: str = ""
    """Before the problem."""
    suffix: str = ""
    """After the problem."""
    step_end: str = "\n"
    answer: str | None = None
    """Regular expression with one group around the final answer; ``None`` where the usual forms serve."""
    step_tokens: float = 24.0
    """Typical tokens of a step, measured."""
    solution_steps: float = 6.0
    """Typical steps of a solution, measured."""
    tokenizer: str | None = None
    """For a reward model: the GGUF under ``models/`` whose tokenizer it was trained with."""
    belief: Belief | None = None
    """For a reward model: how to read a confidence from the vote, fitted by ``models/training/fit_belief.py``."""


@cache
def registry() -> Mapping[str, ModelEntry]:
    """Return every known model by name, in the file's order.

    Raises:
        ModelBrokenError: The registry of this installation is damaged.
    """
    path = paths.shipped("models/registry.toml")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: _entry(name, row) for name, row in table.items()}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelBrokenError(
            f"the model registry {path} cannot be read ({error}); install edge-solver again"
        ) from error


def _entry(name: str, row: Mapping[str, Any]) -> ModelEntry:
    known = {field.name for field in fields(ModelEntry)}
    unknown = set(row) - known
    if unknown:
        raise ValueError(f"{name}: unknown key {min(unknown)!r}")
    converted = {
        "name": name,
        "kind": ModelKind(row["kind"]),
        "aliases": tuple(row.get("aliases", ())),
        "belief": Belief(**row["belief"]) if "belief" in row else None,
    }
    return ModelEntry(**{**row, **converted})
