"""What threads tell the app. Those of a search only wake it up: events wait in the run's mailbox."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from textual.message import Message

from edge_solver.tui.shelf import Measured


class Told(Message):
    """A run has events in its mailbox."""

    def can_replace(self, message: Message) -> bool:
        """Let one of several stand for all."""
        return isinstance(message, Told)


class Loading(Message):
    """The engine does something that takes a while before the first event."""

    def __init__(self, what: str) -> None:
        """Say what."""
        super().__init__()
        self.what = what


class Ready(Message):
    """The models are loaded."""


class Noticed(Message):
    """Something went wrong beside the search, which goes on."""

    def __init__(self, words: str) -> None:
        """Say what."""
        super().__init__()
        self.words = words


class Failed(Message):
    """A request could not be carried out."""

    def __init__(self, reason: str) -> None:
        """Say why, in words for the user."""
        super().__init__()
        self.reason = reason


class Found(Message):
    """Something about this device is known."""

    def __init__(self, place: str, found: RenderableType) -> None:
        """Carry what is to be shown, and the id of the widget that shows it."""
        super().__init__()
        self.place, self.found = place, found


class Advised(Message):
    """Advice was found, or the reason why there is none."""

    def __init__(self, words: str) -> None:
        """Carry it."""
        super().__init__()
        self.words = words


class Measuring(Message):
    """The benchmark of the device has come further."""

    def __init__(self, found: Measured) -> None:
        """Carry what it has found."""
        super().__init__()
        self.found = found


class BenchEnded(Message):
    """The benchmark of the device is over."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Carry the result, or why there is none, line by line."""
        super().__init__()
        self.lines = tuple(lines)


class PullTold(Message):
    """A download has come further, or to its end."""

    def can_replace(self, message: Message) -> bool:
        """Let one of several stand for all."""
        return isinstance(message, PullTold)
