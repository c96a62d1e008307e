"""This device: what measures its energy, what past benchmarks found, and what they advise under a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, Static

from edge_solver.core.budget import Cap
from edge_solver.energy import survey
from edge_solver.energy.choose import Finding
from edge_solver.errors import EdgeSolverError, QuantityError
from edge_solver.quantities import Kind, show
from edge_solver.tui.caps import read_caps
from edge_solver.tui.shelf import Results, ResultSet
from edge_solver.tui.widgets.bars import Keys, TopBar

_ROWS, _COLUMNS = 9, 52
_COSTS = {Cap.JOULES: "joules", Cap.FLOPS: "flops", Cap.SECONDS: "seconds"}


class DeviceScreen(Screen[None]):
    """Shows meters and results, and asks for advice."""

    BINDINGS = [
        Binding("escape", "app.go('solve')", "Back", id="device.back"),
    ]

    def __init__(self, results: Results | None) -> None:
        """Show results; without them the meters alone."""
        super().__init__()
        self._results = results

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield TopBar()
        with VerticalScroll(classes="page"):
            yield Static("asking the meters …", id="meters", classes="words", markup=False)
            yield Input(placeholder="advice for a budget: 20J, 2e10 or 5s — Enter", id="budget", compact=True)
            yield Static("", id="advice", classes="words", markup=False)
            yield Static("reading results …", id="results", classes="words", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        """Look around."""
        self.query_one(Input).focus()
        self._look()

    @work(thread=True)
    def _look(self) -> None:
        findings = survey()
        self.app.call_from_thread(self.query_one("#meters", Static).update, meters_text(findings))
        try:
            sets = self._results.sets() if self._results is not None else ()
            found = (
                plots_text(sets) if sets else Text("No results of benchmarks here yet: edge-solver bench solve", "dim")
            )
        except EdgeSolverError as error:
            found = Text(str(error))
        self.app.call_from_thread(self.query_one("#results", Static).update, found)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Ask for advice."""
        advice = self.query_one("#advice", Static)
        try:
            budget = read_caps(message.value)
        except QuantityError as error:
            advice.update(str(error))
            return
        cap = next((cap for cap in budget.caps if cap in _COSTS), None)
        if cap is None or self._results is None:
            advice.update("write joules, FLOPs or seconds, such as 20J" if cap is None else "there are no results")
            return
        advice.update("looking through the results …")
        self._ask(_COSTS[cap], budget.of(cap) or 0.0)

    @work(thread=True, exclusive=True)
    def _ask(self, cost: str, budget: float) -> None:
        assert self._results is not None
        try:
            words = self._results.advise(cost, budget)
        except EdgeSolverError as error:
            words = str(error)
        self.app.call_from_thread(partial(self.query_one("#advice", Static).update, words))


def meters_text(findings: tuple[Finding, ...]) -> Text:
    """Say which meters work here, and what would make others work."""
    text = Text().append("Energy is measured by\n", "bold")
    for finding in sorted(findings, key=lambda one: (not one.chosen, not one.works)):
        mark, style = ("●", "green") if finding.chosen else ("○", "") if finding.works else ("·", "dim")
        text.append(f"  {mark} {finding.meter:<9}", style)
        text.append(f" {finding.label.value}", "" if finding.works else "dim")
        text.append(f"  {finding.scope}\n" if finding.scope else "\n", "dim")
        if finding.reason:
            text.append(f"      {finding.reason}\n", "dim")
        if finding.remedy:
            text.append(f"      {finding.remedy}\n", "italic")
    return text


def plots_text(sets: Sequence[ResultSet]) -> Text:
    """Plot accuracy against FLOPs, a folder of results after the other."""
    text = Text()
    for one in sets:
        text.append_text(_plot(one))
    return text


def _plot(found: ResultSet) -> Text:
    """Plot one folder: costs grow to the right on a logarithmic scale, accuracy upwards."""
    points = sorted(found.points, key=lambda point: point.flops)
    text = Text().append(found.suite, "bold").append(f"  {found.folder}\n", "dim")
    if not points:
        return text
    low, high = math.log(points[0].flops), math.log(points[-1].flops)
    most = max(point.accuracy for point in points) or 1.0
    grid = [[" "] * _COLUMNS for _ in range(_ROWS)]
    for point in points:
        x = round((math.log(point.flops) - low) / (high - low) * (_COLUMNS - 1)) if high > low else 0
        y = _ROWS - 1 - round(point.accuracy / most * (_ROWS - 1))
        if grid[y][x] != "●":
            grid[y][x] = "●" if point.leads else "·"
    for number, row in enumerate(grid):
        label = f"{most * (_ROWS - 1 - number) / (_ROWS - 1):>5.0%} "
        text.append(label if number % 4 == 0 else " " * 6, "dim").append("│", "dim")
        text.append("".join(row) + "\n")
    text.append(" " * 6 + "└" + "─" * _COLUMNS + "\n", "dim")
    left, right = show(points[0].flops, Kind.FLOPS), show(points[-1].flops, Kind.FLOPS)
    text.append(f"       {left}{right:>{_COLUMNS - len(left)}}\n", "dim")
    for point in points:
        if point.leads:
            text.append(f"       ● {point.name}: {point.accuracy:.1%} for {show(point.flops, Kind.FLOPS)}\n")
    return text
