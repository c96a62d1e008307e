"""The progress line: throttled, as wide as the terminal, and gone in the end."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest

from edge_solver.cli.progress import Progress
from edge_solver.cli.status import cells
from edge_solver.core.budget import Budget
from edge_solver.core.events import Leading, Pulsed, Started
from edge_solver.core.solution import Energy, ModelUsed, Spent, StrategyUsed

SPENT = Spent(900, 800, 100, 700, 250, 260, 20, 1.5, Energy(4.0, "counter", "cpu"))
STRATEGY = StrategyUsed("rebase", 4, "weighted", "last", "exact", 0.1, 1.0)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def started(budget: Budget) -> Started:
    return Started("2+2", 3, STRATEGY, budget, ModelUsed("policy", ""), None, 0)


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setenv("COLUMNS", "90")
    return Utf8()


class Utf8(io.StringIO):
    encoding = "utf-8"


class Ascii(io.StringIO):
    encoding = "ascii"


def test_the_line_shows_spend_gauges_the_best_answer_and_live_branches(stream: io.StringIO) -> None:
    progress = Progress(stream, colour=False)
    progress(started(Budget(tokens=500)))
    progress(Leading("x = 4", 0.8, 3))
    progress(Pulsed(7, SPENT))
    line = "\r250 tokens · 900 FLOP · 1.5 s · tokens ▰▰▰▱▱▱ 50% · best x = 4 (80%) · 7 live · 4 J\x1b[K"
    assert stream.getvalue() == line


def test_it_is_drawn_ten_times_a_second_at_most(stream: io.StringIO) -> None:
    clock = Clock()
    progress = Progress(stream, colour=False, clock=clock)
    progress(started(Budget()))
    for call in range(1000):
        clock.now = call / 1000
        progress(Pulsed(7, SPENT))
    assert 9 <= stream.getvalue().count("\r") <= 11


def test_a_plain_terminal_gets_plain_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    stream = Ascii()
    progress = Progress(stream, colour=False)
    progress(started(Budget(tokens=500)))
    progress(Pulsed(7, SPENT))
    assert stream.getvalue().isascii()
    assert "###---" in stream.getvalue()


@pytest.mark.parametrize("columns", [1, 2, 10, 33, 60])
def test_the_line_fits(columns: int, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    progress = Progress(stream, colour=False)
    progress(started(Budget(tokens=500)))
    progress(Leading("答" * 50, 0.8, 3))
    progress(Pulsed(7, SPENT))
    assert cells(stream.getvalue().removeprefix("\r").removesuffix("\x1b[K")) < columns


def test_after_the_end_nothing_is_drawn(stream: io.StringIO) -> None:
    progress = Progress(stream, colour=False)
    progress.note("loading")
    progress.clear()
    progress.stopping()
    progress(Pulsed(7, SPENT))
    assert stream.getvalue() == "\rloading\x1b[K\r\x1b[K"


def test_a_cap_that_runs_out_turns_red(stream: io.StringIO) -> None:
    progress = Progress(stream, colour=True)
    progress(started(Budget(tokens=260)))
    progress(Pulsed(7, SPENT))
    assert "\x1b[31mtokens ▰▰▰▰▰▱ 96%" in stream.getvalue().replace(" · ", "")
