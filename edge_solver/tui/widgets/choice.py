"""A choice of one among few, on one line: ← and → change it, so does a click."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from edge_solver.tui.look import colour


class Choice(Widget, can_focus=True):
    """Shows the chosen one between two arrows."""

    BINDINGS = [
        Binding("right,down,space", "turn(1)", "Next", show=False, id="choice.next"),
        Binding("left,up", "turn(-1)", "Previous", show=False, id="choice.previous"),
    ]

    value: reactive[str] = reactive("", layout=True)

    class Changed(Message):
        """Something else was chosen."""

        def __init__(self, choice: Choice) -> None:
            """Say by which."""
            super().__init__()
            self.choice = choice

    def __init__(
        self, name: str, options: Sequence[str], value: str, *, id: str | None = None, classes: str | None = None
    ) -> None:
        """Offer options; a value that is none of them is added."""
        super().__init__(id=id, classes=classes)
        self.label = name
        self.options = list(options) if value in options else [value, *options]
        self.set_reactive(Choice.value, value)

    def render(self) -> Text:
        """Draw name, arrows and value."""
        arrows = colour(self.app, "primary")
        text = Text().append(f"{self.label} ", "dim") if self.label else Text()
        text.append("‹", arrows).append(self.value, "bold" if self.has_focus else "")
        return text.append("›", arrows)

    def get_content_width(self, *_: object) -> int:
        """Be as wide as the text."""
        return (len(self.label) + 1 if self.label else 0) + len(self.value) + 2

    def action_turn(self, by: int) -> None:
        """Choose a neighbour; after the last comes the first."""
        self.value = self.options[(self.options.index(self.value) + by) % len(self.options)]
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        """Choose the next."""
        self.action_turn(1)

    def on_focus(self) -> None:
        """Show it."""
        self.refresh()

    def on_blur(self) -> None:
        """Show it no longer."""
        self.refresh()
