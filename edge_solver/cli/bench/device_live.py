"""What is shown while a device is measured: the stage and about how long it still takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO, final

from edge_solver.cli import output
from edge_solver.cli.status import Segment, StatusLine
from edge_solver.errors import UsageError
from edge_solver.quantities import Kind, show

INTERVAL = 0.2
"""Seconds between two drawings on a terminal."""


@final
class Live:
    """Shows how a benchmark goes on: one line on a terminal, a line per stage anywhere else."""

    def __init__(self, stream: TextIO | None, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Show on ``stream``, a terminal, or on standard error."""
        self._line = StatusLine(stream, colour=False) if stream is not None else None
        self._quiet, self._clock = quiet, clock
        self._text = ""
        self._end: float | None = None
        self._drawn = -INTERVAL
        self._stopping = False

    def stage(self, name: str, number: int, total: int, left: float | None) -> None:
        """Show a new stage."""
        self._text = f"{number}/{total} {name}" if total else name
        self._end = None if left is None else self._clock() + left
        if self._line is not None:
            self._draw()
        elif not self._quiet and not self._stopping:
            rest = "" if left is None else f" (about {show(max(left, 1.0), Kind.SECONDS)} left)"
            output.say(f"{self._text}{rest}")

    def making(self, done: int, total: int) -> None:
        """Show how far the writing of a model is."""
        if self._line is not None:
            self._text = f"making the model: {done / max(1, total):.0%} of {show(total, Kind.BYTES)}"
            self.beat()
        elif not self._quiet and done == 0:
            output.say(f"making the model, {show(total, Kind.BYTES)}; it is kept for the next time")

    def beat(self) -> None:
        """Draw when it is time."""
        if self._line is not None and self._clock() - self._drawn >= INTERVAL:
            self._draw()

    def stopping(self) -> None:
        """Say that the end was asked for; safe from another thread."""
        self._stopping = True
        if self._line is not None:
            self._line.draw([("stopping; Ctrl-C again ends at once", None)])
        elif not self._quiet:
            output.say("stopping; Ctrl-C again ends at once")

    def ask(self, question: str, read: Callable[[str], float]) -> float | None:
        """Ask for a number until there is one; ``None`` where nothing is typed, or nobody can."""
        if self._line is not None:
            self._line.clear()
        while True:
            output.say(question)
            typed = sys.stdin.readline().strip()
            if not typed:
                return None
            try:
                return read(typed)
            except UsageError as error:
                output.say(f"error: {error}")

    def clear(self) -> None:
        """Take the line away, for good."""
        if self._line is not None:
            self._line.clear()

    def _draw(self) -> None:
        if self._stopping or self._line is None:
            return
        self._drawn = self._clock()
        line: list[Segment] = [(self._text, None)]
        if self._end is not None:
            line.append((f"{show(max(1.0, self._end - self._drawn), Kind.SECONDS)} left", None))
        self._line.draw(line)
