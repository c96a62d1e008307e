"""The formats that have a name: a reading of ``models/formats.toml``, and a guess for a model that nobody described.

Pure data and pure functions over it; the two types are in ``edge_solver.core.formats``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Generic, TypeVar

from edge_solver import paths
from edge_solver.catalog.registry import ModelEntry, ModelKind
from edge_solver.core.formats import Reading, ScoreFormat, StepFormat
from edge_solver.errors import ModelBrokenError, UnknownNameError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Format = TypeVar("_Format", StepFormat, ScoreFormat)


@dataclass(frozen=True, slots=True)
class Named(Generic[_Format]):
    """A format and what is known of it."""

    name: str
    summary: str
    format: _Format
    source: str = ""
    """Where it was read."""
    unverified: tuple[str, ...] = ()
    """What of it could not be checked."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The format that a model file seems to want."""

    name: str
    reason: str


@cache
def step_formats() -> Mapping[str, Named[StepFormat]]:
    """Return how policies are asked, by name.

    Raises:
        ModelBrokenError: The file of this installation is damaged.
    """
    return {name: _named(StepFormat, name, row) for name, row in _table("policy").items()}


@cache
def score_formats() -> Mapping[str, Named[ScoreFormat]]:
    """Return how process reward models read a solution, by name.

    Raises:
        ModelBrokenError: The file of this installation is damaged.
    """
    return {name: _named(ScoreFormat, name, row) for name, row in _table("prm").items()}


def step_format(name: str) -> StepFormat:
    """Return a policy's format by name.

    Raises:
        UnknownNameError: There is none; the error carries the nearest name.
    """
    if name not in step_formats():
        raise UnknownNameError("format", name, step_formats())
    return step_formats()[name].format


def score_format(name: str) -> ScoreFormat:
    """Return a reward model's format by name.

    Raises:
        UnknownNameError: There is none; the error carries the nearest name.
    """
    if name not in score_formats():
        raise UnknownNameError("reward model format", name, score_formats())
    return score_formats()[name].format


def step_format_of(entry: ModelEntry) -> StepFormat:
    """Return the format of a policy in the registry."""
    if entry.format is None:
        return StepFormat(
            entry.prefix,
            entry.suffix,
            entry.step_end,
            entry.step_tokens,
            entry.solution_steps,
            answer=entry.answer,
        )
    return replace(step_format(entry.format), step_tokens=entry.step_tokens, solution_steps=entry.solution_steps)


def about(entry: ModelEntry) -> Named[StepFormat] | Named[ScoreFormat] | None:
    """Return what is known of a model's format; ``None`` where it has none of its own name."""
    if entry.format is None:
        return None
    return step_formats()[entry.format] if entry.kind is ModelKind.POLICY else score_formats()[entry.format]


def unverified(entry: ModelEntry) -> tuple[str, ...]:
    """Return what could not be checked of a model, its format included."""
    known = about(entry)
    doubts = known.unverified if known else ()
    return (*entry.unverified, *(f"format {entry.format}, {doubt}" for doubt in doubts))


TELLING = ("general.name", "general.architecture", "tokenizer.chat_template")
"""The keys of a GGUF that a format is guessed from."""
_NAMES = (("edge-solver", "built-in"), ("llemma-metamath", "math-shepherd"), ("metamath", "metamath"))
"""What the name of a model has in it, and the format that this means; the first that fits counts."""
_CHAT_MARKS = (
    ("<|start_header_id|>", "llama-3"),
    ("<|im_start|>", "chatml"),
    ("[INST]", "mistral-instruct"),
    ("### Instruction", "metamath"),
)
"""What a chat template has in it, and the format that this means."""


def guess(metadata: Mapping[str, str]) -> Guess:
    """Guess the format of a policy from the metadata of its GGUF.

    Its name goes before its chat template: a fine-tune often carries the template of what it was made from.
    """
    name = metadata.get("general.name", "")
    plain_name = name.lower().replace("_", "-").replace(" ", "-")
    for part, format_name in _NAMES:
        if part in plain_name:
            return Guess(format_name, f"it calls itself {name!r}")
    template = metadata.get("tokenizer.chat_template", "")
    for mark, format_name in _CHAT_MARKS:
        if mark in template:
            is_qwen_math = format_name == "chatml" and ("qwen2.5-math" in plain_name or "\\boxed" in template)
            return Guess("qwen-math" if is_qwen_math else format_name, f"its chat template has {mark} in it")
    architecture = metadata.get("general.architecture", "")
    if not template and architecture in {"llama", "qwen2"}:
        return Guess("few-shot", f"it is a {architecture} model without a chat template, so perhaps a base model")
    return Guess("plain", "its metadata says nothing that is known of how it wants to be asked")


def _table(kind: str) -> Mapping[str, Mapping[str, Any]]:
    path = paths.shipped("models/formats.toml")
    try:
        table: Mapping[str, Mapping[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))[kind]
    except (OSError, ValueError, KeyError) as error:
        raise ModelBrokenError(f"{path} cannot be read ({error}); install edge-solver again") from error
    return table


def _named(build: type[_Format], name: str, row: Mapping[str, Any]) -> Named[_Format]:
    cells = dict(row)
    about = {key: cells.pop(key) for key in ("summary", "source") if key in cells}
    doubts = tuple(cells.pop("unverified", ()))
    try:
        if "prefix_file" in cells:
            text = paths.shipped(f"models/{cells.pop('prefix_file')}").read_text(encoding="utf-8")
            cells["prefix"] = text + cells.get("prefix", "")
        if "reading" in cells:
            cells["reading"] = Reading(cells["reading"])
        lists = {field.name for field in fields(build)} & {"stops", "labels"} & set(cells)
        return Named(
            name=name,
            format=build(**{**cells, **{key: tuple(cells[key]) for key in lists}}),
            unverified=doubts,
            **about,
        )
    except (OSError, TypeError, ValueError) as error:
        raise ModelBrokenError(f"the format {name} cannot be read ({error}); install edge-solver again") from error
