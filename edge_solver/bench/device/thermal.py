"""How hot the processor is and whether it was slowed down for it, from Linux' ``/sys``; nothing is known elsewhere.

Temperatures come from the thermal zones (millidegrees) and, where there are none, from the processor's hardware
monitor. Throttling is counted by x86 processors per core, and shows elsewhere as a ceiling on the clock that has come
down. A file that is missing, locked or senseless is no reading, never a zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys")

_PROCESSOR = re.compile(r"x86_pkg_temp|cpu|soc|tsens|k10temp|coretemp|big|little|mtktscpu|acpitz", re.IGNORECASE)
"""Zones about the processor, by what vendors call them; ``battery``, ``skin`` and the like are not."""
_MONITORS = ("k10temp", "coretemp", "zenpower", "cpu_thermal")
_LEAST, _MOST = 1.0, 130.0  # degrees; an absent sensor says 0 or -273, a broken one 255


@dataclass(frozen=True, slots=True)
class Heat:
    """One look at the sensors."""

    celsius: float | None
    """The hottest part of the processor."""
    sensor: str | None
    throttle_events: int | None
    """Of all cores since the machine was started."""
    most_hertz: int | None
    """The clock that the fastest core is allowed to have at this moment."""
    hardware_hertz: int | None
    """The clock that the fastest core can have."""


def read_heat(root: Path = ROOT) -> Heat:
    """Look at the sensors under ``root``; never raises."""
    readings = [*_zones(root)] or [*_monitors(root)]
    celsius, sensor = max(readings, default=(None, None))
    cpus = root / "devices/system/cpu"
    cores = _events(cpus, "core")
    return Heat(
        celsius,
        sensor,
        cores if cores is not None else _events(cpus, "package"),
        _highest(cpus, "scaling_max_freq"),
        _highest(cpus, "cpuinfo_max_freq"),
    )


def throttled(before: Heat, after: Heat) -> bool | None:
    """Say whether the processor was slowed down between two looks; ``None`` where nothing says so."""
    signs = []
    if before.throttle_events is not None and after.throttle_events is not None:
        signs.append(after.throttle_events > before.throttle_events)
    if before.most_hertz and after.most_hertz:
        signs.append(after.most_hertz < before.most_hertz)
    return any(signs) if signs else None


def _zones(root: Path) -> Iterator[tuple[float, str]]:
    for zone in _matching(root / "class/thermal", "thermal_zone*"):
        name = _text(zone / "type")
        celsius = _celsius(zone / "temp")
        if name and celsius is not None and _PROCESSOR.search(name):
            yield celsius, name


def _monitors(root: Path) -> Iterator[tuple[float, str]]:
    for monitor in _matching(root / "class/hwmon", "hwmon*"):
        name = _text(monitor / "name")
        if name in _MONITORS:
            for file in _matching(monitor, "temp*_input"):
                celsius = _celsius(file)
                if celsius is not None:
                    yield celsius, name


def _events(cpus: Path, what: str) -> int | None:
    """Return the throttling events of all cores, or of the packages that they report."""
    found = [_number(cpu / f"thermal_throttle/{what}_throttle_count") for cpu in _matching(cpus, "cpu[0-9]*")]
    known = [count for count in found if count is not None]
    return sum(known) if known else None


def _highest(cpus: Path, file: str) -> int | None:
    found = [_number(cpu / "cpufreq" / file) for cpu in _matching(cpus, "cpu[0-9]*")]
    known = [kilohertz * 1000 for kilohertz in found if kilohertz]
    return max(known, default=None)


def _celsius(file: Path) -> float | None:
    number = _number(file)
    if number is None:
        return None
    celsius = number / 1000 if abs(number) > _MOST else float(number)  # some phones give whole degrees
    return celsius if _LEAST <= celsius <= _MOST else None


def _number(file: Path) -> int | None:
    text = _text(file)
    try:
        return int(text) if text else None
    except ValueError:
        return None


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
