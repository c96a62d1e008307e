"""This device: what measures its energy, how fast it is, what past benchmarks found, and what they advise."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, Static

from edge_solver.config import Settings
from edge_solver.core.budget import Cap
from edge_solver.energy import survey
from edge_solver.energy.choose import Finding
from edge_solver.errors import EdgeSolverError, QuantityError
from edge_solver.quantities import Kind, show
from edge_solver.tui.caps import read_caps
from edge_solver.tui.crash import report
from edge_solver.tui.engine import Engine
from edge_solver.tui.messages import Advised, BenchEnded, Found, Measuring
from edge_solver.tui.shelf import Bench, Measured, Results, ResultSet
from edge_solver.tui.widgets.bars import Keys, TopBar

_ROWS, _COLUMNS = 9, 52
_OFFER = "Ctrl+R measures this device: speed, energy and right answers, for about three minutes; Esc stops it."
_NAME = 12
_COSTS = {Cap.JOULES: "joules", Cap.FLOPS: "flops", Cap.SECONDS: "seconds"}


class DeviceScreen(Screen[None]):
    """Shows meters and results, and asks for advice."""

    BINDINGS = [
        Binding("escape", "back", "Back", id="device.back"),
        Binding("ctrl+r", "measure", "Measure", id="device.measure"),
    ]

    def __init__(
        self, results: Results | None, bench: Bench | None, engine: Engine, settings: Callable[[], Settings]
    ) -> None:
        """Show results, and measure under the settings of the moment, unless the engine is at work.

        Without results or a benchmark it shows the meters alone.
        """
        super().__init__()
        self._results, self._bench = results, bench
        self._engine, self._settings = engine, settings
        self._measuring = False
        self._enough = threading.Event()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield TopBar()
        with VerticalScroll(classes="page"):
            yield Static("asking the meters …", id="meter", markup=False)
            yield Input(placeholder="a budget, for advice: 20J, 2e10, 5s", id="budget", compact=True)
            yield Static("", id="advice", classes="words", markup=False)
            yield Static(_OFFER if self._bench else "", id="bench", classes="words", markup=False)
            yield Static("reading results …", id="results", classes="words", markup=False)
            yield Static("", id="meters", classes="words", markup=False)
        yield Keys()

    def _put(self, place: str, content: RenderableType) -> None:
        """Show something; what a thread finds while the app is left comes when the screen has no widgets any more."""
        for shown in self.query(f"#{place}").results(Static):
            shown.update(content)

    def _advise(self, words: str) -> None:
        self._put("advice", words)
        self.query("#advice").set(display=bool(words))

    def on_mount(self) -> None:
        """Begin where one types."""
        self._advise("")
        self.query_one(Input).focus()

    def on_screen_resume(self) -> None:
        """Look around; more may have been measured meanwhile."""
        self._look()

    # --- the benchmark ---

    def action_measure(self) -> None:
        """Measure this device; again, ask for the end."""
        if self._measuring:
            self._end()
            return
        if self._bench is None:
            self.notify("nothing is measured in this session")
            return
        if self._engine.current is not None:
            self.notify("a search is running: stop it first, it would be measured too", severity="warning")
            return
        self._measuring = True
        self._enough.clear()
        # No worker of Textual's: leaving the app would wait for it.
        threading.Thread(target=self._measure, args=(self._bench, self._settings()), name="bench", daemon=True).start()
        self._show_bench(Measured("looking at this machine"))
        self.query_one("#bench").scroll_visible(animate=False)

    def _measure(self, bench: Bench, settings: Settings) -> None:
        try:
            lines = bench.run(settings, lambda found: self.post_message(Measuring(found)), self._enough.is_set)
        except EdgeSolverError as error:
            lines = [str(error)]
        except Exception as error:  # noqa: BLE001 - the last net of this thread: the app goes on
            lines = [f"the benchmark broke off: this is a bug; the details are in {report(error)}"]
        self.post_message(BenchEnded(lines))

    def on_measuring(self, message: Measuring) -> None:
        """Draw what was measured; seldom, for drawing is measured as well."""
        if not self._enough.is_set():
            self._show_bench(message.found)

    def on_bench_ended(self, message: BenchEnded) -> None:
        """Show the result."""
        self._measuring = False
        self._put("bench", "\n".join(message.lines))
        for bench in self.query("#bench"):
            self.call_after_refresh(bench.scroll_visible, animate=False)

    def _show_bench(self, found: Measured) -> None:
        self._put("bench", bench_text(found, self.size.width - 6))

    def _end(self) -> None:
        self._enough.set()
        self._put("bench", "stopping after this call …")

    def action_back(self) -> None:
        """Stop the benchmark, or go to the first screen."""
        if self._measuring and not self._enough.is_set():
            self._end()
        else:
            self.app.switch_mode("solve")

    # --- meters, results and advice ---

    @work(thread=True, exclusive=True, group="look")
    def _look(self) -> None:
        findings = survey()
        self.post_message(Found("meter", chosen_text(findings)))
        self.post_message(Found("meters", meters_text(findings)))
        try:
            sets = self._results.sets() if self._results is not None else ()
            found = (
                plots_text(sets) if sets else Text("No results of benchmarks here yet: edge-solver bench solve", "dim")
            )
        except EdgeSolverError as error:
            found = Text(str(error))
        self.post_message(Found("results", found))

    def on_found(self, message: Found) -> None:
        """Show it."""
        self._put(message.place, message.found)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Ask for advice."""
        try:
            budget = read_caps(message.value)
        except QuantityError as error:
            self._advise(str(error))
            return
        cap = next((cap for cap in budget.caps if cap in _COSTS), None)
        if cap is None or self._results is None:
            self._advise("write joules, FLOPs or seconds, such as 20J" if cap is None else "there are no results")
            return
        self._advise("looking through the results …")
        self._ask(_COSTS[cap], budget.of(cap) or 0.0)

    @work(thread=True, exclusive=True)
    def _ask(self, cost: str, budget: float) -> None:
        assert self._results is not None
        try:
            words = self._results.advise(cost, budget)
        except EdgeSolverError as error:
            words = str(error)
        self.post_message(Advised(words))

    def on_advised(self, message: Advised) -> None:
        """Show the advice."""
        self._advise(message.words)


def chosen_text(findings: tuple[Finding, ...]) -> Text:
    """Say which meter measures here."""
    text = Text().append("Energy: ", "bold")
    chosen = next((finding for finding in findings if finding.chosen), None)
    if chosen is None:
        return text.append("no meter works here")
    text.append(f"● {chosen.meter}", "green").append(f" {chosen.label.value}")
    return text.append(f", {chosen.scope}" if chosen.scope else "", "dim")


def meters_text(findings: tuple[Finding, ...]) -> RenderableType:
    """Say which meters work here, and what would make others work."""
    rows: list[RenderableType] = [Text("Meters", "bold")]
    for finding in sorted(findings, key=lambda one: (not one.chosen, not one.works)):
        mark, style = ("●", "green") if finding.chosen else ("○", "") if finding.works else ("·", "dim")
        text = Text().append(f"{mark} {finding.meter:<10}", style)
        text.append(f" {finding.label.value}", "" if finding.works else "dim")
        rows.append(Padding(text.append(f"  {finding.scope}" if finding.scope else "", "dim"), (0, 0, 0, 2)))
        rows += [
            Padding(Text(words, style), (0, 0, 0, 6))
            for words, style in ((finding.reason, "dim"), (finding.remedy, "italic"))
            if words
        ]
    return Group(*rows)


def bench_text(found: Measured, width: int) -> Text:
    """Write where a benchmark is, and draw the speeds that it has found."""
    head = f"{found.number}/{found.total} {found.stage}" if found.total else found.stage
    text = Text().append("Measuring ", "bold").append(head)
    if found.seconds_left is not None:
        text.append(f" · about {show(max(1.0, found.seconds_left), Kind.SECONDS)} left", "dim")
    most = max((speed for _, speed in found.speeds), default=0.0)
    room = max(4, width - _NAME - 16)
    for name, speed in found.speeds:
        bar = "━" * max(1, round(room * speed / most)) if most > 0 else ""
        text.append(f"\n{name:<{_NAME}} ", "dim").append(f"{bar:<{room}}", "green").append(f" {speed:>8,.0f} tok/s")
    return text.append("\nEsc stops it and keeps what is known", "dim")


def plots_text(sets: Sequence[ResultSet]) -> Text:
    """Plot accuracy against FLOPs, a folder of results after the other."""
    text = Text()
    for one in sets:
        text.append_text(_plot(one))
    return text


def _plot(found: ResultSet) -> Text:
    """Plot one folder: costs grow to the right on a logarithmic scale, accuracy upwards in its own range."""
    points = sorted(found.points, key=lambda point: point.flops)
    text = Text().append(found.suite, "bold").append(f"  {found.folder}\n", "dim")
    if found.fault:
        return text.append(f"  {found.fault}\n")
    if not points:
        return text
    low, high = math.log(points[0].flops), math.log(points[-1].flops)
    bottom, top = _range([point.accuracy for point in points])
    grid = [[" "] * _COLUMNS for _ in range(_ROWS)]
    for point in points:
        x = round((math.log(point.flops) - low) / (high - low) * (_COLUMNS - 1)) if high > low else 0
        y = round((top - point.accuracy) / (top - bottom) * (_ROWS - 1))
        if grid[y][x] != "●":
            grid[y][x] = "●" if point.leads else "·"
    for number, row in enumerate(grid):
        label = f"{top - (top - bottom) * number / (_ROWS - 1):>5.0%} "
        text.append(label if number % 4 == 0 else " " * 6, "dim").append("│", "dim")
        text.append("".join(row) + "\n")
    text.append(" " * 6 + "└" + "─" * _COLUMNS + "\n", "dim")
    left, right = show(points[0].flops, Kind.FLOPS), show(points[-1].flops, Kind.FLOPS)
    text.append(f"       {left}{right:>{_COLUMNS - len(left)}}\n", "dim")
    for point in points:
        if point.leads:
            text.append(f"       ● {point.name}: {point.accuracy:.1%} for {show(point.flops, Kind.FLOPS)}\n")
    return text


def _range(shares: Sequence[float]) -> tuple[float, float]:
    """Return the tens of per cent that hold all shares: strategies differ by a few, which a scale from 0 would hide."""
    bottom, top = math.floor(min(shares) * 10), math.ceil(max(shares) * 10)
    return bottom / 10, max(top, bottom + 1) / 10
