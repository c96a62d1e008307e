"""The models known by name, and which of them this session uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import DataTable, Static

from edge_solver.catalog import ModelEntry, ModelKind, registry
from edge_solver.config import Settings
from edge_solver.errors import EdgeSolverError
from edge_solver.quantities import Kind, show
from edge_solver.tui.widgets.bars import Keys, TopBar

_KINDS = {ModelKind.POLICY: "policy", ModelKind.PRM: "reward model"}


class ModelsScreen(Screen[None]):
    """Lists models; Enter takes one for this session."""

    BINDINGS = [Binding("escape", "app.go('solve')", "Back", id="models.back")]

    def __init__(self, settings: Settings, use: Callable[[Settings], None]) -> None:
        """List the registry; ``use`` is told of a choice."""
        super().__init__()
        self._settings, self._use = settings, use
        self._entries: list[ModelEntry] = []

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield TopBar()
        with Vertical(classes="page"):
            yield DataTable(cursor_type="row")
            yield Static("", classes="words", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        """Fill the table."""
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns("", "name", "kind", "size", "licence")
        try:
            self._entries = list(registry().values())
        except EdgeSolverError as error:
            self.query_one(".words", Static).update(str(error))
        self._fill()
        table.focus()

    def _fill(self) -> None:
        table: DataTable[str] = self.query_one(DataTable)
        at = table.cursor_row
        table.clear()
        for entry in self._entries:
            size = show(entry.bytes, Kind.BYTES)
            table.add_row("●" if self._is_used(entry) else " ", entry.name, _KINDS[entry.kind], size, entry.licence)
        table.move_cursor(row=at)

    def _is_used(self, entry: ModelEntry) -> bool:
        engine = self._settings.engine
        wanted = engine.model if entry.kind is ModelKind.POLICY else engine.prm
        return wanted in (entry.name, *entry.aliases)

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Say more about a model."""
        if message.cursor_row < len(self._entries):
            entry = self._entries[message.cursor_row]
            lines = [entry.summary, f"sha256 {entry.sha256[:16]}…  ·  Enter uses it in this session"]
            if entry.parameters:
                lines.insert(1, f"{entry.parameters / 1e6:,.2f} M parameters, {entry.context} positions")
            self.query_one(".words", Static).update("\n".join(lines))

    def on_data_table_row_selected(self, message: DataTable.RowSelected) -> None:
        """Use a model from now on."""
        entry = self._entries[message.cursor_row]
        engine = self._settings.engine
        is_policy = entry.kind is ModelKind.POLICY
        engine = replace(engine, model=entry.name) if is_policy else replace(engine, prm=entry.name)
        self._settings = replace(self._settings, engine=engine)
        self._use(self._settings)
        self._fill()
        self.notify(f"{entry.name} is used from now on", markup=False)
