"""The best meter that works here, and why the better ones do not.

Measured comes before estimated. A meter is chosen once and kept: no number ever mixes two sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_solver.core.meter import Meter
from edge_solver.energy import powercap
from edge_solver.energy.model import EstimatedMeter
from edge_solver.energy.unavailable import MeterUnavailableError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a meter is not used here."""

    meter: str
    reason: str
    remedy: str | None
    """The command that would enable it, if there is one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The meter to use, and the better ones that do not work."""

    name: str
    meter: Meter
    refusals: tuple[Refusal, ...]


def choose_meter(powercap_root: Path = powercap.ROOT) -> Choice:
    """Open the best meter that works on this machine; the estimate always does."""
    try:
        return Choice("powercap", powercap.PowercapMeter(powercap_root), ())
    except MeterUnavailableError as error:
        return Choice("estimate", EstimatedMeter(), (Refusal("powercap", error.reason, error.remedy),))
