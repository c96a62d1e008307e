"""The powercap meter on trees that look like the kernel's: flat links to nested zones, counters that wrap and fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.powercap import ENABLE, PowercapMeter, find_zones, read_number
from edge_solver.energy.unavailable import MeterUnavailableError

INTEL_RANGE = 262_143_328_850  # microjoules, as many Intel processors report it
AMD_RANGE = 65_532_610_987  # as an EPYC 7543 reports it
BUSY = Activity(flops=10**12, seconds=10.0)


class Tree:
    """A ``/sys/class/powercap``: links in one flat folder to zones that are nested under ``/sys/devices``."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "class" / "powercap"
        self.root.mkdir(parents=True)
        self._devices = folder / "devices" / "virtual" / "powercap"

    def add(self, zone: str, name: str, energy: int = 0, wraps_at: int | None = INTEL_RANGE) -> Path:
        """Add ``intel-rapl:0`` or the zone ``intel-rapl:0:1`` inside it, with its control type."""
        control, *numbers = zone.split(":")
        folder = self._devices / control
        self._link(control, folder)
        for depth in range(len(numbers)):
            folder /= ":".join([control, *numbers[: depth + 1]])
        self._link(zone, folder)
        (folder / "name").write_text(f"{name}\n")
        (folder / "enabled").write_text("0\n")
        (folder / "energy_uj").write_text(f"{energy}\n")
        if wraps_at is not None:
            (folder / "max_energy_range_uj").write_text(f"{wraps_at}\n")
        return folder / "energy_uj"

    def _link(self, name: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        link = self.root / name
        if not link.is_symlink():
            link.symlink_to(folder)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "sys")


@pytest.fixture
def laptop(tree: Tree) -> Tree:
    """An Intel laptop: one package with its parts, the platform beside it, and the package's mapped twin."""
    tree.add("intel-rapl:0", "package-0", 1_000_000)
    tree.add("intel-rapl:0:0", "core", 600_000)
    tree.add("intel-rapl:0:1", "uncore", 100_000)
    tree.add("intel-rapl:0:2", "dram", 100_000)
    tree.add("intel-rapl:1", "psys", 5_000_000)
    tree.add("intel-rapl-mmio:0", "package-0", 990_000)
    return tree


def counter(tree: Tree, zone: str) -> Path:
    return tree.root / zone / "energy_uj"


def set_counter(tree: Tree, zone: str, energy: int) -> None:
    counter(tree, zone).write_text(f"{energy}\n")


def counted(joules: float) -> Reading:
    about: Any = pytest.approx(joules)
    return Reading(about, EnergyLabel.COUNTER, "cpu package")


NO_NUMBER = Reading(None, EnergyLabel.UNAVAILABLE, "cpu package")


def test_only_the_package_counts_on_a_laptop(laptop: Tree) -> None:
    assert [zone.name for zone in find_zones(laptop.root)] == ["package-0"]


def test_energy_is_counted_from_the_opening(laptop: Tree) -> None:
    meter = PowercapMeter(laptop.root)
    assert meter.read(Activity(0, 0.0)) == counted(0.0)
    set_counter(laptop, "intel-rapl:0", 3_500_000)
    assert meter.read(BUSY) == counted(2.5)


def test_platform_parts_and_the_mapped_twin_are_never_added(laptop: Tree) -> None:
    meter = PowercapMeter(laptop.root)
    for zone in ("intel-rapl:0:0", "intel-rapl:0:2", "intel-rapl:1", "intel-rapl-mmio:0"):
        set_counter(laptop, zone, 9_000_000)
    set_counter(laptop, "intel-rapl:0", 2_000_000)
    assert meter.read(BUSY) == counted(1.0)


def test_the_register_counter_is_taken_before_its_mapped_twin(laptop: Tree) -> None:
    (zone,) = find_zones(laptop.root)
    assert zone.folder.name == "intel-rapl:0"


def test_a_package_that_only_the_mapped_tree_shows_is_used(tree: Tree) -> None:
    tree.add("intel-rapl-mmio:0", "package-0", 0)
    meter = PowercapMeter(tree.root)
    set_counter(tree, "intel-rapl-mmio:0", 1_000_000)
    assert meter.read(BUSY) == counted(1.0)


def test_platform_alone_is_not_a_package(tree: Tree) -> None:
    tree.add("intel-rapl:0", "psys")
    with pytest.raises(MeterUnavailableError, match="no processor package"):
        PowercapMeter(tree.root)


def test_packages_are_chosen_by_name_not_by_number(tree: Tree) -> None:
    tree.add("intel-rapl:0", "psys", 0)
    tree.add("intel-rapl:1", "package-1", 0)
    tree.add("intel-rapl:2", "package-0", 0)
    meter = PowercapMeter(tree.root)
    set_counter(tree, "intel-rapl:0", 100_000_000)
    set_counter(tree, "intel-rapl:1", 1_000_000)
    set_counter(tree, "intel-rapl:2", 2_000_000)
    assert meter.read(BUSY) == counted(3.0)


def test_the_dies_of_an_amd_processor_are_added_up(tree: Tree) -> None:
    for die in range(4):
        tree.add(f"intel-rapl:{die}", f"package-0-die-{die}", 0, AMD_RANGE)
        tree.add(f"intel-rapl:{die}:0", "core", 0, AMD_RANGE)
    meter = PowercapMeter(tree.root)
    for die in range(4):
        set_counter(tree, f"intel-rapl:{die}", (die + 1) * 1_000_000)
        set_counter(tree, f"intel-rapl:{die}:0", 50_000_000)
    assert meter.read(BUSY) == counted(10.0)


def test_two_packages_of_dies_with_mapped_twins_count_every_die_once(tree: Tree) -> None:
    """Registers and the mapped tree number their zones apart, and one of them may know only some dies."""
    dies = [f"package-{package}-die-{die}" for package in range(2) for die in range(2)]
    for number, die in enumerate(dies):
        tree.add(f"intel-rapl:{number}", die, 0, AMD_RANGE)
    for number, die in enumerate(reversed(dies)):
        tree.add(f"intel-rapl-mmio:{number}", die, 0, AMD_RANGE)
    tree.add("intel-rapl-mmio:4", "package-1", 0, AMD_RANGE)
    tree.add("intel-rapl:9", "psys", 0)
    zones = find_zones(tree.root)
    assert [zone.name for zone in zones] == ["package-0-die-0", "package-0-die-1", "package-1"]
    meter = PowercapMeter(tree.root)
    for number in range(4):
        set_counter(tree, f"intel-rapl:{number}", 1_000_000)
        set_counter(tree, f"intel-rapl-mmio:{number}", 1_000_000)
    set_counter(tree, "intel-rapl-mmio:4", 2_000_000)
    set_counter(tree, "intel-rapl:9", 7_000_000)
    assert meter.read(BUSY) == counted(4.0)


def test_a_package_listed_whole_and_by_dies_is_counted_once(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 0)
    tree.add("intel-rapl:1", "package-0-die-0", 0)
    assert [zone.name for zone in find_zones(tree.root)] == ["package-0"]


def test_a_counter_that_wraps_is_repaired_by_its_own_range(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", AMD_RANGE - 1_000_000, AMD_RANGE)
    tree.add("intel-rapl:1", "package-1", INTEL_RANGE - 2_000_000, INTEL_RANGE)
    meter = PowercapMeter(tree.root, clock=iter([0.0, 1.0]).__next__)
    set_counter(tree, "intel-rapl:0", 3_000_000)
    set_counter(tree, "intel-rapl:1", 4_000_000)
    assert meter.read(BUSY) == counted(4.0 + 6.0)


def test_a_counter_that_wraps_again_and_again_adds_up(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 0, 100)
    seconds = iter(range(1000))
    meter = PowercapMeter(tree.root, clock=lambda: float(next(seconds)))
    for step in range(1, 31):
        set_counter(tree, "intel-rapl:0", step * 70 % 100)
        meter.read(BUSY)
    assert meter.read(BUSY) == counted(30 * 70 / 1e6)


def test_a_counter_that_was_set_back_is_no_wrap(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 200_000_000_000)
    meter = PowercapMeter(tree.root, clock=iter([0.0, 2.0]).__next__)
    set_counter(tree, "intel-rapl:0", 0)  # read as a wrap, this would be 62 kJ in two seconds
    assert meter.read(BUSY) == NO_NUMBER
    assert meter.broken is not None
    assert "set back" in meter.broken


def test_without_a_known_range_a_wrap_ends_the_readings(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 5_000_000, wraps_at=None)
    meter = PowercapMeter(tree.root)
    set_counter(tree, "intel-rapl:0", 6_000_000)
    assert meter.read(BUSY) == counted(1.0)
    set_counter(tree, "intel-rapl:0", 1_000)
    assert meter.read(BUSY) == NO_NUMBER


def test_a_vanished_counter_gives_no_number_and_stays_without(laptop: Tree) -> None:
    meter = PowercapMeter(laptop.root)
    set_counter(laptop, "intel-rapl:0", 2_000_000)
    assert meter.read(BUSY) == counted(1.0)
    counter(laptop, "intel-rapl:0").unlink()
    assert meter.read(BUSY) == NO_NUMBER
    set_counter(laptop, "intel-rapl:0", 100)  # back after a driver was loaded again: nobody knows what was missed
    assert meter.read(BUSY) == NO_NUMBER


@pytest.mark.parametrize("content", ["", "lots\n"])
def test_a_counter_without_a_number_gives_none(laptop: Tree, content: str) -> None:
    meter = PowercapMeter(laptop.root)
    counter(laptop, "intel-rapl:0").write_text(content)
    assert meter.read(BUSY) == NO_NUMBER


def test_one_lost_package_of_two_leaves_no_half_sum(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 0)
    tree.add("intel-rapl:1", "package-1", 0)
    meter = PowercapMeter(tree.root)
    set_counter(tree, "intel-rapl:0", 1_000_000)
    counter(tree, "intel-rapl:1").unlink()
    assert meter.read(BUSY) == NO_NUMBER


def test_a_counter_that_never_moves_under_load_is_stale_not_zero(laptop: Tree) -> None:
    meter = PowercapMeter(laptop.root)
    assert meter.read(Activity(1, 0.01)) == counted(0.0)
    assert meter.read(BUSY) == Reading(None, EnergyLabel.STALE, "cpu package")


def denied(*, after: int = 0) -> Callable[[Path], int]:
    """Read numbers like the kernel does for a user: ``energy_uj`` is root's, after ``after`` good reads."""
    left = after

    def read(path: Path) -> int:
        nonlocal left
        if path.name == "energy_uj":
            left -= 1
            if left < 0:
                raise PermissionError(13, "Permission denied", str(path))
        return read_number(path)

    return read


def test_without_permission_the_reason_and_the_command_are_given(laptop: Tree) -> None:
    with pytest.raises(MeterUnavailableError, match="only root may read") as caught:
        PowercapMeter(laptop.root, read=denied())
    assert caught.value.remedy == ENABLE
    assert ENABLE.startswith("sudo chmod")


def test_a_permission_taken_away_later_gives_no_number(laptop: Tree) -> None:
    meter = PowercapMeter(laptop.root, read=denied(after=1))
    assert meter.read(BUSY) == NO_NUMBER


def test_a_machine_without_powercap_says_so(tmp_path: Path) -> None:
    with pytest.raises(MeterUnavailableError, match="no powercap here") as caught:
        PowercapMeter(tmp_path / "nothing")
    assert caught.value.remedy is None


def test_a_zone_that_vanishes_while_listing_is_passed_over(laptop: Tree) -> None:
    shutil.rmtree((laptop.root / "intel-rapl-mmio:0").resolve())  # leaves a dangling link
    assert [zone.folder.name for zone in find_zones(laptop.root)] == ["intel-rapl:0"]
