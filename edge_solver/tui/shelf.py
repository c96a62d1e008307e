"""The seams to what the app is given: saved runs, and results of benchmarks. Whoever starts the app fills them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge_solver.core.events import Event
from edge_solver.core.solution import Spent


class SavedRun(Protocol):
    """What a list of runs tells of each."""

    @property
    def id(self) -> int | str:
        """Names the run in the store."""
        ...

    @property
    def problem(self) -> str:
        """As it was asked."""
        ...

    @property
    def answer(self) -> str | None:
        """``None`` where there was none, or the run was cut short."""
        ...

    @property
    def when(self) -> datetime:
        """When it began."""
        ...

    @property
    def strategy(self) -> str:
        """Name and width."""
        ...

    @property
    def spent(self) -> Spent | None:
        """Its bill, ``None`` where it was cut short before there was one."""
        ...


class RunStore(Protocol):
    """Saved runs."""

    def search(self, text: str) -> Sequence[SavedRun]:
        """Return the runs in which a text occurs, the latest first; with an empty text all of them."""
        ...

    def load(self, id: int | str) -> Iterable[Event]:
        """Return a run's events."""
        ...


@dataclass(frozen=True, slots=True)
class ResultPoint:
    """One configuration of a past benchmark."""

    name: str
    flops: float
    accuracy: float
    leads: bool
    """Whether nothing cheaper is as accurate."""


@dataclass(frozen=True, slots=True)
class ResultSet:
    """One folder of results."""

    folder: str
    suite: str
    points: tuple[ResultPoint, ...]


class Results(Protocol):
    """Past benchmarks on this machine."""

    def sets(self) -> Sequence[ResultSet]:
        """Return what was measured, folder by folder."""
        ...

    def advise(self, cost: str, budget: float) -> str:
        """Say what to use under a budget of ``joules``, ``flops`` or ``seconds`` for one problem.

        Raises:
            EdgeSolverError: The results say nothing about it; says why.
        """
        ...
