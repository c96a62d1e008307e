"""How stages share the time: each has its part of what is left, and none takes what later ones cannot do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge_solver.bench.device.engine import OutOfTimeError
from edge_solver.bench.device.measure import Lab
from edge_solver.bench.device.plan import Plan, Wish
from edge_solver.bench.device.rig import Listener

_RESERVED = ("reward model", "ceilings", "sustained", "suite")
"""Stages whose time slow ones before them may not take, where the end is fixed."""


@dataclass
class Timetable:
    """Runs stages in the order of a plan."""

    lab: Lab
    wish: Wish
    listener: Listener
    note: Callable[[str], None]
    """Told which stages had no time."""
    _stages: tuple[tuple[str, float], ...] = field(default=(), init=False)
    _end: float = field(default=0.0, init=False)

    def announce(self, name: str) -> None:
        """Say what is done before there is a plan."""
        self.lab.check()
        self.listener.stage(name, 0, 0, None)

    def follow(self, found: Plan) -> None:
        """Take a plan; its time begins now."""
        self._stages = found.stages
        self._end = self.lab.clock() + (found.most_seconds if self.wish.quick else found.seconds)

    def run(self, name: str, measure: Callable[[], None]) -> None:
        """Run a stage of the plan within its part of the time that is left; without any it leaves a note.

        Raises:
            StoppedError: The user has asked for an end.
        """
        lab, names = self.lab, [stage for stage, _ in self._stages]
        place, now = names.index(name), lab.clock()
        seconds = [seconds for _, seconds in self._stages[place:]]
        left = min(sum(seconds), max(0.0, self._end - now))
        self.listener.stage(name, 1 + place, len(names), left)
        lab.deadline = self._deadline(now, left, seconds)
        if self.wish.quick:
            later = self._stages[place + 1 :]
            reserved = sum(stage_seconds for stage, stage_seconds in later if stage in _RESERVED)
            # Ceilings take seconds on any machine, and nothing that was measured can be judged without them.
            lab.limit = None if name == "ceilings" else self._end - reserved
        try:
            lab.check()
            measure()
        except OutOfTimeError:
            self.note(f"{name}: the time was up")

    def _deadline(self, now: float, left: float, seconds: Sequence[float]) -> float | None:
        """Say when the stage that takes the first of ``seconds`` begins no more repeats."""
        if self.wish.repeats is not None:
            return None  # as many as were asked for are made, however long it takes
        if self.wish.quick:
            return now + left * seconds[0] / max(sum(seconds), 1e-9)
        return now + 2 * seconds[0]
