"""Energy as the core sees it: a reading with its label and scope, and the port that gives one.

Apart from the other ports because the ledger reads a meter, and the engines' ports speak of the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Activity:
    """What the program did since the ledger was opened: estimators need it, counters ignore it."""

    flops: int
    seconds: float


class Meter(Protocol):
    """Reads energy."""

    def read(self, activity: Activity) -> Reading:
        """Return the energy used since the meter was opened; never raises."""
        ...
