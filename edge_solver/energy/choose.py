"""The best meter that works here, and why the better ones do not.

Counters come before batteries and measured before estimated. Batteries and meters at the wall give no number for short
runs, so a battery is taken only for a run that is known to be long, or by name, and the wall where its file is named. A
meter is chosen once and kept: no number ever mixes two sources. Every reading says by which meter it was taken, and
what the same meter shows when the machine idles, where a calibration has measured that.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_solver.core.meter import Activity, EnergyLabel, Meter, Rates, Reading
from edge_solver.core.pace import TYPICAL
from edge_solver.energy import apple, battery, calibration, emi, gauge, powercap, termux, wall
from edge_solver.energy.calibration import Calibration, Tie
from edge_solver.energy.model import EstimatedMeter
from edge_solver.energy.polled import PolledMeter
from edge_solver.energy.unavailable import MeterUnavailableError
from edge_solver.errors import UsageError

_POWERCAP_POLL_SECONDS = 1.0  # the fastest counters wrap in minutes, but a call of the policy may last as long
_APPLE_POLL_SECONDS = 1.0  # what stands still longer under work has begun to come in batches
_WALL_POLL_SECONDS = 1.0  # sees every step, and when nobody writes any more
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
    calibrations: Path = field(default_factory=calibration.folder)
    wall: Path | None = None
    """The file with the total of a meter at the wall socket, if there is one."""

    def with_file_of(self, wanted: str) -> tuple[str, Machine]:
        """Split a meter's name, as it is typed, from the file that it may name, and return the machine with that."""
        name, _, file = wanted.partition(":")
        return name, replace(self, wall=Path(file).expanduser()) if file else self


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
    rates: Rates = TYPICAL
    """What work is thought to cost here, for predictions: as calibrated, or as is typical."""
    poll_seconds: float | None = None
    """How often the meter is read in the background; ``None`` for one that is only read when asked."""


@dataclass(frozen=True, slots=True)
class Described:
    """A meter whose readings say by which meter they were taken, and what it shows of an idle machine."""

    meter: Meter
    method: str
    idle_watts: float | None

    def read(self, activity: Activity) -> Reading:
        """Return what the meter reads."""
        read = self.meter.read(activity)  # after every call of a model: ``replace`` would take several times as long
        return Reading(read.joules, read.label, read.scope, self.method, self.idle_watts, read.error)


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
    error: float | None = None
    """Of a calibrated estimate, as a share."""
    reason: str | None = None
    """Why it does not work, or is not chosen although it does."""
    remedy: str | None = None
    """What to type to enable it, if there is anything."""


def choose_meter(
    wanted: str = "auto",
    *,
    seconds: float | None = None,
    capped: bool = False,
    tie: Tie | None = None,
    machine: Machine | None = None,
) -> Choice:
    """Open the best meter that works on this machine; the estimate always does.

    Args:
        wanted: A meter by its name, tried before all others; ``wall:FILE`` names its file.
        seconds: How long the run will take at least, where that is known.
        capped: Whether a cap on joules has to be kept; gauges are too slow for that.
        tie: What a calibration has to hold for; without it none is used.
        machine: Another machine than this one.
    """
    wanted, machine = (machine or Machine()).with_file_of(wanted)
    refusals: list[Refusal] = []
    fitted: Calibration | None = None
    if tie is not None:
        with contextlib.suppress(MeterUnavailableError):
            fitted = calibration.find(tie, machine.calibrations)
    order = [wanted] * (wanted in _OPEN) + [name for name in _OPEN if name != wanted]
    for name in order:
        long = seconds is not None and seconds >= gauge.SHORTEST_SECONDS
        if name in _GAUGES and name != wanted and (capped or not long):
            continue
        try:
            if name in _GAUGES and capped:
                raise MeterUnavailableError(f"{_GAUGES[name]} is too slow to keep a cap on joules")  # noqa: TRY301
            meter = _OPEN[name](machine, tie)
            rates = fitted.rates if fitted is not None else TYPICAL
            described = Described(meter, name, _idle_watts(name, meter, fitted))
            poll_seconds = meter.every_seconds if isinstance(meter, PolledMeter) else None
            return Choice(name, described, tuple(refusals), rates, poll_seconds)
        except MeterUnavailableError as error:
            refusals.append(Refusal(name, error.reason, error.remedy))
            if name == wanted:
                remedy = f"; to enable it: {error.remedy}" if error.remedy else ""
                _log.warning("energy is not measured by %s: %s%s", name, error.reason, remedy)
    raise AssertionError("the estimate always works")


def open_real(wanted: str = "auto", machine: Machine | None = None) -> Choice:
    """Open the best meter that measures or counts, or the one that is wanted; an estimate is none.

    Raises:
        UsageError: There is none; says why, and what would enable one.
    """
    wanted, machine = (machine or Machine()).with_file_of(wanted)
    refusals: list[Refusal] = []
    for name in [wanted] if wanted in _OPEN else _OPEN:
        if name in _ESTIMATES:
            continue
        try:
            return Choice(name, Described(_OPEN[name](machine, None), name, None), tuple(refusals))
        except MeterUnavailableError as error:
            refusals.append(Refusal(name, error.reason, error.remedy))
    reasons = "".join(
        f"\n  {item.meter}: {item.reason}" + (f"\n    to enable it: {item.remedy}" if item.remedy else "")
        for item in refusals
    )
    raise UsageError(
        "a calibration needs a meter to fit the estimate against, and none works here"
        + (reasons or f": {wanted} is an estimate itself; leave --meter out")
    )


def survey(machine: Machine | None = None, tie: Tie | None = None, wanted: str = "auto") -> tuple[Finding, ...]:
    """Try every meter and say what came of it, in the order of preference; ``wanted`` may name the file of one."""
    _, machine = (machine or Machine()).with_file_of(wanted)
    findings: list[Finding] = []
    for name in _OPEN:
        chosen = not any(finding.chosen for finding in findings)
        findings.append(_finding(name, machine, tie, chosen=chosen))
    return tuple(findings)


def _finding(name: str, machine: Machine, tie: Tie | None, *, chosen: bool) -> Finding:
    finding = Finding(name, works=False, chosen=False, label=EnergyLabel.UNAVAILABLE)
    try:
        reading = _OPEN[name](machine, tie).read(Activity(0, 0.0))
    except MeterUnavailableError as error:
        return replace(finding, reason=error.reason, remedy=error.remedy)
    if reading.joules is None:
        return replace(finding, label=reading.label, reason="it gave no number after its opening")
    finding = replace(finding, works=True, label=reading.label, scope=reading.scope, error=reading.error)
    if name in _GAUGES:
        reason = (
            f"it is for runs of {gauge.SHORTEST_SECONDS:.0f} s and more without a cap on joules: benchmarks, and a "
            "'solve' that is given as long by --max-seconds, take it by themselves"
        )
        typed = f"wall:{machine.wall}" if name == "wall" else name
        return replace(finding, reason=reason, remedy=f"edge-solver solve --meter {shlex.quote(typed)} ...")
    return replace(finding, chosen=chosen, reason=None if chosen else "a better meter works")


def _calibrated(machine: Machine, tie: Tie | None) -> Meter:
    if tie is None:
        raise MeterUnavailableError("no model is named that it could have been calibrated for", calibration.CALIBRATE)
    fitted = calibration.find(tie, machine.calibrations)
    return EstimatedMeter(fitted.rates, EnergyLabel.ESTIMATED_CALIBRATED, fitted.scope, fitted.error)


def _idle_watts(name: str, meter: Meter, fitted: Calibration | None) -> float | None:
    """Return the watts of the idle machine by this very source; what another one shows would be another quantity."""
    if isinstance(meter, EstimatedMeter):
        return meter.rates.idle_watts
    return fitted.rates.idle_watts if fitted is not None and fitted.meter == name else None


def _wall(machine: Machine, _: Tie | None) -> Meter:
    if machine.wall is None:
        raise MeterUnavailableError("no file is named that a meter's total is written to", wall.USE)
    return PolledMeter(wall.WallMeter(machine.wall), _WALL_POLL_SECONDS)


def _powercap(machine: Machine, _: Tie | None) -> Meter:
    return PolledMeter(powercap.PowercapMeter(machine.powercap), _POWERCAP_POLL_SECONDS)


def _apple(machine: Machine, _: Tie | None) -> Meter:
    return PolledMeter(apple.open_apple(machine.system, machine.processor), _APPLE_POLL_SECONDS)


def _emi(machine: Machine, _: Tie | None) -> Meter:
    if machine.system != "win32":
        raise MeterUnavailableError("this is not Windows")
    return emi.open_emi()


def _battery(machine: Machine, _: Tie | None) -> Meter:
    return PolledMeter(battery.open_battery(machine.power_supply), _BATTERY_POLL_SECONDS)


def _termux(machine: Machine, _: Tie | None) -> Meter:
    return termux.open_termux(machine.termux)


def _estimate(_machine: Machine, _: Tie | None) -> Meter:
    return EstimatedMeter()


_OPEN: dict[str, Callable[[Machine, Tie | None], Meter]] = {
    "wall": _wall,
    "powercap": _powercap,
    "apple": _apple,
    "emi": _emi,
    "battery": _battery,
    "termux": _termux,
    "calibrated": _calibrated,
    "estimate": _estimate,
}
"""Every meter, the best first."""
_GAUGES = {"wall": "a meter at the wall", "battery": "a battery's gauge", "termux": "a battery's gauge"}
"""Those that move by steps of many joules."""
_ESTIMATES = {"calibrated", "estimate"}
