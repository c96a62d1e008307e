"""The energy of a whole run: its windows one by one, what idling took, and what may be said of all of them.

Pure. Gross and net stand side by side; net is left out where the idle watts came from another source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from edge_solver.bench.device import measure
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.measure import Window
from edge_solver.core.events import plain
from edge_solver.core.meter import EnergyLabel
from edge_solver.energy.wall import SCOPE as WALL


@dataclass
class Windows:
    """Collects windows while they are measured."""

    _windows: list[Window] = field(default_factory=list, init=False)

    def keep(self, window: Window) -> None:
        """Keep a window."""
        self._windows.append(window)

    def keep_of(self, result: Any, window: Window | None) -> Document:  # noqa: ANN401 - one of the results, a dataclass
        """Keep a result's window, where it has one, and return the rest of the result as JSON data."""
        if window is not None:
            self.keep(window)
        document: Document = plain(result)
        del document["window"]
        return document

    @property
    def is_mixed(self) -> bool:
        """Whether windows of work differ in label or scope."""
        return len({(window.label, window.scope) for window in self._windows if window.what != "idle"}) > 1

    def section(self) -> Document:
        """Return what a result says of energy."""
        idle = next((window for window in self._windows if window.what == "idle"), None)
        watts = None
        if idle is not None and idle.joules is not None and idle.seconds > 0:
            watts = idle.joules / idle.seconds
        # What another source than that of the idle watts shows holds another idle power.
        windows = [
            replace(window, net_joules=measure.net(window, watts))
            if idle is not None and (window.label, window.scope) == (idle.label, idle.scope)
            else window
            for window in self._windows
        ]
        used = [window for window in windows if window.what != "idle"]
        return {
            "idle_watts": watts,
            "windows": [plain(window) | {"joules_per_unit": window.per_unit} for window in windows],
            "prompt_joules_per_token": _first(windows, "prompt of"),
            "decode_joules_per_token": _first(windows, "decode on"),
            "prm_joules_per_call": _first(windows, "reward model"),
            "label": used[0].label if used else None,
            "scope": used[0].scope if used else None,
            "error": used[0].error if used else None,
        }


def seen_at_the_wall(window: Window, before: float | None, after: float | None) -> Window | None:
    """Return the window with what a person read off a meter at its ends; ``None`` where that makes no sense."""
    if before is None or after is None or after <= before:
        return None
    return replace(window, joules=after - before, label=EnergyLabel.MEASURED_WALL.value, scope=WALL, error=None)


def _first(windows: Sequence[Window], beginning: str) -> float | None:
    return next((window.per_unit for window in windows if window.what.startswith(beginning)), None)
