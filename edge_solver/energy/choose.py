"""The best meter that works here, and why the better ones do not.

Counters come before batteries and measured before estimated. A battery's gauge gives no number for short runs, so it
is taken only for a run that is known to be long, or by name. A meter is chosen once and kept: no number ever mixes two
sources.
"""

from __future__ import annotations

import logging
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_solver.core.meter import Activity, EnergyLabel, Meter
from edge_solver.energy import apple, battery, gauge, powercap, termux
from edge_solver.energy.model import EstimatedMeter
from edge_solver.energy.polled import PolledMeter
from edge_solver.energy.unavailable import MeterUnavailableError

_POWERCAP_POLL_SECONDS = 1.0  # the fastest counters wrap in minutes, but a call of the policy may last as long
_BATTERY_POLL_SECONDS = 5.0  # as often as gauges move; sees a charger that comes and goes between two readings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a machine shows its energy; the default is this one."""

    powercap: Path = powercap.ROOT
    power_supply: Path = battery.ROOT
    termux: str = termux.COMMAND
    """The command that answers on a phone."""
    system: str = field(default_factory=lambda: sys.platform)
    processor: str = field(default_factory=platform.machine)


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


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one meter on this machine."""

    meter: str
    works: bool
    chosen: bool
    """Whether a run of unknown length is measured by it."""
    label: EnergyLabel
    scope: str | None = None
    """What a figure covers; ``None`` where there is none."""
    reason: str | None = None
    """Why it does not work, or is not chosen although it does."""
    remedy: str | None = None
    """What to type to enable it, if there is anything."""


def choose_meter(
    wanted: str = "auto", *, seconds: float | None = None, capped: bool = False, machine: Machine | None = None
) -> Choice:
    """Open the best meter that works on this machine; the estimate always does.

    Args:
        wanted: A meter by its name, tried before all others.
        seconds: How long the run will take at least, where that is known.
        capped: Whether a cap on joules has to be kept; gauges are too slow for that.
        machine: Another machine than this one.
    """
    machine = machine or Machine()
    refusals: list[Refusal] = []
    order = [wanted] * (wanted in _OPEN) + [name for name in _OPEN if name != wanted]
    for name in order:
        long = seconds is not None and seconds >= gauge.SHORTEST_SECONDS
        if name in _GAUGES and name != wanted and (capped or not long):
            continue
        try:
            if name in _GAUGES and capped:
                raise MeterUnavailableError("a battery's gauge is too slow to keep a cap on joules")  # noqa: TRY301
            return Choice(name, _OPEN[name](machine), tuple(refusals))
        except MeterUnavailableError as error:
            refusals.append(Refusal(name, error.reason, error.remedy))
            if name == wanted:
                _log.warning("energy is not measured by %s: %s", name, error.reason)
    raise AssertionError("the estimate always works")


def survey(machine: Machine | None = None) -> tuple[Finding, ...]:
    """Try every meter and say what came of it, in the order of preference."""
    machine = machine or Machine()
    findings: list[Finding] = []
    for name in _OPEN:
        chosen = not any(finding.chosen for finding in findings)
        findings.append(_finding(name, machine, chosen=chosen))
    return tuple(findings)


def _finding(name: str, machine: Machine, *, chosen: bool) -> Finding:
    finding = Finding(name, works=False, chosen=False, label=EnergyLabel.UNAVAILABLE)
    try:
        reading = _OPEN[name](machine).read(Activity(0, 0.0))
    except MeterUnavailableError as error:
        return replace(finding, reason=error.reason, remedy=error.remedy)
    if reading.joules is None:
        return replace(finding, label=reading.label, reason="it gave no number after its opening")
    finding = replace(finding, works=True, label=reading.label, scope=reading.scope)
    if name in _GAUGES:
        reason = f"for runs of {gauge.SHORTEST_SECONDS:.0f} s and more without a cap on joules, and only by name"
        return replace(finding, reason=reason, remedy=f"edge-solver solve --meter {name} ...")
    return replace(finding, chosen=chosen, reason=None if chosen else "a better meter works")


def _powercap(machine: Machine) -> Meter:
    return PolledMeter(powercap.PowercapMeter(machine.powercap), _POWERCAP_POLL_SECONDS)


def _apple(machine: Machine) -> Meter:
    return apple.open_apple(machine.system, machine.processor)


def _battery(machine: Machine) -> Meter:
    return PolledMeter(battery.open_battery(machine.power_supply), _BATTERY_POLL_SECONDS)


def _termux(machine: Machine) -> Meter:
    return termux.open_termux(machine.termux)


def _estimate(_: Machine) -> Meter:
    return EstimatedMeter()


_OPEN: dict[str, Callable[[Machine], Meter]] = {
    "powercap": _powercap,
    "apple": _apple,
    "battery": _battery,
    "termux": _termux,
    "estimate": _estimate,
}
"""Every meter, the best first."""
_GAUGES = {"battery", "termux"}
