"""The energy counters of Apple Silicon under macOS (IOReport), by the package ``zeus-apple-silicon``; needs no root.

Processor, graphics, memory and neural engine are added; cores, clusters and caches are parts of them. The counters are
a model of the vendor's and cover the chip, not the board. Some systems publish them in batches many seconds apart, so
they are watched at the opening, and one that stands still later is stale. The invariant: a counter that vanishes or
goes back ends the meter.
"""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Callable
from typing import Protocol

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.unavailable import Breakable, MeterUnavailableError

SCOPE = "chip: cpu, gpu, memory, neural engine"
INSTALL = "pip install 'edge-solver[apple]'"
PARTS = ("cpu_total_mj", "gpu_mj", "dram_mj", "ane_mj")
"""The counters that are added, in millijoules; a chip without one gives ``None`` for it."""

_MOVES = 2  # at the opening; one could be a batch that happened to arrive
_WATCH_SECONDS = 0.5  # watching alone is work of several watts, and a counter moves by every millijoule
_STILL_SECONDS = 1.0

# What the extension's C++ exceptions and changed names arrive as.
_FAILURES = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)

Millijoules = dict[str, float]


class Monitor(Protocol):
    """What is used of ``AppleEnergyMonitor``."""

    def get_cumulative_energy(self) -> object:
        """Return the counters since some fixed moment, as attributes in millijoules."""
        ...


class AppleMeter(Breakable):
    """Adds up what the chip has used since it was opened."""

    def __init__(self, monitor: Monitor, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Watch the counters move and take the first reading.

        Raises:
            MeterUnavailableError: They cannot be read, or do not move.
        """
        self._monitor, self._clock = monitor, clock
        self._first = self._last = self._counters()
        self._moved = clock()
        self._watch()

    def read(self, activity: Activity) -> Reading:
        """Return the joules since the meter was opened; none while the counters stand still under work."""
        self._attempt(self._advance)
        if self.broken is not None:
            return Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)
        if activity.seconds > 0 and self._clock() - self._moved > _STILL_SECONDS:
            return Reading(None, EnergyLabel.STALE, SCOPE)
        return Reading(
            sum(self._last[part] - self._first[part] for part in self._last) / 1e3, EnergyLabel.COUNTER, SCOPE
        )

    def _watch(self) -> None:
        end = self._clock() + _WATCH_SECONDS
        moves = 0
        while moves < _MOVES:
            if self._clock() > end:
                raise MeterUnavailableError(
                    "the counters of the chip stand still: this system publishes them in batches"
                )
            moves += self._advance()
        self._first = self._last

    def _advance(self) -> bool:
        """Take a reading and say whether it moved."""
        now = self._counters()
        if now.keys() != self._last.keys():
            gone = ", ".join(sorted(now.keys() ^ self._last.keys()))
            raise MeterUnavailableError(f"a counter of the chip came or went: {gone}")
        for part, value in now.items():
            if value < self._last[part]:
                raise MeterUnavailableError(f"{part} went back from {self._last[part]:g} to {value:g}")
        moved = now != self._last
        if moved:
            self._last, self._moved = now, self._clock()
        return moved

    def _counters(self) -> Millijoules:
        try:
            metrics = self._monitor.get_cumulative_energy()
            values = {part: float(value) for part in PARTS if (value := getattr(metrics, part)) is not None}
        except _FAILURES as error:
            raise MeterUnavailableError(f"the counters of the chip cannot be read: {error}") from error
        if "cpu_total_mj" not in values:
            raise MeterUnavailableError("this chip has no counter for its processor")
        for part, value in values.items():
            if not math.isfinite(value):
                raise MeterUnavailableError(f"{part} gives no number ({value})")
        return values


def open_apple(
    system: str = sys.platform, machine: str | None = None, *, clock: Callable[[], float] = time.monotonic
) -> AppleMeter:
    """Open the counters of this Mac.

    Raises:
        MeterUnavailableError: This is none with Apple Silicon, the package is missing, or the counters cannot be read.
    """
    if system != "darwin" or (machine or platform.machine()) != "arm64":
        raise MeterUnavailableError("this is no Mac with Apple Silicon")
    try:
        from zeus_apple_silicon import AppleEnergyMonitor
    except ImportError as error:
        raise MeterUnavailableError(f"the package zeus-apple-silicon is missing ({error})", INSTALL) from error
    try:
        monitor: Monitor = AppleEnergyMonitor()
    except _FAILURES as error:
        raise MeterUnavailableError(f"macOS gives no energy counters: {error}") from error
    return AppleMeter(monitor, clock=clock)
