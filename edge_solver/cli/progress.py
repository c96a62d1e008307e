"""Live progress: one line on a terminal, redrawn in place about ten times a second while a search runs.

It listens to events and keeps only what the line shows. It is drawn in one write that ends by erasing the rest of the
line, so nothing flickers, and it is gone when the search is over. Whether there is a terminal to draw on is decided by
whoever makes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import unicodedata
from collections.abc import Callable
from typing import TextIO

import click

from edge_solver.cli.render import clean, joules
from edge_solver.core.budget import Budget, Cap
from edge_solver.core.events import Billed, Event, Leading, Pulsed, Solved, Started
from edge_solver.core.solution import Spent
from edge_solver.quantities import Kind, show

INTERVAL = 0.1  # seconds between two drawings
GAUGE = 6  # cells
NEARLY, ALMOST = 0.6, 0.9
"""Shares of a cap from which its gauge turns yellow, and red."""
LONGEST_ANSWER = 24

_PLAIN = str.maketrans("▰▱·…≈—", "#-|~~-")
"""What a terminal without these characters gets in their place."""

_Segment = tuple[str, str | None]
"""Text and its colour."""


class Progress:
    """Draws what a search is doing. Call it with every event, and ``clear`` at the end, whatever the end was."""

    def __init__(self, stream: TextIO, *, colour: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Draw on ``stream``, which must be a terminal."""
        self._stream, self._colour, self._clock = stream, colour, clock
        self._plain = not _can_write(stream, "".join(map(chr, _PLAIN)))
        self._budget = Budget()
        self._spent: Spent | None = None
        self._live = 0
        self._best: Leading | None = None
        self._drawn = -INTERVAL
        self._shown = False
        self._stopping = self._over = False

    def __call__(self, event: Event) -> None:
        """Take note of an event and redraw when it is time."""
        match event:
            case Started():
                self._budget = event.budget
            case Pulsed():
                self._spent, self._live = event.spent, event.live
            case Billed():
                self._spent = event.spent
            case Leading():
                self._best = event
            case Solved():
                self.clear()
                return
            case _:
                pass
        now = self._clock()
        if self._spent is not None and not self._stopping and now - self._drawn >= INTERVAL:
            self._drawn = now
            self._draw(self.segments(self._spent))

    def note(self, text: str) -> None:
        """Show a word of patience before there is anything to report."""
        self._draw([(text, None)])

    def stopping(self) -> None:
        """Say that the end was asked for; safe from another thread."""
        self._stopping = True
        self.note("stopping after this call; Ctrl-C again ends at once")

    def clear(self) -> None:
        """Take the line away, for good."""
        self._over = True
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def segments(self, spent: Spent) -> list[_Segment]:
        """Return the line: spend, each cap's gauge, the best answer so far, branches being written."""
        line: list[_Segment] = [(show(spent.tokens_generated, Kind.TOKENS), None)]
        if self._budget.flops is None:
            line.append((show(spent.flops, Kind.FLOPS), None))
        if self._budget.seconds is None:
            line.append((show(spent.seconds, Kind.SECONDS), None))
        line.extend(self._gauge(cap, _used(spent, cap), self._budget.of(cap) or 1.0) for cap in self._budget.caps)
        if self._best is None:
            line.append(("no answer yet", None))
        else:
            answer = _clip(clean(self._best.answer), LONGEST_ANSWER)
            line.append((f"best {answer} ({self._best.confidence:.0%})", "green"))
        line.append((f"{self._live} live", None))
        if self._budget.joules is None and spent.joules.value is not None:
            line.append((joules(spent.joules), None))
        return line

    def _gauge(self, cap: Cap, used: float, limit: float) -> _Segment:
        share = min(1.0, max(0.0, used / limit))
        full = int(share * GAUGE)
        bar = "▰" * full + "▱" * (GAUGE - full)
        colour = "red" if share >= ALMOST else "yellow" if share >= NEARLY else None
        return f"{cap.value} {bar} {share:.0%}", colour

    def _draw(self, segments: list[_Segment]) -> None:
        if self._over:
            return
        room = _columns(self._stream) - 1  # the last column would wrap on some terminals
        line = ""
        for text, colour in segments:
            piece = _clip(text, room) if not line else f" · {text}"
            room -= cells(piece)
            if room < 0:  # a number cut in the middle would be another number
                break
            piece = piece.translate(_PLAIN) if self._plain else piece
            line += click.style(piece, fg=colour) if colour and self._colour else piece
        self._write(f"\r{line}\x1b[K")
        self._shown = True

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


def cells(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _clip(text: str, room: int) -> str:
    """Return as much of a text as fits into ``room`` columns, with a mark where something is missing."""
    if cells(text) <= room:
        return text
    kept = ""
    for character in text:
        if cells(kept + character) >= room:
            break
        kept += character
    return kept + "…" if room > 0 else ""


def _used(spent: Spent, cap: Cap) -> float:
    match cap:
        case Cap.FLOPS:
            return spent.flops
        case Cap.JOULES:
            return spent.joules.value or 0.0
        case Cap.SECONDS:
            return spent.seconds
        case Cap.TOKENS:
            return spent.tokens_generated


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
