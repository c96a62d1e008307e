"""The real thing: problems of the built-in suite under three caps, and what a right answer costs on this device.

The caps are in executed FLOPs, so that every device does the same work and finds the same answers; what differs is
time and energy. They are multiples of what one typical solution of the model costs. Problems are solved one after the
other, in the order of the suite; where time runs out the rest is left away, and the number that was solved is told.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_solver.bench import suites, summary
from edge_solver.bench.device.measure import Window, window_of
from edge_solver.bench.line import Line
from edge_solver.bench.order import Order
from edge_solver.bench.runner import Runner
from edge_solver.config import Settings
from edge_solver.core.cost import Shape, span_flops
from edge_solver.core.meter import Activity, Meter

SUITE = "builtin"
MULTIPLES = (1, 3, 8)
WIDTH = 16
_PROMPT = 64
"""Tokens of a typical problem."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one cap achieved; costs are this device's."""

    cap: str
    limit: float
    strategy: str
    width: int
    wanted: int
    """Problems that were to be solved."""
    n: int
    """Problems that were."""
    solved: int
    """Of them right."""
    refused: int
    """Of them too long for the model; they count as wrong."""
    accuracy: float | None
    ci95: tuple[float, float] | None
    """Wilson."""
    flops_per_problem: float | None
    seconds_per_problem: float | None
    joules_per_problem: float | None
    joules_per_correct: float | None
    correct_per_kilojoule: float | None
    label: str | None
    scope: str | None
    error: float | None = None
    """Of a calibrated estimate: how far off it may be, as a share."""
    window: Window | None = None
    """All of its energy; ``None`` where nothing was solved."""


def caps(policy: Shape, prm: Shape | None, solution_tokens: float) -> tuple[float, ...]:
    """Return the caps, each rounded to two digits.

    Args:
        policy: The policy's sizes.
        prm: The reward model's, where there is one.
        solution_tokens: Of a typical solution.
    """
    tokens = max(1, round(solution_tokens))
    one = span_flops(policy, 0, _PROMPT + tokens, tokens)
    one += span_flops(prm, 0, _PROMPT + tokens, 0) if prm else 0
    return tuple(_two_digits(multiple * one) for multiple in MULTIPLES)


def suite_facts(problems: int) -> dict[str, object]:
    """Return what a result says of the problems."""
    suite = suites.load(SUITE).first(problems)
    return {"name": suite.name, "sha256": suite.sha256, "n": len(suite.problems)}


def run(
    settings: Settings,
    limit: float,
    problems: int,
    *,
    strategy: str,
    meter: Meter,
    stop: Callable[[], bool],
    progress: Callable[[int], None] = lambda _done: None,
) -> Score:
    """Solve problems under one cap.

    Args:
        settings: Models and meter; strategy, width and cap are set here.
        limit: FLOPs for each problem.
        problems: How many, from the beginning of the suite.
        strategy: How to search.
        meter: Reads the energy of the whole run.
        stop: Asked often whether to end.
        progress: Told how many problems are done.

    Raises:
        EdgeSolverError: A model cannot be used.
    """
    suite = suites.load(SUITE).first(problems)
    capped = replace(settings, budget=replace(settings.budget, flops=limit))
    order = Order(suite, capped, (strategy,), (WIDTH,), (0,), in_flight=1)
    with tempfile.TemporaryDirectory(prefix="edge-solver-") as folder:
        runner = Runner(order, Path(folder))
        collected = _Collected(runner.cancel, stop, progress)
        begun, before = time.monotonic(), meter.read(Activity(0, 0.0))
        runner.run(collected)
        flops, seconds = sum(line["spent"]["flops"] for line in collected.lines), time.monotonic() - begun
        after = meter.read(Activity(flops, seconds))
    used = None if before.joules is None or after.joules is None else max(0.0, after.joules - before.joules)
    whole = window_of(window_name(limit), seconds, replace(after, joules=used), len(collected.lines), "problem")
    return score(collected.lines, limit, strategy, len(suite.problems), whole)


def window_name(limit: float) -> str:
    """Return what the energy of a cap's run is called."""
    return f"suite under {limit:.2g} FLOPs"


def score(lines: Sequence[Line], limit: float, strategy: str, wanted: int, whole: Window) -> Score:
    """Sum up the results of one cap.

    Args:
        lines: Results of the problems that were solved.
        limit: The cap in FLOPs.
        strategy: How they were searched for.
        wanted: Problems that were to be solved.
        whole: Energy of the whole run, which counts where a meter is too coarse for single problems.
    """
    head = ("flops", limit, strategy, WIDTH, wanted)
    if not lines:
        return Score(*head, 0, 0, 0, None, None, None, None, None, None, None, None, None)
    (row,) = summary.rows(lines)
    solved = sum(line["correct"] for line in lines)
    window = whole if row.joules_mean is None else _of_searches(row, whole.what)
    joules = window.joules
    return Score(
        *head,
        n=row.n,
        solved=solved,
        refused=sum(line["load"] is None for line in lines),
        accuracy=row.accuracy,
        ci95=row.ci95,
        flops_per_problem=row.flops_mean,
        seconds_per_problem=row.seconds_mean,
        joules_per_problem=None if joules is None else joules / row.n,
        joules_per_correct=joules / solved if joules is not None and solved else None,
        correct_per_kilojoule=1000 * solved / joules if joules else None,
        label=window.label,
        scope=window.scope,
        error=window.error,
        window=window,
    )


def _of_searches(row: summary.Row, what: str) -> Window:
    """Return the energy of single searches as one window: without the grading between them."""
    assert row.joules_mean is not None
    return Window(
        what, row.seconds_mean * row.n, row.joules_mean * row.n, row.joules_label, row.joules_scope,
        row.n, "problem", error=row.joules_error,
    )  # fmt: skip


class _Collected:
    """Keeps the results of a run, and ends it when it is time."""

    def __init__(self, cancel: Callable[[], None], stop: Callable[[], bool], progress: Callable[[int], None]) -> None:
        self._cancel, self._stop, self._progress = cancel, stop, progress
        self.lines: list[Line] = []

    def begin(self, lines: Sequence[Line]) -> None:
        self.lines.extend(lines)

    def noted(self, note: object) -> None:
        """Leave notes on the models aside: the session tells which they are."""

    def finished(self, lines: Sequence[Line]) -> None:
        self.lines.extend(lines)
        self.beat()

    def beat(self) -> None:
        self._progress(len(self.lines))
        if self._stop():
            self._cancel()


def _two_digits(value: float) -> float:
    grain = 10.0 ** (math.floor(math.log10(value)) - 1)
    return round(value / grain) * grain
