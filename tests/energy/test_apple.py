"""The counters of a Mac, on a package with the names and units of zeus-apple-silicon 1.1.0."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.apple import INSTALL, SCOPE, AppleMeter, open_apple
from edge_solver.energy.unavailable import MeterUnavailableError
from tests.energy.conftest import Clock, Mac

BUSY = Activity(flops=10**12, seconds=10.0)
NO_NUMBER = Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)


def opened(clock: Clock) -> AppleMeter:
    return open_apple("darwin", "arm64", clock=clock)


def test_processor_graphics_memory_and_neural_engine_are_added_and_nothing_else(mac: Mac, clock: Clock) -> None:
    meter = opened(clock)
    mac.running = False
    before = dict(mac.counters)
    assert [before[part] for part in ("cpu_total_mj", "gpu_mj", "dram_mj", "ane_mj")] == [10_003, 500, 300, 0]
    mac.counters.update(cpu_total_mj=11_003, gpu_mj=700, dram_mj=330, ane_mj=4, gpu_sram_mj=70_000)
    mac.counters["performance_cluster_mj"] = [90_000]
    about: Any = pytest.approx(1.234)
    assert meter.read(BUSY) == Reading(about, EnergyLabel.COUNTER, SCOPE)


def test_a_part_that_the_chip_lacks_is_left_out(mac: Mac, clock: Clock) -> None:
    mac.counters["ane_mj"] = mac.counters["dram_mj"] = None
    meter = opened(clock)
    mac.counters["gpu_mj"] = 999
    assert meter.read(BUSY).joules == pytest.approx(0.5)


def test_a_chip_without_a_counter_for_its_processor_is_refused(mac: Mac, clock: Clock) -> None:
    mac.counters["cpu_total_mj"] = None
    mac.running = False
    with pytest.raises(MeterUnavailableError, match="no counter for its processor"):
        opened(clock)


def test_counters_published_in_batches_are_refused(mac: Mac, clock: Clock) -> None:
    mac.running = False
    with pytest.raises(MeterUnavailableError, match="in batches"):
        opened(clock)


def test_counters_that_stop_under_work_are_stale_until_they_move(mac: Mac, clock: Clock) -> None:
    meter = opened(clock)
    mac.running = False
    clock.now += 5
    assert meter.read(BUSY) == Reading(None, EnergyLabel.STALE, SCOPE)
    mac.running = True
    assert meter.read(BUSY).label is EnergyLabel.COUNTER


def test_counters_that_begin_to_come_in_batches_give_no_number_between_them(mac: Mac, clock: Clock) -> None:
    """What a poll every second sees of a batch every five; readings of a run fall anywhere."""
    meter = opened(clock)
    mac.running = False
    labels = []
    for second in range(1, 21):
        clock.now += 1
        if second % 5 == 0:
            mac.counters["cpu_total_mj"] = 10_000 + 1000 * second
        meter.read(Activity(0, 0.0))
        labels.append(meter.read(BUSY).label)
    fresh = [second for second, label in enumerate(labels, 1) if label is EnergyLabel.COUNTER]
    assert fresh == [5, 10, 15, 20]


def test_two_windows_that_overlap_each_count_their_own(mac: Mac, clock: Clock) -> None:
    mac.counters["cpu_total_mj"] = 0
    first = opened(clock)
    mac.counters["gpu_mj"] = 2_500
    second = opened(clock)
    mac.running = False
    mac.counters["gpu_mj"] = 3_500
    one, other = first.read(BUSY).joules, second.read(BUSY).joules
    assert one == pytest.approx(3.0, abs=0.01)
    assert other == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("part", "value"),
    [("cpu_total_mj", 5), ("gpu_mj", None), ("dram_mj", float("nan")), ("dram_mj", "many"), ("ane_mj", -3)],
)
def test_a_counter_that_goes_back_or_away_ends_the_readings(mac: Mac, clock: Clock, part: str, value: object) -> None:
    meter = opened(clock)
    mac.counters[part] = value
    assert meter.read(BUSY) == NO_NUMBER
    mac.counters[part] = 10**9
    assert meter.read(BUSY) == NO_NUMBER
    assert meter.broken is not None


def test_an_exception_of_the_package_ends_the_readings(mac: Mac, clock: Clock) -> None:
    meter = opened(clock)
    mac.failure = RuntimeError("Failed to create IOReport subscription.")
    assert meter.read(BUSY) == NO_NUMBER
    with pytest.raises(MeterUnavailableError, match="IOReport"):
        opened(clock)


def test_without_the_package_the_command_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeus_apple_silicon", None)
    with pytest.raises(MeterUnavailableError, match="zeus-apple-silicon is missing") as caught:
        open_apple("darwin", "arm64")
    assert caught.value.remedy == INSTALL


@pytest.mark.parametrize(("system", "machine"), [("linux", "aarch64"), ("darwin", "x86_64"), ("win32", "ARM64")])
@pytest.mark.usefixtures("mac")
def test_other_machines_have_no_such_counters(system: str, machine: str) -> None:
    with pytest.raises(MeterUnavailableError, match="no Mac with Apple Silicon"):
        open_apple(system, machine)
