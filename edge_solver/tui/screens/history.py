"""Saved runs: find one, and see it again as it was, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import DataTable, Input, Static

from edge_solver.core.budget import Budget
from edge_solver.core.events import Billed, Event
from edge_solver.errors import EdgeSolverError
from edge_solver.quantities import Kind, show
from edge_solver.tui.engine import Run
from edge_solver.tui.screens.sheets import Picker, TextSheet
from edge_solver.tui.shelf import RunStore, SavedRun
from edge_solver.tui.steps import fitted, inline
from edge_solver.tui.widgets.bars import Keys, TopBar
from edge_solver.tui.widgets.reading import full_text
from edge_solver.tui.widgets.run import RunView
from edge_solver.tui.widgets.table import RunTable
from edge_solver.tui.widgets.tree import TreeView
from edge_solver.wording import joules

TICK_SECONDS = 0.1
SPEEDS = (1.0, 2.0, 5.0, 20.0)
_NARROW = 70
_WIDE = 100
FORMATS = (
    (".md", "Markdown: answer, bill and the best solution, to read"),
    (".json", "JSON: all events, to compute with"),
    (".svg", "a picture of the tree"),
)


class HistoryScreen(Screen[None]):
    """Lists runs, and replays one."""

    BINDINGS = [
        Binding("escape", "back", "Back", id="history.back"),
        Binding("slash", "find", "Search", id="history.find"),
        Binding("r", "replay", "Replay", id="history.replay"),
        Binding("s", "speed", "Faster", id="history.speed"),
        Binding("w", "export", "Write file", id="history.export"),
    ]

    def __init__(self, store: RunStore | None) -> None:
        """List the runs of a store."""
        super().__init__()
        self._store = store
        self._runs: Sequence[SavedRun] = ()
        self._open: SavedRun | None = None
        self._coming: Iterator[Event] | None = None
        self._clock = self._told_seconds = 0.0
        self._speed = SPEEDS[0]
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield TopBar()
        with Vertical(classes="page"):
            yield Input(placeholder="search in problems and answers", id="find", compact=True)
            yield RunTable(cursor_type="row", id="list")
            yield Static("", classes="words", markup=False)
            yield Static("", id="asked", markup=False)
            with Horizontal(id="replay"):
                yield RunView(id="old")
        yield Keys()

    def on_mount(self) -> None:
        """Show the latest runs."""
        self.query_one("#replay").display = self.query_one("#asked").display = False
        self.query_one(RunTable).focus()

    def on_screen_resume(self) -> None:
        """List what was saved meanwhile."""
        self._list(self.query_one("#find", Input).value)

    def on_resize(self) -> None:
        """Give the columns their share of another width."""
        self._list(self.query_one("#find", Input).value)

    def on_input_changed(self, message: Input.Changed) -> None:
        """List what fits."""
        self._list(message.value)

    def on_input_submitted(self) -> None:
        """Go to the list."""
        self.query_one(RunTable).focus()

    def _list(self, text: str) -> None:
        words = self.query_one(".words", Static)
        if self._store is None:
            words.update("Runs are not kept in this session.")
            return
        try:
            self._runs = self._store.search(text)
        except EdgeSolverError as error:
            words.update(str(error))
            return
        table = self.query_one(RunTable)
        at = table.cursor_row
        table.clear(columns=True)
        for name, width in _columns(self.size.width).items():
            table.add_column(name, width=width)
        when = "%d %b" if self.size.width < _NARROW else "%d %b %H:%M"
        for run in self._runs:
            bill = "—" if run.spent is None else f"{show(run.spent.seconds, Kind.SECONDS)}, {joules(run.spent.joules)}"
            row = (
                f"{run.when.astimezone():{when}}",
                inline(run.answer or "—"),
                inline(run.problem),
                run.strategy,
                bill.removesuffix(" (uncalibrated)"),
            )
            table.add_row(
                *(fitted(cell, column.width) for cell, column in zip(row, table.ordered_columns, strict=False))
            )
        table.move_cursor(row=at)
        words.update("" if self._runs else "Nothing was found." if text else "No run has been saved yet.")

    # --- one run ---

    def on_data_table_row_selected(self, message: DataTable.RowSelected) -> None:
        """Open a run as it ended."""
        self._begin(self._runs[message.cursor_row])
        self._hear(self._coming or ())

    def _begin(self, run: SavedRun) -> None:
        assert self._store is not None
        self._stop()
        self._open = run
        try:
            self._coming = iter(list(self._store.load(run.id)))
        except EdgeSolverError as error:
            self.query_one(".words", Static).update(str(error))
            self._coming = None
            return
        self.query_one("#list").display = self.query_one("#find").display = False
        self.query_one(".words", Static).display = False
        self.query_one("#replay").display = self.query_one("#asked").display = True
        self.query_one("#asked", Static).update(inline(run.problem))
        view = self.query_one(RunView)
        view.begin(Run(run.problem, self.app.settings), Budget())  # type: ignore[attr-defined]  # our own app
        view.view.focus()

    def _hear(self, events: Iterator[Event] | Sequence[Event]) -> None:
        self.query_one(RunView).hear(events)

    def action_replay(self) -> None:
        """Play the run again, as it was."""
        if self._open is not None:
            self._begin(self._open)
            self._clock = self._told_seconds = 0.0
            self._timer = self.set_interval(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        """Let the events of a little time come: a bill says when it was sent, and what stands before it came before."""
        self._clock += TICK_SECONDS * self._speed
        while self._coming is not None and self._told_seconds <= self._clock:
            events: list[Event] = []
            for event in self._coming:
                events.append(event)
                if isinstance(event, Billed):
                    self._told_seconds = event.spent.seconds
                    break
            else:
                self._stop()
            self._hear(events)

    def _stop(self) -> None:
        self._coming = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def action_speed(self) -> None:
        """Replay faster; after the fastest comes the first again."""
        self._speed = SPEEDS[(SPEEDS.index(self._speed) + 1) % len(SPEEDS)]
        self.notify(f"replay at {self._speed:g} times the speed", timeout=2)

    def action_export(self) -> None:
        """Write the run that is open or chosen in the list to a file; ask for its format."""
        self.app.push_screen(Picker("write this run as …", FORMATS), self._export)

    def _export(self, ending: str | None) -> None:
        run = self._chosen
        if ending is None or run is None or self._store is None:
            return
        try:
            file = self._store.export(run.id, ending)
        except (EdgeSolverError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"written to {file}", markup=False)

    @property
    def _chosen(self) -> SavedRun | None:
        """The run that is open, or else the one under the cursor of the list."""
        row = self.query_one(RunTable).cursor_row
        return self._open or (self._runs[row] if 0 <= row < len(self._runs) else None)

    def action_find(self) -> None:
        """Type what to look for."""
        self.action_close()
        self.query_one("#find").focus()

    def action_close(self) -> None:
        """Go back to the list."""
        self._stop()
        self._open = None
        self.query_one("#list").display = self.query_one("#find").display = True
        self.query_one(".words", Static).display = True
        self.query_one("#replay").display = self.query_one("#asked").display = False

    def action_back(self) -> None:
        """Go back to the list, and from there to the first screen."""
        if self._open is not None:
            self.action_close()
            self.query_one(RunTable).focus()
        else:
            self.app.switch_mode("solve")

    def on_tree_view_opened(self, message: TreeView.Opened) -> None:
        """Show a step over the screen."""
        growth = message.view.growth
        self.app.push_screen(TextSheet("step", full_text(growth, message.step, dark=self.app.current_theme.dark)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        del parameters
        if action == "find":
            return not isinstance(self.focused, Input)
        if action == "export":
            return self.is_mounted and self._chosen is not None
        return self._open is not None if action in {"replay", "speed"} else True


def _columns(width: int) -> dict[str, int]:
    """Return the columns that a screen has room for; the problem takes what the others leave."""
    columns = {"when": 6 if width < _NARROW else 12, "answer": 7 if width < _WIDE else 14, "problem": 0}
    if width >= _NARROW:
        columns["strategy"] = 13
    if width >= _WIDE:
        columns["spent"] = 18
    beside = sum(columns.values()) + 2 * len(columns) + 3  # a table puts a blank on both sides of a cell
    return {**columns, "problem": max(10, width - beside)}
