"""What a search says while it runs: frozen events, one stream for every listener.

A command line prints them, an app draws them, a benchmark adds them up, a file keeps them. ``to_json`` and
``from_json`` are inverse to each other, so a recorded stream can be replayed without a model.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from edge_solver.core.budget import Budget, Cap
from edge_solver.core.solution import CandidateAnswer, ModelUsed, Solution, Spent, StrategyUsed
from edge_solver.core.tree import Finish
from edge_solver.errors import QuantityError, RecordError


@dataclass(frozen=True, slots=True)
class Started:
    """A search begins; always the first event."""

    problem: str
    prompt_tokens: int
    strategy: StrategyUsed
    budget: Budget
    policy: ModelUsed
    prm: ModelUsed | None
    seed: int


@dataclass(frozen=True, slots=True)
class Planned:
    """The strategy chose what to grow."""

    expand: tuple[tuple[int, int], ...]
    """(node, width), most valuable first."""
    prune: tuple[int, ...]
    short_of: Cap | None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A step was written; it comes as soon as it is finished."""

    node: int
    parent: int
    depth: int
    text: str
    n_tokens: int
    finish: Finish
    answer: str | None


@dataclass(frozen=True, slots=True)
class Scored:
    """A step was rewarded."""

    node: int
    reward: float


@dataclass(frozen=True, slots=True)
class Voted:
    """How the vote stands, the heaviest answer first; sent after a round that finished a solution."""

    candidates: tuple[CandidateAnswer, ...]
    best: int
    """The winner's heaviest leaf."""
    confidence: float


@dataclass(frozen=True, slots=True)
class Leading:
    """The best answer so far; sent when the vote changes."""

    answer: str
    confidence: float
    votes: int


@dataclass(frozen=True, slots=True)
class Pulsed:
    """A decode or scoring call was made. Too frequent to be recorded."""

    live: int
    """Branches that are still being written."""
    spent: Spent


@dataclass(frozen=True, slots=True)
class Billed:
    """The bill after a round."""

    spent: Spent


@dataclass(frozen=True, slots=True)
class Solved:
    """The search is over; always the last event."""

    solution: Solution


Event = Started | Planned | Drafted | Scored | Voted | Leading | Pulsed | Billed | Solved

_PLAIN = frozenset({str, int, float, bool, type(None)})
# Hints are looked up anew at every call; a long run is read five times as fast with this.
_hints = functools.cache(typing.get_type_hints)
_KINDS: Mapping[str, type[Any]] = {kind.__name__.lower(): kind for kind in typing.get_args(Event)}


def to_json(event: Event) -> dict[str, Any]:
    """Return the event as plain data with its kind under ``"event"``."""
    return {"event": type(event).__name__.lower(), **plain(event)}


def from_json(data: Mapping[str, Any]) -> Event:
    """Return the event that ``to_json`` was given.

    Raises:
        RecordError: The kind is unknown, a field is missing or has another type.
    """
    kind = _KINDS.get(str(data.get("event")))
    if kind is None:
        raise RecordError(f"unknown event {data.get('event')!r}; known: {', '.join(_KINDS)}")
    event: Event = _build(kind, {name: value for name, value in data.items() if name != "event"})
    return event


def plain(value: Any) -> Any:  # noqa: ANN401 - any dataclass, as in dataclasses.asdict
    """Return dataclasses, tuples and enums as JSON-ready data."""
    if type(value) in _PLAIN:  # most values are, and saving a run must not slow it down
        return value
    names = _names(type(value))  # type: ignore[arg-type] # to mypy a class is not hashable
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


@functools.cache
def _names(kind: type) -> tuple[str, ...] | None:
    """Return the fields of a dataclass, ``None`` for any other type."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


def _build(kind: Any, data: Any) -> Any:  # noqa: ANN401 - walks type hints
    """Read plain data as a value of a type: dataclass, optional, tuple, enum, number or string."""
    if isinstance(kind, types.UnionType):
        if data is None:
            return None
        return _build(next(option for option in typing.get_args(kind) if option is not type(None)), data)
    if typing.get_origin(kind) is tuple:
        if not isinstance(data, list | tuple):
            raise RecordError(f"expected a list, found {data!r}")
        inner = typing.get_args(kind)
        each = [inner[0]] * len(data) if inner[-1] is Ellipsis else inner
        if len(each) != len(data):
            raise RecordError(f"expected {len(each)} values, found {data!r}")
        return tuple(_build(option, item) for option, item in zip(each, data, strict=True))
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, data)
    try:
        return kind(data) if issubclass(kind, Enum | float) else _checked(kind, data)
    except (TypeError, ValueError) as error:
        raise RecordError(f"expected {kind.__name__}, found {data!r}") from error


def _build_dataclass(kind: Any, data: Any) -> Any:  # noqa: ANN401 - walks type hints
    if not isinstance(data, Mapping):
        raise RecordError(f"expected the fields of {kind.__name__}, found {data!r}")
    hints = _hints(kind)
    known = {name: _build(hints[name], data[name]) for name in hints if name in data}
    try:
        return kind(**known)  # unknown fields are left out: later versions may add some
    except (TypeError, QuantityError) as error:
        raise RecordError(f"{kind.__name__} is incomplete or impossible: {error}") from error


def _checked(kind: Any, data: Any) -> Any:  # noqa: ANN401 - walks type hints
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise TypeError
    return data
