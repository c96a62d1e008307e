"""What the next calls will use: joules predicted from a run so far, for a cap that has to be kept ahead of time.

A meter tells late: its figure moves every second or so, while a call takes a fraction of one. So work is priced by
rates that are roughly right, these are corrected by what the meter showed over the latest stretch of the run, and what
was done since the meter moved is added. It steers and is never reported: a figure for the user comes from the meter
alone.
"""

from __future__ import annotations

from collections import deque

from edge_solver.core.meter import Activity, Rates

TYPICAL = Rates(3e-11, 2.7e-10, 3.85)
"""For a machine of which nothing is known: a laptop of the 28 W class. 17.5 W come with work (CodeCarbon,
docs/explanation/rapl.md), which is 3e-11 J/FLOP at the 0.5 TFLOP/s that a prompt is read with; decoding a weight of
4.5 bits takes 2.2e-10 J (see ``energy.model``), of which 0.6e-10 are its two FLOPs and the rest its 0.56 bytes."""

MARKS = 64
"""Movements of the meter in the window that the correction is taken from: about a minute of a slow meter."""

SETTLED = 8
"""Movements after which the beginning of the run no longer counts."""


class Pace:
    """Watches readings and work, and predicts."""

    def __init__(self, rates: Rates) -> None:
        """Begin with nothing done and nothing read."""
        self._rates = rates
        self._marks: deque[tuple[float, float]] = deque([(0.0, 0.0)], MARKS)
        """Work done, priced by the rates, and joules read, wherever the meter moved."""
        self._work = 0.0
        """At the latest look."""
        self._still = 0
        """Looks at new work since the meter moved."""
        self._by_rates = 1.0
        """What the rates with their idle power make of a joule of work, so far."""
        self.is_known = False
        """Whether the meter has moved since there was work."""

    def see(self, activity: Activity, joules: float) -> None:
        """Take note of what was done and what the meter says of it."""
        work = self._rates.work(activity.flops, activity.bytes_read)
        if work > 0:
            self._by_rates = self._rates.joules(activity) / work
        if joules > self._marks[-1][1] and work > self._marks[-1][0]:
            self._mark(work, joules)
        elif work > self._work:
            self._still += 1
        self._work = work

    def joules(self, activity: Activity) -> float:
        """Return what was used up to now: what the meter said when it last moved, and what was done since."""
        if not self.is_known:
            return self._rates.joules(activity)
        work, joules = self._marks[-1]
        return joules + (self._rates.work(activity.flops, activity.bytes_read) - work) * self._ratio()

    def price(self, flops: float, bytes_read: float) -> float:
        """Predict the joules of work to come."""
        return self._rates.work(flops, bytes_read) * self._ratio()

    def _mark(self, work: float, joules: float) -> None:
        if self._still:  # it moved some time between two looks
            work = (self._work + work) / 2
            if not self.is_known:
                self._marks.clear()  # what was read at the start may have been as old as a step of the meter is long
        elif len(self._marks) == SETTLED and not self._marks[0][0]:
            self._marks.popleft()  # its stretch holds what came before the work: making caches, reading the problem
        self._marks.append((work, joules))
        self._still = 0
        self.is_known = True

    def _ratio(self) -> float:
        """Return the joules read per joule that the rates make of the work, over the window."""
        (work, joules), (first_work, first_joules) = self._marks[-1], self._marks[0]
        if work > first_work:
            return (joules - first_joules) / (work - first_work)
        if work > 0:  # one movement alone: its stretch may have begun before the work did
            return (joules / work + self._by_rates) / 2
        return self._by_rates
