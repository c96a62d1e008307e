"""What is shown while a file is downloaded: one line on a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from edge_solver.cli import output
from edge_solver.cli.status import StatusLine
from edge_solver.quantities import Kind, show

if TYPE_CHECKING:
    from typing_extensions import Self

    from edge_solver.catalog.transfer import Listener

INTERVAL = 0.2  # seconds between two drawings on a terminal
SETTLED = 1.0  # seconds before a speed is worth showing
ENOUGH = 1 << 16  # bytes before it: until then it is that of making a connection
PLAIN_INTERVAL = 30.0  # seconds between two lines anywhere else


class Watch:
    """Shows how a download goes on, within its context."""

    def __init__(
        self, size: int, stream: TextIO, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare to show how ``size`` bytes arrive; only a terminal gets a line that moves."""
        self._size, self._stream, self._quiet, self._clock = size, stream, quiet, clock
        self._moving = output.is_terminal(stream) and not quiet
        self._line = self._new_line()
        self._first: tuple[float, int] | None = None
        self._drawn = clock()

    @property
    def listener(self) -> Listener:
        """What the download reports to."""
        from edge_solver.catalog.transfer import Listener

        return Listener(self.report, self.note)

    def report(self, here: int) -> None:
        """Take note of the bytes that are here, and draw when it is time."""
        now = self._clock()
        if self._first is None or here < self._first[1]:
            self._first = now, here
        if now - self._drawn < (INTERVAL if self._moving else PLAIN_INTERVAL) or self._quiet:
            return
        self._drawn = now
        parts = self._parts(here, now)
        if self._line is not None:
            self._line.draw([(part, None) for part in parts])
        else:
            output.say(", ".join(parts))

    def note(self, text: str) -> None:
        """Say what has happened."""
        if self._quiet:
            return
        if self._line is not None:
            self._line.clear()
        output.say(text)
        self._line = self._new_line()

    def __enter__(self) -> Self:
        """Return the watch itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take the line away; say what was kept where it did not come to the end."""
        if self._line is not None:
            self._line.clear()
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            output.say("stopped by you; what is here is kept, and the same command goes on from there")

    def _parts(self, here: int, now: float) -> list[str]:
        parts = [f"{here / max(1, self._size):.0%}", f"{show(here, Kind.BYTES)} of {show(self._size, Kind.BYTES)}"]
        began, first = self._first or (now, here)
        if now - began >= SETTLED and here - first >= ENOUGH:
            speed = (here - first) / (now - began)
            parts += [f"{show(speed, Kind.BYTES)}/s", f"{show((self._size - here) / speed, Kind.SECONDS)} left"]
        return parts

    def _new_line(self) -> StatusLine | None:
        return StatusLine(self._stream, colour=False) if self._moving else None
