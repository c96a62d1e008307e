"""What one call of a model was, and which engines tell: for whoever runs several problems on them at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edge_solver.core.budget import Payer


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made."""

    payer: Payer
    """``DECODE`` for the policy, the prompts that it read included; ``SCORE`` for the reward model."""
    flops: Mapping[int, int]
    """What was computed for every problem in it."""
    rows: int
    """Branches that got a token, or steps that got a reward."""
    seconds: float
    """Wall clock, with sampling and bookkeeping."""
    model_seconds: float
    """The part of it that the model library took."""
    bytes_read: int = 0
    """From memory: the weights once, and the caches."""
    paths: int = 0
    """Of a decode call: rows that gave those tokens, for branches that write the same share one."""
    waiting: int = 0
    """Of a decode call: branches that wanted a token as well, and had to wait for room."""


@runtime_checkable
class Observable(Protocol):
    """An engine that tells of its calls."""

    def listen(self, on_call: Callable[[Call], None] | None) -> None:
        """Tell ``on_call`` of every call from now on, after it was made."""
        ...


@runtime_checkable
class Roomy(Protocol):
    """A drafter whose memory limits how many problems can be open at the same time."""

    @property
    def problems(self) -> int:
        """How many problems it was made for."""
        ...

    def has_room(self, text: str) -> bool:
        """Say whether one more problem can be opened beside those that are open."""
        ...


@runtime_checkable
class Twinned(Protocol):
    """A drafter that evaluates once what several branches write at the same time."""

    def take_twins(self, problem: int) -> Mapping[int, int]:
        """Return, by node, how many first tokens of its step were evaluated for an earlier one, and forget it."""
        ...
