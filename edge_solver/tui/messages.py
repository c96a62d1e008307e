"""What the engine's thread tells the app. Messages only wake the app up: events wait in the run's mailbox."""

from __future__ import annotations

from textual.message import Message


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
