"""One published artifact as a TOML file: from which repository, into which kind, asked how.

Recipes ship in ``quantize/``; a user's own is read the same way. Everything here is data.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from edge_solver.errors import ModelMissingError, UnknownNameError, UsageError
from edge_solver.paths import shipped
from edge_solver.quantization.heads import HeadKind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

POLICY_KINDS = ("q4_0", "q4_k_s", "q4_k_m", "q8_0", "f16")
REWARD_KINDS = {"onnx-int8": 8, "onnx-int4": 4, "onnx-f32": None}
"""With the bits of a weight."""
KINDS = (*POLICY_KINDS, *REWARD_KINDS)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one artifact is made."""

    name: str
    repository: str = ""
    """On the Hugging Face Hub."""
    to: str | None = None
    """The kind in ``KINDS`` that is made where the command names none."""
    licence: str = "see the model's card"
    note: str = ""
    """What could not be verified, or must be known before use."""
    imatrix: str | None = None
    """Calibration text, relative to the recipe."""
    prefix: str = ""
    suffix: str = ""
    step_end: str = "\n\n"
    head: HeadKind | None = None
    """Of a reward model; ``None`` to see from its tensors."""
    good: int = 1
    bad: int = 0
    """Label or token that means a good and a bad step."""


def find_recipe(name: Path) -> Path | None:
    """Return the recipe of this name that ships, with ``.toml`` or without; ``None`` where there is none."""
    try:
        return shipped(f"quantize/{name.name.removesuffix('.toml')}.toml")
    except ModelMissingError:
        return None


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        UsageError: It cannot be read, or holds a key or value that is not known.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the recipe {path} cannot be read: {error}") from None
    for key in table:
        if key not in _TYPES:
            raise UnknownNameError("key of a recipe", key, _TYPES)
    return Recipe(**{"name": path.stem, **{key: _checked(path, key, value) for key, value in table.items()}})


_TYPES: Mapping[str, type] = {field.name: int if field.name in {"good", "bad"} else str for field in fields(Recipe)}


def _checked(path: Path, key: str, value: object) -> Any:  # noqa: ANN401 - any field's type
    if not isinstance(value, _TYPES[key]):
        raise UsageError(f"the recipe {path}: {key} = {value!r} is not of the kind {_TYPES[key].__name__}")
    if key == "to" and value not in KINDS:
        raise UnknownNameError("kind", str(value), KINDS)
    if key == "head":
        known = [kind.value for kind in HeadKind]
        if value not in known:
            raise UnknownNameError("head", str(value), known)
        return HeadKind(value)
    return value
