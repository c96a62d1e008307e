"""The energy meters of Windows, by the bytes that its drivers answer."""

from __future__ import annotations

import struct
import sys

import pytest

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy import emi
from edge_solver.energy.emi import EmiMeter, open_emi, parse_channels
from edge_solver.energy.unavailable import MeterUnavailableError
from tests.energy.conftest import INTEL, JOULE, PATH, Clock, FakeWindows, metadata_v1, metadata_v2

BUSY = Activity(flops=10**12, seconds=10.0)


def counted(joules: float) -> Reading:
    return Reading(pytest.approx(joules, rel=1e-6), EnergyLabel.COUNTER, "cpu package")  # type: ignore[arg-type]


NO_NUMBER = Reading(None, EnergyLabel.UNAVAILABLE, "cpu package")


@pytest.mark.parametrize("version", [1, 2])
def test_a_package_is_counted_in_joules_and_its_parts_are_not(clock: Clock, version: int) -> None:
    windows = FakeWindows(INTEL if version == 2 else {"RAPL_Package0_PKG": 7 * JOULE}, version=version)
    meter = EmiMeter(windows, clock=clock)
    for name in windows.counters[f"{PATH}0"]:
        windows.use(name, 12.5)
    clock.now += 1
    assert meter.read(BUSY) == counted(12.5)


def test_two_packages_are_added(clock: Clock) -> None:
    windows = FakeWindows({"RAPL_Package0_PKG": 9000 * JOULE, "RAPL_Package1_PKG": 7000 * JOULE})
    meter = EmiMeter(windows, clock=clock)
    windows.use("RAPL_Package0_PKG", 3.0)
    windows.use("RAPL_Package1_PKG", 4.0)
    clock.now += 1
    assert meter.read(BUSY) == counted(7.0)


def test_channels_that_mirror_one_counter_count_once(clock: Clock) -> None:
    windows = FakeWindows({"RAPL_Package0_PKG": 9000 * JOULE, "RAPL_Package1_PKG": 9000 * JOULE + 1000})
    meter = EmiMeter(windows, clock=clock)
    windows.use("RAPL_Package0_PKG", 3.0)
    windows.use("RAPL_Package1_PKG", 3.0)
    clock.now += 1
    assert meter.read(BUSY) == counted(3.0)


def test_a_package_that_two_devices_show_counts_once(clock: Clock) -> None:
    windows = FakeWindows(INTEL, {"rapl_package0_pkg": 11 * JOULE})
    meter = EmiMeter(windows, clock=clock)
    windows.use("RAPL_Package0_PKG", 3.0)
    windows.use("rapl_package0_pkg", 5.0)
    clock.now += 1
    assert meter.read(BUSY) == counted(3.0)


def test_a_counter_that_stands_still_under_work_is_stale(clock: Clock) -> None:
    meter = EmiMeter(FakeWindows(INTEL), clock=clock)
    assert meter.read(Activity(1, 0.5)) == counted(0.0)
    assert meter.read(BUSY).label is EnergyLabel.STALE


@pytest.mark.parametrize("joules", [-1.0, 1e9])
def test_a_counter_that_goes_back_or_jumps_ends_the_meter(clock: Clock, joules: float) -> None:
    windows = FakeWindows(INTEL)
    meter = EmiMeter(windows, clock=clock)
    windows.use("RAPL_Package0_PKG", joules)
    clock.now += 1
    assert meter.read(BUSY) == NO_NUMBER
    windows.use("RAPL_Package0_PKG", 5.0 - joules)
    assert meter.read(BUSY) == NO_NUMBER


def test_a_device_that_vanishes_or_answers_half_ends_the_meter(clock: Clock) -> None:
    for cut, failure in ((8, None), (0, OSError(31, "a device attached to the system is not functioning"))):
        windows = FakeWindows(INTEL)
        meter = EmiMeter(windows, clock=clock)
        windows.cut, windows.failure = cut, failure
        clock.now += 1
        assert meter.read(BUSY) == NO_NUMBER
        assert meter.broken is not None


@pytest.mark.parametrize(
    ("windows", "reason"),
    [
        (FakeWindows(), "needs Windows 11"),
        (FakeWindows({"RAPL_Package0_PP0": 1, "GPU": 1}), "it shows: RAPL_Package0_PP0, GPU"),
        (FakeWindows(INTEL, version=3), "version 3"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(windows: FakeWindows, reason: str) -> None:
    with pytest.raises(MeterUnavailableError, match=reason):
        EmiMeter(windows)


@pytest.mark.parametrize("length", range(0, 100, 9))
@pytest.mark.parametrize(("version", "data"), [(1, metadata_v1("RAPL_Package0_PKG")), (2, metadata_v2(list(INTEL)))])
def test_a_description_that_ends_early_is_refused(version: int, data: bytes, length: int) -> None:
    with pytest.raises(MeterUnavailableError):
        parse_channels(version, data[:length])


def test_a_strange_device_leaves_the_others_as_they_are(clock: Clock) -> None:
    class Mixed(FakeWindows):
        def ask(self, device: str, code: int, size: int) -> bytes:
            if device.endswith("0"):
                return struct.pack("<H", 9)
            return super().ask(device, code, size)

    windows = Mixed({"GPU": 1}, INTEL)
    meter = EmiMeter(windows, clock=clock)
    windows.use("RAPL_Package0_PKG", 2.0)
    clock.now += 1
    assert meter.read(BUSY) == counted(2.0)


def test_another_unit_is_refused() -> None:
    with pytest.raises(MeterUnavailableError, match="unit"):
        parse_channels(2, metadata_v2(["RAPL_Package0_PKG"], unit=1))


def test_the_control_codes_are_those_of_the_header() -> None:
    codes = [emi.GET_VERSION, emi.GET_METADATA_SIZE, emi.GET_METADATA, emi.GET_MEASUREMENT]
    assert codes == [0x224000, 0x224004, 0x224008, 0x22400C]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows may have such a meter")
def test_elsewhere_there_is_no_such_meter() -> None:
    with pytest.raises(MeterUnavailableError, match="not Windows"):
        open_emi()
