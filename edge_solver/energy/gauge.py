"""A battery's fuel gauge as an energy meter: what the battery holds less than when the meter was opened.

It knows nothing of files or commands: a sampler says what the battery holds, or why that says nothing about this
machine (it charges, it is gone). A gauge sees the whole device with its screen and moves in steps of many joules, so
short runs get no number. Its invariant: once the battery held more than before, or a sample failed, there are no more
readings, for nobody knows what flowed meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.unavailable import Breakable, MeterUnavailableError

SCOPE = "whole device with its screen, idle power included"
SHORTEST_SECONDS = 120.0
"""Of work, below which there is no number: gauges move every few seconds to minutes, by tens of joules."""

_MOST_WATTS = 500.0  # more than any battery of a portable machine gives: a gauge that says so corrected itself
_STEP_JOULES = 2000.0  # one correction that passes as use: 0.5 Wh, about one percent of a laptop's battery


@dataclass(frozen=True, slots=True)
class EnergyLeft:
    """What a battery holds, where its driver counts energy."""

    joules: float


@dataclass(frozen=True, slots=True)
class ChargeLeft:
    """What a battery holds, where its driver counts charge: worth its voltage."""

    coulombs: float
    volts: float


Left = tuple[EnergyLeft | ChargeLeft, ...]
"""What each battery of a machine holds, always in the same order."""

Sampler = Callable[[], Left]
"""Asks the gauges; raises ``MeterUnavailableError`` where the answer says nothing about what the machine uses."""


class GaugeMeter(Breakable):
    """Adds up what left the batteries since it was opened."""

    def __init__(
        self,
        sample: Sampler,
        *,
        apart_seconds: float,
        apart_share: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the first sample.

        Args:
            sample: Asks the gauges.
            apart_seconds: The least time between two samples; between them the latest one is told again.
            apart_share: The same as a share of the run so far, where asking is expensive. A figure may lag by it.
            clock: Seconds that never go back.

        Raises:
            MeterUnavailableError: The first sample fails.
        """
        self._sample, self._clock = sample, clock
        self._apart_seconds, self._apart_share = apart_seconds, apart_share
        self._last = sample()
        self._when = clock()
        self._joules = 0.0

    def read(self, activity: Activity) -> Reading:
        """Return the joules since the meter was opened; none for a short run, or once the gauge cannot be trusted."""
        short = 0 < activity.seconds < SHORTEST_SECONDS
        if not short:
            self._attempt(lambda: self._advance(activity.seconds))
        if self.broken is not None:
            return Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)
        if short or (self._joules == 0 and activity.seconds > 0):
            return Reading(None, EnergyLabel.STALE, SCOPE)
        return Reading(self._joules, EnergyLabel.MEASURED_BATTERY, SCOPE)

    def _advance(self, run_seconds: float) -> None:
        when = self._clock()
        seconds = when - self._when
        if seconds < 0:
            raise MeterUnavailableError(f"the clock went back by {-seconds:.3g} s")
        if seconds < max(self._apart_seconds, self._apart_share * run_seconds):
            return
        now = self._sample()
        if len(now) != len(self._last):
            raise MeterUnavailableError("a battery came or went")
        used = sum(_used(before, after) for before, after in zip(self._last, now, strict=True))
        if used > _MOST_WATTS * seconds + _STEP_JOULES:
            raise MeterUnavailableError(f"the gauge fell by {used:.3g} J in {seconds:.3g} s: it corrected itself")
        self._joules += used
        self._last, self._when = now, when


def _used(before: EnergyLeft | ChargeLeft, now: EnergyLeft | ChargeLeft) -> float:
    """Return the joules that left a battery between two samples."""
    if isinstance(before, EnergyLeft) and isinstance(now, EnergyLeft):
        used = before.joules - now.joules
    elif isinstance(before, ChargeLeft) and isinstance(now, ChargeLeft):
        used = (before.coulombs - now.coulombs) * (before.volts + now.volts) / 2
    else:
        raise MeterUnavailableError("the battery counts charge now and energy then")
    if not math.isfinite(used):
        raise MeterUnavailableError("the gauge gave no number")
    if used < 0:
        raise MeterUnavailableError("the battery holds more than before: it was charged, or its gauge corrected itself")
    return used
