"""A table in which Enter does something with the row under the cursor, and the line of keys says what."""

from __future__ import annotations

from textual.binding import Binding
from textual.widgets import DataTable


class RunTable(DataTable[str]):
    """Lists runs; Enter opens one."""

    BINDINGS = [Binding("enter", "select_cursor", "Open", id="history.open")]


class ModelTable(DataTable[str]):
    """Lists models; Enter takes one for this session."""

    BINDINGS = [Binding("enter", "select_cursor", "Use", id="models.use")]
