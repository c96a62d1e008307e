"""What is shown while a benchmark runs: one line on a terminal, a plain line now and then anywhere else.

Done and total, accuracy so far, time left, what was spent, how full the calls are. It listens to results and knows
nothing of how they come about.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO, final

from edge_solver.bench.line import Line
from edge_solver.bench.order import Order
from edge_solver.cli import output
from edge_solver.cli.status import Segment, StatusLine
from edge_solver.core.solution import Energy
from edge_solver.quantities import Kind, show
from edge_solver.wording import joules

INTERVAL = 0.2
"""Seconds between two drawings on a terminal."""
PLAIN_INTERVAL = 30.0
"""Seconds between two lines anywhere else."""


@final
class Live:
    """Shows how a run goes on."""

    def __init__(
        self,
        order: Order,
        stream: TextIO | None,
        *,
        colour: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to show a run: on ``stream``, a terminal, or in plain lines on standard error."""
        self._line = StatusLine(stream, colour=colour) if stream is not None else None
        self._clock = clock
        self._total = len(order.suite.problems) * len(order.arms)
        # How long a search takes goes about with its width.
        self._weights = {
            (arm.strategy, arm.width, arm.seed): group.search.width / len(group.arms)
            for group in order.groups
            for arm in group.arms
        }
        self._work = len(order.suite.problems) * sum(self._weights.values())
        self._done = 0
        self._worked = self._worked_before = 0.0
        self._right: dict[tuple[str, int], list[bool]] = {}
        self._flops, self._joules, self._label = 0.0, 0.0, ""
        self._calls = self._rows = self._room = 0
        self._started = self._drawn = clock()
        self._stopping = False

    def begin(self, lines: Sequence[Line]) -> None:
        """Take the results that were there before."""
        by_search: dict[tuple[object, ...], list[Line]] = {}
        for line in lines:
            source = line.get("shared") or {}
            width = source.get("width", line["width"])
            strategy = "samples" if source else line["strategy"]
            by_search.setdefault((line["id"], line["seed"], strategy, width), []).append(line)
        for together in by_search.values():
            self._count(together)
        self._worked_before = self._worked
        self._started = self._clock()
        if lines:
            self._say(f"going on: {self._done} of {self._total} results are there")

    def noted(self, note: str) -> None:
        """Pass on what a user should know of the models."""
        self.clear()  # a note stays; the next drawing begins a new line
        output.say(f"note: {note}")

    def finished(self, lines: Sequence[Line]) -> None:
        """Take the results of one problem."""
        self._count(lines)
        self.beat()

    def beat(self) -> None:
        """Draw when it is time."""
        now = self._clock()
        if self._stopping or now - self._drawn < (INTERVAL if self._line else PLAIN_INTERVAL):
            return
        self._drawn = now
        if self._line is not None:
            self._line.draw(self.segments())
        elif self._done:
            output.say(", ".join(text for text, _ in self.segments()))

    def stopping(self) -> None:
        """Say that the end was asked for; safe from another thread."""
        self._stopping = True
        self._say("stopping; Ctrl-C again ends at once")

    def clear(self) -> None:
        """Take the line away, for good."""
        if self._line is not None:
            self._line.clear()

    def segments(self) -> list[Segment]:
        """Return what there is to say, the most wanted first."""
        line: list[Segment] = [(f"{self._done}/{self._total}", None)]
        left = self._seconds_left()
        if left is not None:
            line.append((f"{show(left, Kind.SECONDS)} left", None))
        line += [(f"{name} {sum(right) / len(right):.0%}", "green") for name, right in self._widest()]
        line.append((show(self._flops, Kind.FLOPS), None))
        if self._label:
            line.append((joules(Energy(self._joules, self._label, "")), None))
        if self._room:
            line.append((f"calls {self._rows / self._room:.0%} full", None))
        return line

    def _say(self, text: str) -> None:
        if self._line is not None:
            self._line.draw([(text, None)])
        else:
            output.say(text)

    def _widest(self) -> Iterable[tuple[str, list[bool]]]:
        """Return every strategy's results at its largest width so far."""
        widest: dict[str, tuple[int, list[bool]]] = {}
        for (strategy, width), right in self._right.items():
            if strategy not in widest or width > widest[strategy][0]:
                widest[strategy] = width, right
        return [(f"{strategy}@{width}", right) for strategy, (width, right) in widest.items()]

    def _seconds_left(self) -> float | None:
        here = self._worked - self._worked_before
        seconds = self._clock() - self._started
        return (self._work - self._worked) * seconds / here if here > 0 and self._work > self._worked else None

    def _count(self, lines: Sequence[Line]) -> None:
        """Count the results of one search."""
        for line in lines:
            self._done += 1
            self._worked += self._weights.get((line["strategy"], line["width"], line["seed"]), 0.0)
            self._right.setdefault((line["strategy"], line["width"]), []).append(line["correct"])
        if not lines:
            return
        sources = [line["shared"]["spent"] for line in lines if line["shared"]]
        spent = sources[0] if sources else lines[0]["spent"]
        self._flops += spent["flops"]
        if spent["joules"]["value"] is not None:
            self._joules, self._label = self._joules + spent["joules"]["value"], spent["joules"]["label"]
        load = lines[0]["load"]
        if load:
            self._calls += load["calls"]
            self._rows += load["rows"]
            self._room += load["calls"] * load["full"]
