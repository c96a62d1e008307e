"""Calibration: kinds of work done for a short and a long time each, and the rates that explain their energy.

Only differences of a long and a short run count, so that loading, warming up and the meter's lag cancel. The work is
chosen so that the three rates can be told apart: reading problems is bound by computing, writing one branch by reading
memory, writing several lies between, and idling is neither. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.meter import Activity, EnergyLabel, Meter, Rates, Reading
from edge_solver.core.ports import Drafter, DraftRequest, Scorer, ScoreRequest
from edge_solver.core.tree import ROOT
from edge_solver.energy import gauge
from edge_solver.energy.fit import Window, fit_rates, left_out_error
from edge_solver.errors import EdgeSolverError

PROBLEM = "What is 17 * 23 + 4 * 19 - 8?"
_LONG_PROBLEM = "What is " + " + ".join(str(number) for number in range(11, 41)) + "?"
_STEP = "First, 17 * 23 = 391, which leaves 391 + 4 * 19 - 8.\n"
_TOKENS = 8
"""Of a branch in one go."""
_STEPS = 8
"""Scored in one go."""
_WIDTHS = (1, 4, 16)
_MARGIN = 1.1
"""Factor on the planned time: work is not cut in the middle."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to work."""

    short: float
    """Seconds of a short run."""
    long: float
    repeats: int


COUNTER = Schedule(short=2.0, long=8.0, repeats=3)  # with two, leaving one out leaves its twin, which flatters
GAUGE = Schedule(short=gauge.SHORTEST_SECONDS * _MARGIN, long=3 * gauge.SHORTEST_SECONDS, repeats=1)
"""For a battery and for the wall, whose totals move by steps of many joules."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a calibration stands."""

    kind: str
    done: float
    """Share of the planned time, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a calibration found."""

    rates: Rates
    error: float
    """By leaving out every run once; see ``left_out_error``."""
    windows: tuple[Window, ...]
    seconds: float
    """Of all runs."""


@dataclass
class Workshop:
    """The engines at work under a meter."""

    drafter: Drafter
    scorer: Scorer | None
    clock: Callable[[], float]
    meter: Meter
    rest: Callable[[float], object]
    """Does nothing for some seconds."""
    _problems: int = field(default=0, init=False)

    def planned_seconds(self, schedule: Schedule) -> float:
        """Return about how long a calibration will take."""
        return (len(self._kinds()) + 1) * schedule.repeats * (schedule.short + schedule.long) * _MARGIN

    def calibrate(
        self, schedule: Schedule, is_cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Stage | Fitted]:
        """Work, and yield where it stands; last of all what was found. It ends early when it is cancelled.

        Raises:
            EdgeSolverError: The meter gave no number, or what it gave explains nothing.
        """
        kinds = self._kinds()
        start, planned = self.clock(), self.planned_seconds(schedule)
        windows: list[Window] = []
        yield Stage("warming up", 0.0)
        for warm_up in kinds.values():
            warm_up(Ledger(Budget(), self.clock, self.meter))
        for _ in range(schedule.repeats):
            for kind, work in (("idle", None), *kinds.items()):
                done = []
                for seconds in (schedule.short, schedule.long):
                    if is_cancelled():
                        return
                    yield Stage(kind, min(1.0, (self.clock() - start) / planned))
                    ran = self._run(work, seconds, is_cancelled)
                    if ran is None:
                        return
                    done.append(ran)
                short, long = done
                windows.append(_difference(kind, short, long))
        if not is_cancelled():
            yield Fitted(fit_rates(windows), left_out_error(windows), tuple(windows), self.clock() - start)

    def _kinds(self) -> dict[str, Callable[[Ledger], None]]:
        kinds: dict[str, Callable[[Ledger], None]] = {"reading": self._read}
        for width in _WIDTHS:
            kinds[f"writing {width}"] = lambda ledger, width=width: self._write(ledger, width)  # type: ignore[misc]
        if self.scorer is not None:
            kinds["scoring"] = self._score
        return kinds

    def _run(
        self, work: Callable[[Ledger], None] | None, seconds: float, is_cancelled: Callable[[], bool]
    ) -> tuple[Activity, float] | None:
        """Work for some seconds, and return what was done and what the meter says of it; nothing when cancelled."""
        ledger = Ledger(Budget(), self.clock, self.meter)
        end = self.clock() + seconds
        while (left := end - self.clock()) > 0 and not is_cancelled():
            if work is None:
                self.rest(min(left, 1.0))
            else:
                work(ledger)
        if is_cancelled():
            return None  # a gauge has no number for a stretch that was cut short
        spent = ledger.spent()
        return Activity(spent.flops, spent.seconds, spent.bytes_read), _joules(spent.energy)

    def _read(self, ledger: Ledger) -> None:
        self._draft(ledger, _LONG_PROBLEM, width=1, tokens=1)

    def _write(self, ledger: Ledger, width: int) -> None:
        self._draft(ledger, PROBLEM, width=width, tokens=_TOKENS)

    def _draft(self, ledger: Ledger, text: str, *, width: int, tokens: int) -> None:
        key = self._next()
        self.drafter.open(key, text)
        try:
            requests = [
                DraftRequest(key, 1 + i, ROOT, seed=key, temperature=1.0, max_tokens=tokens) for i in range(width)
            ]
            for _ in self.drafter.draft(requests, ledger):
                pass
        finally:
            self.drafter.retain(key, ())

    def _score(self, ledger: Ledger) -> None:
        assert self.scorer is not None  # it is no kind of work without one
        key = self._next()
        self.scorer.open(key, PROBLEM)
        try:
            list(self.scorer.score([ScoreRequest(key, 1 + i, ROOT, f"{i}. {_STEP}") for i in range(_STEPS)], ledger))
        finally:
            self.scorer.retain(key, ())

    def _next(self) -> int:
        self._problems += 1
        return self._problems


def schedule_for(label: EnergyLabel) -> Schedule:
    """Return how long to work under a meter of this kind."""
    return GAUGE if label in (EnergyLabel.MEASURED_BATTERY, EnergyLabel.MEASURED_WALL) else COUNTER


def _difference(kind: str, short: tuple[Activity, float], long: tuple[Activity, float]) -> Window:
    (before, less), (after, more) = short, long
    activity = Activity(
        after.flops - before.flops, after.seconds - before.seconds, after.bytes_read - before.bytes_read
    )
    return Window(kind, activity, more - less)


def _joules(reading: Reading) -> float:
    if reading.joules is None:
        raise EdgeSolverError(
            f"the meter gave no number ({reading.label.value}) in the middle of the calibration, so nothing is stored; "
            "'edge-solver energy' says what works here"
        )
    return reading.joules
