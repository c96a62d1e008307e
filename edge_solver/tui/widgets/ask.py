"""What is asked: the problem, the caps, the strategy and its width."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from edge_solver.config import Settings
from edge_solver.core.budget import Budget, Cap
from edge_solver.core.strategies import STRATEGIES
from edge_solver.errors import QuantityError
from edge_solver.tui.caps import cap_at, read_caps, scaled, show_caps
from edge_solver.tui.widgets.choice import Choice

WIDTHS = ("1", "2", "4", "8", "16", "32", "64", "128", "256")
LONGEST = 20_000
"""Characters of a problem: far more than a small model reads, and few enough to be edited without delay."""
_START = {Cap.SECONDS: "10s"}


class Submitted(Message):
    """The problem is to be solved."""


class ProblemInput(TextArea):
    """The problem: Enter solves, Ctrl+J begins a new line."""

    BINDINGS = [
        Binding("enter", "submit", "Solve", id="problem.solve", priority=False),
        Binding("ctrl+j", "new_line", "New line", show=False, id="problem.new_line"),
    ]

    def action_submit(self) -> None:
        """Ask for the answer."""
        self.post_message(Submitted())

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    async def _on_key(self, event: events.Key) -> None:
        """Keep what is bound from being typed."""
        if event.key in {"enter", "ctrl+j"}:
            event.prevent_default()  # the text area would begin a new line; so it goes on to the bindings

    async def _on_paste(self, event: events.Paste) -> None:
        """Take what was pasted as text, without control characters, as far as a problem may be long."""
        event.prevent_default()
        event.stop()
        room = max(0, LONGEST - len(self.text))
        kept = printable(event.text)
        if len(kept) > room:
            self.app.notify(
                f"{len(kept):,} characters were pasted; a problem has at most {LONGEST:,}: the rest was left out",
                severity="warning",
            )
            kept = kept[:room]
        if kept:
            self.insert(kept)


class CapsInput(Input):
    """The caps, on one line; ↑ and ↓ double and halve the one under the cursor."""

    BINDINGS = [
        Binding("up", "scale(2.0)", "Double", id="caps.double"),
        Binding("down", "scale(0.5)", "Halve", id="caps.halve"),
    ]

    def action_scale(self, factor: float) -> None:
        """Multiply the cap under the cursor; where there is none, begin with ten seconds."""
        try:
            budget = read_caps(self.value)
        except QuantityError:
            return
        cap = cap_at(self.value, self.cursor_position)
        if cap is None:
            self.value = _START[Cap.SECONDS]
        else:
            before = self.cursor_position
            self.value = show_caps(scaled(budget, cap, factor))
            self.cursor_position = min(before, len(self.value))


class Ask(Vertical):
    """Problem, caps, strategy and width."""

    def __init__(self, settings: Settings, *, id: str | None = None, classes: str | None = None) -> None:
        """Begin with settings."""
        super().__init__(id=id, classes=classes)
        self.settings = settings

    def compose(self) -> ComposeResult:
        """Lay out the inputs."""
        settings = self.settings
        problem = ProblemInput(
            "",
            id="problem",
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            compact=True,
            placeholder="A problem in words …  Enter solves it",
        )
        problem.cursor_blink = False
        yield problem
        with Horizontal(id="choices"):
            yield Choice("", list(STRATEGIES), settings.strategy, id="strategy")
            yield Choice("width", WIDTHS, str(settings.search.width), id="width")
            yield Static("caps", id="caps-label")
            caps = CapsInput(show_caps(settings.budget), placeholder="none, e.g. 50J 10s", id="caps", compact=True)
            caps.cursor_blink = False
            yield caps

    @property
    def problem(self) -> str:
        """What is to be solved."""
        return self.query_one(ProblemInput).text

    @problem.setter
    def problem(self, text: str) -> None:
        area = self.query_one(ProblemInput)
        area.text = text
        area.move_cursor(area.document.end)

    @property
    def budget(self) -> Budget:
        """The caps as typed.

        Raises:
            QuantityError: They cannot be read.
        """
        return read_caps(self.query_one(CapsInput).value)

    @budget.setter
    def budget(self, budget: Budget) -> None:
        self.query_one(CapsInput).value = show_caps(budget)

    def chosen(self) -> Settings:
        """Return the settings with what is chosen here.

        Raises:
            QuantityError: The caps cannot be read.
        """
        search = replace(self.settings.search, width=int(self.query_one("#width", Choice).value))
        strategy = self.query_one("#strategy", Choice).value
        return replace(self.settings, strategy=strategy, search=search, budget=self.budget)

    def focus_caps(self) -> None:
        """Let the caps be typed."""
        caps = self.query_one(CapsInput)
        caps.focus()
        caps.cursor_position = len(caps.value)


def printable(text: str) -> str:
    """Return pasted text with its lines and without anything else that a terminal would act upon."""
    return "".join(_kept(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")))


def _kept(text: str) -> Iterable[str]:
    return (c for c in text if c == "\n" or c.isprintable())
