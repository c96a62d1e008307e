"""Saved runs: every search that was made here, kept in one SQLite database and found again.

``History`` is the store, ``Saver`` the listener that fills it while a search runs, ``export`` writes one run as
Markdown, JSON or a picture. A run is saved as the same lines that ``recording`` writes to files.
"""

from __future__ import annotations

from edge_solver.history.saver import Saver
from edge_solver.history.store import History, Run, State

__all__ = ["History", "Run", "Saver", "State"]
