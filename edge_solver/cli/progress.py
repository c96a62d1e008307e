"""Live progress: one line on a terminal, redrawn in place about ten times a second while a search runs.

It listens to events, keeps only what the line shows, and is gone when the search is over. Whether there is a terminal
to draw on is decided by whoever makes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from edge_solver.cli.status import Segment, StatusLine, clip
from edge_solver.core.budget import Budget, Cap
from edge_solver.core.events import Billed, Event, Leading, Pulsed, Solved, Started
from edge_solver.core.solution import Spent
from edge_solver.quantities import Kind, show
from edge_solver.wording import clean, joules

INTERVAL = 0.1  # seconds between two drawings
GAUGE = 6  # cells
NEARLY, ALMOST = 0.6, 0.9
"""Shares of a cap from which its gauge turns yellow, and red."""
LONGEST_ANSWER = 24


class Progress:
    """Draws what a search is doing. Call it with every event, and ``clear`` at the end, whatever the end was."""

    def __init__(self, stream: TextIO, *, colour: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Draw on ``stream``, which must be a terminal."""
        self._line, self._clock = StatusLine(stream, colour=colour), clock
        self._budget = Budget()
        self._spent: Spent | None = None
        self._live = 0
        self._best: Leading | None = None
        self._drawn = -INTERVAL
        self._stopping = False

    def __call__(self, event: Event) -> None:
        """Take note of an event and redraw when it is time."""
        match event:
            case Started():
                self._budget = event.budget
            case Pulsed():
                self._spent, self._live = event.spent, event.live
            case Billed():
                self._spent = event.spent
            case Leading():
                self._best = event
            case Solved():
                self.clear()
                return
            case _:
                pass
        now = self._clock()
        if self._spent is not None and not self._stopping and now - self._drawn >= INTERVAL:
            self._drawn = now
            self._line.draw(self.segments(self._spent))

    def note(self, text: str) -> None:
        """Show a word of patience before there is anything to report."""
        self._line.draw([(text, None)])

    def stopping(self) -> None:
        """Say that the end was asked for; safe from another thread."""
        self._stopping = True
        self.note("stopping after this call; Ctrl-C again ends at once")

    def clear(self) -> None:
        """Take the line away, for good."""
        self._line.clear()

    def segments(self, spent: Spent) -> list[Segment]:
        """Return the line: spend, each cap's gauge, the best answer so far, branches being written."""
        line: list[Segment] = [(show(spent.tokens_generated, Kind.TOKENS), None)]
        if self._budget.flops is None:
            line.append((show(spent.flops, Kind.FLOPS), None))
        if self._budget.seconds is None:
            line.append((show(spent.seconds, Kind.SECONDS), None))
        line.extend(self._gauge(cap, _used(spent, cap), self._budget.of(cap) or 1.0) for cap in self._budget.caps)
        if self._best is None:
            line.append(("no answer yet", None))
        else:
            answer = clip(clean(self._best.answer), LONGEST_ANSWER)
            line.append((f"best {answer} ({self._best.confidence:.0%})", "green"))
        line.append((f"{self._live} live", None))
        if self._budget.joules is None and spent.joules.value is not None:
            line.append((joules(spent.joules), None))
        return line

    def _gauge(self, cap: Cap, used: float, limit: float) -> Segment:
        share = min(1.0, max(0.0, used / limit))
        full = int(share * GAUGE)
        bar = "▰" * full + "▱" * (GAUGE - full)
        colour = "red" if share >= ALMOST else "yellow" if share >= NEARLY else None
        return f"{cap.value} {bar} {share:.0%}", colour


def _used(spent: Spent, cap: Cap) -> float:
    match cap:
        case Cap.FLOPS:
            return spent.flops
        case Cap.JOULES:
            return spent.joules.value or 0.0
        case Cap.SECONDS:
            return spent.seconds
        case Cap.TOKENS:
            return spent.tokens_generated
