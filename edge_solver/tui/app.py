"""The app: its screens, its keys, and what happens when it ends, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from edge_solver.config import Settings
from edge_solver.errors import ExitCode
from edge_solver.tui import garbage
from edge_solver.tui.crash import report
from edge_solver.tui.engine import Engine, Record, no_record
from edge_solver.tui.hangup import when_gone
from edge_solver.tui.look import NIGHT, THEMES
from edge_solver.tui.screens.solve import SolveScreen
from edge_solver.tui.shelf import Bench, Results, RunStore
from edge_solver.tui.widgets.bars import MODES

PATIENCE_SECONDS = 2.0
"""How long leaving waits for the current call."""
HUNG_UP_SECONDS = 10.0
"""How long a search may take to end in good order once its terminal is gone."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the app is given beside the settings; all of it may be missing."""

    record: Record = no_record
    store: RunStore | None = None
    results: Results | None = None
    bench: Bench | None = None
    theme: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys by the id of what they do."""
    demo: bool = False


class EdgeSolverApp(App[int]):
    """Solves maths problems, and shows how."""

    TITLE = "edge-solver"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    DEFAULT_MODE = "solve"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-medium"), (100, "-wide"), (160, "-huge")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-middle"), (34, "-tall")]
    BINDINGS = [
        Binding("f1", "help", "Keys", id="app.help", priority=True),
        Binding("f2", "go('solve')", "Solve", show=False, id="app.solve", priority=True),
        Binding("f3", "go('history')", "History", show=False, id="app.history", priority=True),
        Binding("f4", "go('models')", "Models", show=False, id="app.models", priority=True),
        Binding("f5", "go('device')", "Device", show=False, id="app.device", priority=True),
        Binding("ctrl+g", "next_screen", "Next screen", show=False, id="app.next", priority=True),
        Binding("ctrl+p", "command_palette", "Commands", show=False, id="app.commands", priority=True),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", priority=True),
    ]

    def __init__(self, settings: Settings, surroundings: Surroundings | None = None) -> None:
        """Prepare; engines are loaded after the first paint."""
        super().__init__()
        self.settings = settings
        self.surroundings = surroundings or Surroundings()
        self.engine = Engine(self._told, self.surroundings.record, demo=self.surroundings.demo)
        self.solve_screen: SolveScreen | None = None
        for mode in MODES:
            self.add_mode(mode, partial(self._screen, mode))
        for theme in THEMES:
            self.register_theme(theme)
        wanted = self.surroundings.theme
        # Set before anything is styled: a change afterwards would style everything twice before the first paint.
        self.set_reactive(App.theme, wanted if wanted in self.available_themes else NIGHT.name)

    def _told(self, message: Message) -> None:
        if self.solve_screen is not None:
            self.solve_screen.post_message(message)

    def on_mount(self) -> None:
        """Take the user's keys, then load the models."""
        self.set_keymap(dict(self.surroundings.keys))
        self._listen_for_signals()
        if not self.is_headless and sys.__stdin__ is not None:
            when_gone(sys.__stdin__.fileno(), self._hung_up)
        self.call_after_refresh(self._warm)

    def _warm(self) -> None:
        garbage.resume()
        self.engine.warm(self.settings)

    def use(self, settings: Settings) -> None:
        """Solve with other models from now on."""
        self.settings = settings
        if self.solve_screen is not None:
            self.solve_screen.use(settings)
        self.engine.warm(settings)

    def _screen(self, mode: str) -> Screen[None]:
        """Make a screen; those that few people open are imported when they are."""
        match mode:
            case "history":
                from edge_solver.tui.screens.history import HistoryScreen

                return HistoryScreen(self.surroundings.store)
            case "models":
                from edge_solver.tui.screens.models import ModelsScreen

                return ModelsScreen(self.settings, self.use)
            case "device":
                from edge_solver.tui.screens.device import DeviceScreen

                surroundings = self.surroundings
                return DeviceScreen(surroundings.results, surroundings.bench, self.engine, lambda: self.settings)
            case _:
                self.solve_screen = SolveScreen(self.settings, self.engine)
                return self.solve_screen

    # --- going about ---

    def action_go(self, mode: str) -> None:
        """Go to a screen."""
        if not self.screen.is_modal:
            self.switch_mode(mode)

    def action_next_screen(self) -> None:
        """Go to the next screen."""
        modes = list(MODES)
        self.action_go(modes[(modes.index(self.current_mode) + 1) % len(modes)])

    def action_help(self) -> None:
        """Show every key."""
        from edge_solver.tui.screens.sheets import TextSheet, keys_text

        if isinstance(self.screen, TextSheet):
            self.screen.dismiss()
        elif not self.screen.is_modal:
            self.push_screen(TextSheet("keys", keys_text(self._key_groups(), self.size.width)))

    def _key_groups(self) -> Iterable[tuple[str, Iterable[tuple[str, str, str]]]]:
        """Yield headings with the keys, what they do, and the name by which settings call that."""
        groups: dict[str, dict[str, tuple[list[str], str]]] = {name: {} for name in _GROUPS.values()}
        for node in (*self.screen.query("*"), self.screen, self):
            for _, binding in node._bindings.copy():  # noqa: SLF001 - Textual lists them nowhere else
                if not binding.id or binding.id.partition(".")[0] not in _GROUPS:
                    continue
                rows = groups[_GROUPS[binding.id.partition(".")[0]]]
                keys, _ = rows.setdefault(binding.id, ([], binding.description))
                keys += [key for key in self.keys_of(binding) if key not in keys]
        for name, rows in groups.items():
            if rows:
                yield name, [(" ".join(keys), words, id) for id, (keys, words) in rows.items()]  # noqa: A001 - theirs

    def keys_of(self, binding: Binding) -> list[str]:
        """Return the keys that a binding has here, as they are shown."""
        key = self.surroundings.keys.get(binding.id or "", binding.key)
        return [self.get_key_display(replace(binding, key=one.strip())) for one in key.split(",")]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer in the palette what there are keys for, and what there are none for."""
        yield from (command for command in super().get_system_commands(screen) if command.title != "Keys")
        yield SystemCommand("Keys", "Show every key", self.action_help)
        for mode, name in MODES.items():
            yield SystemCommand(f"Go to {name}", f"Show the screen {name}", partial(self.action_go, mode))
        if isinstance(screen, SolveScreen):
            for title, words, action in screen.commands():
                yield SystemCommand(title, words, action)

    # --- the end ---

    def exit_in_order(self) -> None:
        """Stop what is running and leave."""
        self.engine.close(PATIENCE_SECONDS)
        self.exit(0)

    async def action_quit(self) -> None:
        """Leave."""
        self.exit_in_order()

    def _listen_for_signals(self) -> None:
        """Let a search end in good order when its terminal is closed."""
        loop = asyncio.get_running_loop()
        for name in ("SIGHUP", "SIGTERM"):
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(getattr(signal, name), self._hung_up)

    def _hung_up(self) -> None:
        self.engine.close(HUNG_UP_SECONDS)
        os._exit(ExitCode.INTERRUPTED)  # there is no terminal to put in order, and writing to it may block

    def _fatal_error(self) -> None:
        """Leave a report instead of a traceback on the screen (Textual calls this in an exception's handler)."""
        error = sys.exc_info()[1] or self._exception
        file = report(error) if error is not None else None
        self.engine.close(PATIENCE_SECONDS)
        self._exit_renderables.append(
            f"edge-solver came to an end by a mistake of its own. The details are in {file}.\n"
            "Nothing in it is what you typed; please send it with a report."
        )
        self._close_messages_no_wait()


_GROUPS = {
    "app": "Everywhere",
    "solve": "Solve",
    "problem": "In the problem",
    "caps": "In the caps",
    "choice": "In a choice",
    "tree": "In the tree",
    "history": "History",
    "models": "Models",
    "device": "Device",
}
"""Headings of the help panel by what the ids of keys begin with."""
