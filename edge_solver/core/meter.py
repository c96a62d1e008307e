"""Energy as the core sees it: a reading with its label and scope, and the port that gives one.

Apart from the other ports because the ledger reads a meter, and the engines' ports speak of the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol


class EnergyLabel(str, Enum):
    """How an energy figure was obtained."""

    MEASURED_WALL = "measured-wall"
    MEASURED_BATTERY = "measured-battery"
    COUNTER = "counter"
    ESTIMATED_CALIBRATED = "estimated-calibrated"
    ESTIMATED_DEFAULT = "estimated-default"
    UNAVAILABLE = "unavailable"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Reading:
    """Energy since a meter was opened, with how and of what it was measured."""

    joules: float | None
    """``None`` where there is no number: never 0 in its place."""
    label: EnergyLabel
    scope: str
    """What the figure covers, such as ``"cpu package"``."""
    method: str = ""
    """The meter by its name, such as ``"powercap"``."""
    idle_watts: float | None = None
    """What the same source shows of this machine when it does nothing; ``None`` where that was never measured."""
    error: float | None = None
    """Of a calibrated estimate: how far off it may be, as a share."""

    def lost(self, label: EnergyLabel = EnergyLabel.UNAVAILABLE) -> Reading:
        """Return the reading without its number."""
        return replace(self, joules=None, label=label)


@dataclass(frozen=True, slots=True)
class Activity:
    """What the program did since the ledger was opened: estimators need it, counters ignore it."""

    flops: int
    seconds: float
    bytes_read: int = 0
    """From memory: the weights once per call, and the cache of every branch in it."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What work costs on a machine: ``J = a·FLOPs + b·bytes + P_idle·s``."""

    joules_per_flop: float
    joules_per_byte: float
    idle_watts: float

    def work(self, flops: float, bytes_read: float) -> float:
        """Return the joules of work alone, without idle power."""
        return self.joules_per_flop * flops + self.joules_per_byte * bytes_read

    def joules(self, activity: Activity) -> float:
        """Return the joules of everything done."""
        return self.work(activity.flops, activity.bytes_read) + self.idle_watts * activity.seconds


class Meter(Protocol):
    """Reads energy."""

    def read(self, activity: Activity) -> Reading:
        """Return the energy used since the meter was opened; never raises."""
        ...
