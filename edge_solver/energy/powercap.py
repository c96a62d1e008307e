"""The energy counters of x86 processors under Linux (RAPL, by the kernel's powercap tree), Intel and AMD alike.

Only whole packages count: cores, memory and graphics are parts of them, and ``psys`` (the whole platform) contains
them, so nothing of that is ever added. The counters are cumulative and wrap; the meter adds up differences. Its
invariant: a reading that cannot be trusted ends the meter, for a counter that vanished and came back looks like a wrap.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.unavailable import Breakable, MeterUnavailableError

ROOT = Path("/sys/class/powercap")
SCOPE = "cpu package"

# Reading is root's alone since Linux 5.10 (CVE-2020-8694: the counter leaks what other programs compute).
ENABLE = "sudo chmod a+r /sys/class/powercap/intel-rapl*:*/energy_uj"
"""Lets every user read the counters until the next start of the machine."""

# `intel-rapl` reads the processor's registers and `intel-rapl-mmio` a mapped copy of them: the same package twice.
# AMD processors appear under `intel-rapl` too. Zones inside a package (`intel-rapl:0:1`) do not match.
_ZONE = re.compile(r"intel-rapl(?P<twin>-mmio)?:\d+")
_PACKAGE = re.compile(r"(?P<package>package-\d+)(?:-die-\d+)?")

_MOST_WATTS = 2000.0  # more than any package draws: a "wrap" that says so was a counter set back (suspend, new driver)
_SHORTEST = 0.1  # seconds; below this the clock is no better than the guess
_TICKING_AFTER = 1.0  # seconds of work; counters move every millisecond, those of some virtual machines never do

ReadNumber = Callable[[Path], int]
"""How a counter file is read; tests put failures here that a file system does not produce for root."""


def read_number(path: Path) -> int:
    """Return the whole number in a file."""
    return int(path.read_text(encoding="ascii"))


@dataclass(frozen=True, slots=True)
class Zone:
    """One package, or one die of it, and its counter."""

    name: str
    folder: Path
    wraps_at_microjoules: int | None
    """The largest value of the counter; ``None`` where the kernel does not say."""

    @property
    def counter(self) -> Path:
        """The file of the counter."""
        return self.folder / "energy_uj"


class PowercapMeter(Breakable):
    """Adds up what all packages have used since it was opened."""

    def __init__(
        self, root: Path = ROOT, *, read: ReadNumber = read_number, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Find the packages and take their first reading.

        Raises:
            MeterUnavailableError: No packages here, or their counters cannot be read.
        """
        self._read_number, self._clock = read, clock
        self.zones = find_zones(root, read)
        self._last = {zone: self._counter(zone) for zone in self.zones}
        self._when = clock()
        self._microjoules = 0

    def read(self, activity: Activity) -> Reading:
        """Return the joules since the meter was opened, or no number once a counter could not be trusted."""
        self._attempt(self._advance)
        if self.broken is not None:
            return Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)
        if self._microjoules == 0 and activity.seconds >= _TICKING_AFTER:
            return Reading(None, EnergyLabel.STALE, SCOPE)
        return Reading(self._microjoules / 1e6, EnergyLabel.COUNTER, SCOPE)

    def _advance(self) -> None:
        now = {zone: self._counter(zone) for zone in self.zones}
        when = self._clock()
        seconds = when - self._when
        self._microjoules += sum(_difference(zone, self._last[zone], now[zone], seconds) for zone in self.zones)
        self._last, self._when = now, when

    def _counter(self, zone: Zone) -> int:
        try:
            value = self._read_number(zone.counter)
        except PermissionError:
            raise MeterUnavailableError(f"only root may read {zone.counter}", ENABLE) from None
        except (OSError, ValueError) as error:
            raise MeterUnavailableError(f"{zone.counter} cannot be read: {error}") from None
        if value < 0:
            raise MeterUnavailableError(f"{zone.counter} gives {value}: counters have no sign")
        return value


def find_zones(root: Path, read: ReadNumber = read_number) -> tuple[Zone, ...]:
    """Return one zone per package or die, its register counter before its mapped twin, in the order of their names.

    Raises:
        MeterUnavailableError: There are no packages.
    """
    # Register counters come first in this order, so the first zone of a name is the one to keep.
    folders = [(bool(match["twin"]), path) for path in _listing(root) if (match := _ZONE.fullmatch(path.name))]
    found: dict[str, Zone] = {}
    for _, folder in sorted(folders):
        name = _name(folder)
        if name is not None and _PACKAGE.fullmatch(name):
            found.setdefault(name, Zone(name, folder, _range(folder, read)))
    # A package that is listed whole contains its dies.
    zones = [zone for name, zone in found.items() if name == _package(name) or _package(name) not in found]
    if not zones:
        raise MeterUnavailableError(f"{root} lists no processor package (no RAPL, or hidden by a virtual machine)")
    return tuple(sorted(zones, key=lambda zone: zone.name))


def _listing(root: Path) -> list[Path]:
    try:
        return list(root.iterdir())
    except OSError as error:
        raise MeterUnavailableError(f"{root} cannot be listed ({error.strerror}): no powercap here") from None


def _name(folder: Path) -> str | None:
    try:
        return (folder / "name").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def _range(folder: Path, read: ReadNumber) -> int | None:
    try:
        return read(folder / "max_energy_range_uj")
    except (OSError, ValueError):
        return None


def _package(name: str) -> str:
    match = _PACKAGE.fullmatch(name)
    return match["package"] if match else name


def _difference(zone: Zone, before: int, now: int, seconds: float) -> int:
    """Return the microjoules between two values of a counter that may have wrapped once."""
    if now >= before:
        return now - before
    if zone.wraps_at_microjoules is None:
        raise MeterUnavailableError(f"{zone.counter} went back from {before} to {now}, and its range is not known")
    used = now + zone.wraps_at_microjoules - before
    if used < 0 or used > _MOST_WATTS * 1e6 * max(seconds, _SHORTEST):
        raise MeterUnavailableError(f"{zone.counter} went back from {before} to {now}: it was set back, not wrapped")
    return used
