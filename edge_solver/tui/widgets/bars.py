"""The line above, which names the screens, and the line below, which names the keys that matter now."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

from edge_solver.tui.look import colour

MODES = {"solve": "Solve", "history": "History", "models": "Models", "device": "Device"}
"""The screens by their mode."""


class TopBar(Widget):
    """Shows where one is; a click goes elsewhere."""

    status = ""
    """A word on the right."""

    def render(self) -> Text:
        """Draw names and status."""
        text = Text(no_wrap=True, overflow="crop").append("◆ ", Style(color=colour(self.app, "primary")))
        if self.size.width >= 60:  # noqa: PLR2004 - a phone keeps the room for the screens
            text.append("edge-solver ", Style(bold=True))
        for mode, name in MODES.items():
            here = mode == self.app.current_mode
            text.append(f" {name} ", Style(bold=True, reverse=True) if here else Style(dim=True))
        room = self.size.width - text.cell_len - 1
        if room > 4:  # noqa: PLR2004 - less holds no word
            status = Text(self.status, Style(dim=True))
            status.truncate(room, overflow="ellipsis")
            text.append(" " * (room - status.cell_len)).append_text(status)
        return text

    def say(self, status: str) -> None:
        """Show a word on the right."""
        self.status = status
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to the screen whose name was clicked."""
        at = 2 + (12 if self.size.width >= 60 else 0)  # noqa: PLR2004 - as drawn above
        for mode, name in MODES.items():
            if at <= event.x < at + len(name) + 2:
                self.app.switch_mode(mode)
                return
            at += len(name) + 2


class Keys(Widget):
    """Shows the keys that do something here, as many as there is room for."""

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Text:
        """Draw keys with what they do."""
        text = Text(no_wrap=True, overflow="crop")
        key_style = Style(color=colour(self.app, "primary"), bold=True)
        more = " F1 keys "
        room = self.size.width - len(more)
        seen: set[str] = {"help"}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if not binding.show or not enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            key = self.app.get_key_display(binding)
            if text.cell_len + len(key) + len(binding.description) + 3 > room:
                break
            text.append(f" {key}", key_style).append(f" {binding.description} ", Style(dim=True))
        text.append(" " * (room - text.cell_len))
        return text.append(" F1", key_style).append(" keys ", Style(dim=True))
