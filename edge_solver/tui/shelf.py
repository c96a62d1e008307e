"""The seams to what the app is given: saved runs, and results of benchmarks. Whoever starts the app fills them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from edge_solver.config import Settings

if TYPE_CHECKING:
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

    def export(self, id: int | str, ending: str) -> str:
        """Write a run into a new file of the folder one works in; ``.md``, ``.json`` or ``.svg`` says in which format.

        Returns:
            The file's name.

        Raises:
            EdgeSolverError: It cannot be written.
        """
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
    fault: str = ""
    """Why it cannot be read; the other folders can."""


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


@dataclass(frozen=True, slots=True)
class Measured:
    """What a benchmark of the device has found so far."""

    stage: str
    number: int = 0
    total: int = 0
    """Of stages; 0 before they are known."""
    seconds_left: float | None = None
    speeds: tuple[tuple[str, float], ...] = ()
    """Tokens per second by what was done, in the order of measuring."""


class Bench(Protocol):
    """Measures this device."""

    def run(
        self, settings: Settings, show: Callable[[Measured], object], cancelled: Callable[[], bool]
    ) -> Sequence[str]:
        """Measure for about three minutes, keep the result, and return it in lines of forty columns.

        Args:
            settings: Which models, threads and meter.
            show: Told of every stage, in the calling thread.
            cancelled: Asked often; once it is true, what is known is kept and returned.

        Raises:
            EdgeSolverError: Nothing could be measured.
        """
        ...
