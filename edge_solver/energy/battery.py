"""The batteries of a laptop under Linux, by ``/sys/class/power_supply``: readable by everybody, no root needed.

A driver offers ``energy_now`` (microwatt-hours) or ``charge_now`` (microampere-hours, worth ``voltage_now`` in
microvolts). Both say what is left, so the sign of ``power_now`` and ``current_now``, on which vendors disagree, is
never asked. Only whole machines count: batteries of mice and phones (``scope`` is ``Device``) are passed over. The
invariant: no sample while a charger is plugged in or a battery charges.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from edge_solver.energy.gauge import ChargeLeft, EnergyLeft, GaugeMeter, Left
from edge_solver.energy.unavailable import MeterUnavailableError

ROOT = Path("/sys/class/power_supply")
UNPLUG = "unplug the charger, then: edge-solver solve --meter battery ..."
"""What lets the gauge see what the machine uses."""

_APART_SECONDS = 1.0  # embedded controllers are slow to answer, and kernels keep an answer for a second
_JOULES = 3600e-6  # in a microwatt-hour
_COULOMBS = 3600e-6  # in a microampere-hour
_MOST_VOLTS = 100.0  # a portable machine has less; a driver that says more counts in another unit
_LEAST_VOLTS = 1.0
_CHARGERS = ("Mains", "USB", "Wireless")  # how the types of chargers begin; ports are `USB`, `USB_C`, `USB_PD`


def open_battery(root: Path = ROOT, *, clock: Callable[[], float] = time.monotonic) -> GaugeMeter:
    """Open the gauges of all batteries of this machine.

    Raises:
        MeterUnavailableError: There are none, they cannot be read, or the machine does not run on them.
    """
    batteries = find_batteries(root)
    return GaugeMeter(lambda: _sample(root, batteries), apart_seconds=_APART_SECONDS, clock=clock)


def find_batteries(root: Path) -> tuple[Path, ...]:
    """Return the folders of the batteries that run this machine, in the order of their names.

    Raises:
        MeterUnavailableError: There are none.
    """
    supplies = _listing(root)
    batteries = [supply for supply in supplies if _text(supply / "type") == "Battery" and _runs_the_machine(supply)]
    if not batteries:
        raise MeterUnavailableError(f"{root} lists no battery of this machine")
    return tuple(batteries)


def chargers_in_use(root: Path) -> list[str]:
    """Return the names of the chargers that are plugged in.

    Raises:
        MeterUnavailableError: The folder cannot be listed.
    """
    chargers = [supply for supply in _listing(root) if (_text(supply / "type") or "").startswith(_CHARGERS)]
    return [charger.name for charger in chargers if _text(charger / "online") in {"1", "2"}]


def _sample(root: Path, batteries: tuple[Path, ...]) -> Left:
    if plugged := chargers_in_use(root):
        raise MeterUnavailableError(f"a charger is plugged in ({', '.join(plugged)})", UNPLUG)
    states = {battery.name: _text(battery / "status") for battery in batteries}
    for battery, state in states.items():
        if state is None:
            raise MeterUnavailableError(f"{battery} has no status that can be read: it is gone, or its driver fails")
        if state == "Charging":
            raise MeterUnavailableError(f"{battery} is charging", UNPLUG)
    if "Discharging" not in states.values():  # of two batteries, one rests while the other works
        found = ", ".join(f"{battery}: {state}" for battery, state in states.items())
        raise MeterUnavailableError(f"no battery is discharging ({found})", UNPLUG)
    return tuple(_left(battery) for battery in batteries)


def _left(battery: Path) -> EnergyLeft | ChargeLeft:
    if (battery / "energy_now").exists():
        return EnergyLeft(_number(battery / "energy_now") * _JOULES)
    if not (battery / "charge_now").exists():
        raise MeterUnavailableError(f"{battery} has neither energy_now nor charge_now: gone, or of another kind")
    volts = _number(battery / "voltage_now") / 1e6
    if not _LEAST_VOLTS <= volts <= _MOST_VOLTS:
        raise MeterUnavailableError(f"{battery / 'voltage_now'} gives {volts:g} V")
    return ChargeLeft(_number(battery / "charge_now") * _COULOMBS, volts)


def _runs_the_machine(supply: Path) -> bool:
    return _text(supply / "scope") != "Device" and _text(supply / "present") != "0"


def _listing(root: Path) -> list[Path]:
    try:
        return sorted(root.iterdir())
    except OSError as error:
        raise MeterUnavailableError(f"{root} cannot be listed ({error.strerror})") from None


def _text(path: Path) -> str | None:
    """Return the word in a file; ``None`` where it is missing or cannot be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def _number(path: Path) -> int:
    try:
        number = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise MeterUnavailableError(f"{path} cannot be read: {error}") from None
    if number < 0:  # what is left has no sign; some drivers give -1 for "not known"
        raise MeterUnavailableError(f"{path} gives {number}")
    return number
