"""One line on a terminal, redrawn in place and gone in the end.

It is drawn in one write that ends by erasing the rest of the line, so nothing flickers, and it never takes more than
the terminal's width. What it says, and how often, is the caller's business; so is whether there is a terminal at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import unicodedata
from collections.abc import Iterable
from typing import TextIO, final

import click

_PLAIN = str.maketrans("▰▱·…≈—–", "#-|~~--")
"""What a terminal without these characters gets in their place."""

Segment = tuple[str, str | None]
"""Text and its colour."""


@final
class StatusLine:
    """Draws segments on a stream, which must be a terminal."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        """Draw nothing yet."""
        self._stream, self._colour = stream, colour
        self._plain = not _can_write(stream, "".join(map(chr, _PLAIN)))
        self._shown = self._over = False

    def draw(self, segments: Iterable[Segment]) -> None:
        """Show as many segments as there is room for, in the place of what was shown before."""
        if self._over:
            return
        room = _columns(self._stream) - 1  # the last column would wrap on some terminals
        line = ""
        for text, colour in segments:
            piece = clip(text, room) if not line else f" · {text}"
            room -= cells(piece)
            if room < 0:  # a number cut in the middle would be another number
                break
            piece = piece.translate(_PLAIN) if self._plain else piece
            line += click.style(piece, fg=colour) if colour and self._colour else piece
        self._write(f"\r{line}\x1b[K")
        self._shown = True

    def clear(self) -> None:
        """Take the line away, for good."""
        self._over = True
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


def cells(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def clip(text: str, room: int) -> str:
    """Return as much of a text as fits into ``room`` columns, with a mark where something is missing."""
    if cells(text) <= room:
        return text
    kept = ""
    for character in text:
        if cells(kept + character) >= room:
            break
        kept += character
    return kept + "…" if room > 0 else ""


def _columns(stream: TextIO) -> int:
    """Return the terminal's width: of this stream, which need not be the one that the standard library would ask."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
