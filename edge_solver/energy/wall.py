"""A meter at the wall socket, by a file that somebody keeps up to date: the script of a smart plug, a logger.

The file holds the meter's running total as one quantity (``0.512 kWh``, ``1843200 J``) and is written again every few
seconds. Plugs count in steps of up to a watt-hour, so work gets no number that is too short for one step hardly to
matter, nor once the file is no longer written. The invariant: a total that goes back, vanishes or is no
quantity ends the meter. A total that a person reads off a display is no meter; see ``bench device --wall``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.unavailable import Breakable, MeterUnavailableError
from edge_solver.errors import QuantityError
from edge_solver.quantities import Kind, parse

SCOPE = "whole device at the wall socket, idle power included"
USE = (
    "edge-solver solve --meter wall:FILE ..., where a script writes the total to FILE, such as '0.512 kWh'; to type it "
    "in: edge-solver bench device --sustained 5 --wall"
)
"""What lets a wall meter be read."""

STEPS = 10
"""Of the total that work has to last, as often as it moves here: one step more or less is then a tenth of a figure."""
SILENT_SECONDS = 60.0
"""Without the file being written, after which what it says is old."""
_LONGEST = 200  # bytes; a file with more is something else
_SHOWN = re.compile(r"([0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+) ?([A-Za-z]+)")


class WallMeter(Breakable):
    """Tells what the total has gained since it was opened."""

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the first reading.

        Raises:
            MeterUnavailableError: There is no such file, or no total in it.
        """
        self._file, self._clock = file, clock
        self._written, self._first = self._total()
        self._last, self._moves = self._first, 0
        self._opened = self._heard = clock()

    def read(self, activity: Activity) -> Reading:
        """Return the joules since the meter was opened; none before enough steps, or when nobody writes any more."""
        self._attempt(self._advance)
        if self.broken is not None:
            return Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)
        now = self._clock()
        few = activity.seconds * self._moves < STEPS * (now - self._opened)  # of them fell into this stretch of work
        if activity.seconds > 0 and (few or now - self._heard > SILENT_SECONDS):
            return Reading(None, EnergyLabel.STALE, SCOPE)
        return Reading(self._last - self._first, EnergyLabel.MEASURED_WALL, SCOPE)

    def _advance(self) -> None:
        written, total = self._total()
        if total < self._last:
            raise MeterUnavailableError(f"the total in {self._file} went back from {self._last:g} to {total:g} J")
        if written != self._written or total != self._last:
            self._written, self._heard = written, self._clock()
        self._moves += total > self._last
        self._last = total

    def _total(self) -> tuple[int, float]:
        """Return when the file was written, in nanoseconds, and the joules that it says."""
        try:
            with self._file.open("rb") as file:
                text = file.read(_LONGEST + 1)
            written = self._file.stat().st_mtime_ns
        except OSError as error:
            raise MeterUnavailableError(f"{self._file} cannot be read: {error.strerror}", USE) from None
        try:
            return written, joules(text.decode("utf-8"), "its text")
        except (QuantityError, UnicodeDecodeError) as error:
            raise MeterUnavailableError(f"{self._file} holds no total of energy: {error}", USE) from None


def joules(shown: str, name: str) -> float:
    """Read what a meter shows, in joules; unlike a cap it may be nothing, and its unit has to be there.

    Raises:
        QuantityError: It is no quantity of energy.
    """
    match = _SHOWN.fullmatch(shown.strip())
    if match is None:
        raise QuantityError(f"{name}: {shown.strip()[:40]!r} is no energy with its unit; write 0.512 kWh or 512 Wh")
    return float(match[1]) * parse(f"1{match[2]}", Kind.JOULES, name=name)
