"""What every meter keeps to, and which one is chosen."""

from __future__ import annotations

import gc
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge_solver.config import METERS
from edge_solver.core.budget import Budget, Cost, Ledger, Payer
from edge_solver.core.meter import Activity, EnergyLabel, Meter, Rates
from edge_solver.energy import EstimatedMeter, Machine, PowercapMeter, choose_meter, gauge, open_real, survey, wall
from edge_solver.energy.apple import open_apple
from edge_solver.energy.battery import open_battery
from edge_solver.energy.choose import Described
from edge_solver.energy.emi import EmiMeter
from edge_solver.energy.polled import PolledMeter
from edge_solver.energy.termux import open_termux
from edge_solver.energy.wall import WallMeter
from tests.energy.conftest import INTEL, JOULE, PATH, Clock, FakeWindows, Supplies


def package(root: Path) -> Path:
    """Make the smallest powercap tree and return its counter."""
    zone = root / "intel-rapl:0"
    zone.mkdir(parents=True)
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text("262143328850\n")
    (zone / "energy_uj").write_text("5000000\n")
    return zone / "energy_uj"


@dataclass
class Case:
    """A meter on a machine where it works, and how that machine uses energy."""

    meter: Meter
    label: EnergyLabel
    scope: str
    use: Callable[[int], None]
    """Makes the machine stand where it does after so many minutes."""
    lose: Callable[[], None] | None
    """Takes the source away; ``None`` where there is none to lose."""


def counting(request: pytest.FixtureRequest) -> Case:
    root = request.getfixturevalue("tmp_path") / "powercap"
    counter = package(root)
    meter: Meter = PowercapMeter(root)
    if request.param == "polled":
        meter = PolledMeter(meter, 60.0)
    return Case(
        meter,
        EnergyLabel.COUNTER,
        "cpu package",
        lambda minutes: write(counter, 5_000_000 + minutes * 60_000_000),
        counter.unlink,
    )


def on_a_mac(request: pytest.FixtureRequest) -> Case:
    mac = request.getfixturevalue("mac")
    return Case(
        open_apple("darwin", "arm64", clock=request.getfixturevalue("clock")),
        EnergyLabel.COUNTER,
        "chip: cpu, gpu, memory, neural engine",
        lambda minutes: mac.counters.update(gpu_mj=500 + 60_000 * minutes),
        lambda: mac.counters.update(gpu_mj=None),
    )


def under_windows(request: pytest.FixtureRequest) -> Case:
    windows, clock = FakeWindows(INTEL), request.getfixturevalue("clock")

    def use(minutes: int) -> None:
        clock.now += 600
        windows.counters[f"{PATH}0"]["RAPL_Package0_PKG"] = (40_000 + 60 * minutes) * JOULE

    return Case(EmiMeter(windows, clock=clock), EnergyLabel.COUNTER, "cpu package", use, windows.counters.clear)


def at_the_wall(request: pytest.FixtureRequest) -> Case:
    file, clock = request.getfixturevalue("tmp_path") / "plug.txt", request.getfixturevalue("clock")
    file.write_text("1 kWh")
    meter = WallMeter(file, clock=clock)

    def use(minutes: int) -> None:
        for step in range(wall.STEPS):
            clock.now += 600 / wall.STEPS - 1
            file.write_text(f"{1000 + 100 * minutes + step} Wh")
            meter.read(Activity(0, 0.0))

    return Case(meter, EnergyLabel.MEASURED_WALL, wall.SCOPE, use, file.unlink)


def on_battery(request: pytest.FixtureRequest) -> Case:
    supplies, clock = request.getfixturevalue("supplies"), request.getfixturevalue("clock")

    def drain(minutes: int) -> None:
        clock.now += 600
        supplies.set("BAT0", energy_now=40_000_000 - 100_000 * minutes)

    return Case(
        open_battery(supplies.root, clock=clock),
        EnergyLabel.MEASURED_BATTERY,
        gauge.SCOPE,
        drain,
        lambda: supplies.remove("BAT0", "status"),
    )


def on_a_phone(request: pytest.FixtureRequest) -> Case:
    phone, clock = request.getfixturevalue("phone"), request.getfixturevalue("clock")

    def discharge(minutes: int) -> None:
        clock.now += 600
        phone.holds(charge_counter=3_194_654 - 10_000 * minutes)

    return Case(
        open_termux(str(phone.command), clock=clock),
        EnergyLabel.MEASURED_BATTERY,
        gauge.SCOPE,
        discharge,
        lambda: phone.script("exit 1"),
    )


def estimating(request: pytest.FixtureRequest) -> Case:
    meter = EstimatedMeter()
    if request.param == "calibrated":
        meter = EstimatedMeter(Rates(1e-10, 0.0, 4.0), EnergyLabel.ESTIMATED_CALIBRATED, "cpu package", 0.1)
    return Case(meter, meter.label, "cpu package", lambda _: None, None)


CASES = {
    "wall": at_the_wall,
    "powercap": counting,
    "polled": counting,
    "apple": on_a_mac,
    "emi": under_windows,
    "battery": on_battery,
    "termux": on_a_phone,
    "calibrated": estimating,
    "estimate": estimating,
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param](request)


def write(path: Path, number: int) -> None:
    path.write_text(f"{number}\n")


def test_every_meter_starts_at_nothing_with_a_label_and_a_scope(case: Case) -> None:
    reading = case.meter.read(Activity(0, 0.0))
    assert reading.joules == pytest.approx(0.0, abs=0.01)  # a running Mac moves with every look
    assert (reading.label, reading.scope) == (case.label, case.scope)


def test_every_meter_goes_up_and_keeps_its_label(case: Case) -> None:
    joules = []
    for step in range(1, 5):
        case.use(step)
        reading = case.meter.read(Activity(step * 10**12, step * 600.0))
        assert (reading.label, reading.scope) == (case.label, case.scope)
        assert reading.joules is not None
        joules.append(reading.joules)
    assert joules == sorted(set(joules))


def test_every_meter_gives_its_number_through_a_ledger_whose_clock_runs(case: Case) -> None:
    ticks, minutes = itertools.count(), 0
    ledger = Ledger(Budget(), lambda: next(ticks) * 1e-6 + minutes * 60.0, case.meter)
    case.use(1)
    minutes = 10
    spent = ledger.spent().energy
    assert spent.label is case.label
    assert spent.joules is not None
    assert spent.joules > 0


def test_a_meter_that_loses_its_source_gives_no_number_again_and_the_search_goes_on(case: Case, clock: Clock) -> None:
    if case.lose is None:
        return
    case.use(1)
    ledger = Ledger(Budget(), lambda: 0.0, case.meter)
    case.lose()
    clock.now += 600
    assert case.meter.read(Activity(10**12, 600.0)).joules is None
    assert ledger.request(Cost(Payer.DECODE, flops=4)) is None
    spent = ledger.spent().energy
    assert (spent.joules, spent.label) == (None, EnergyLabel.UNAVAILABLE)


def test_the_estimate_is_linear_in_flops_bytes_and_seconds_and_says_that_it_is_one() -> None:
    meter = EstimatedMeter(Rates(1e-10, 2e-10, 4.0))
    reading = meter.read(Activity(flops=10**11, seconds=2.0, bytes_read=10**10))
    assert reading.joules == pytest.approx(10.0 + 2.0 + 8.0)
    assert reading.label is EnergyLabel.ESTIMATED_DEFAULT


def test_the_default_constants_give_a_laptop_like_figure_for_a_small_model() -> None:
    """Hold the cross-check in ``model.py``: 3.2e9 weights at 23.8 tokens/s, at most 2.1 J/token at the wall."""
    reading = EstimatedMeter().read(Activity(flops=int(2 * 3.2e9), seconds=1 / 23.8))
    assert reading.joules == pytest.approx(0.86, abs=0.01)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing can be measured."""
    nothing = tmp_path / "nothing"
    return Machine(nothing, nothing, str(nothing / "termux-battery-status"), "linux", "x86_64", nothing)


def test_counters_are_chosen_where_they_work(tmp_path: Path, machine: Machine) -> None:
    package(tmp_path / "powercap")
    choice = choose_meter(machine=replace(machine, powercap=tmp_path / "powercap"))
    assert (choice.name, choice.refusals) == ("powercap", ())


def test_without_counters_the_estimate_is_chosen_with_the_reasons(machine: Machine) -> None:
    choice = choose_meter(machine=machine)
    assert choice.name == "estimate"
    assert [refusal.meter for refusal in choice.refusals] == ["powercap", "apple", "emi", "calibrated"]
    assert "no powercap here" in choice.refusals[0].reason


@pytest.mark.usefixtures("mac")
def test_a_mac_counts_by_its_chip(machine: Machine) -> None:
    assert choose_meter(machine=replace(machine, system="darwin", processor="arm64")).name == "apple"


@pytest.mark.parametrize(
    ("wanted", "seconds", "capped", "name"),
    [
        ("auto", None, False, "estimate"),
        ("auto", 60.0, False, "estimate"),
        ("auto", 120.0, False, "battery"),
        ("auto", 120.0, True, "estimate"),
        ("battery", None, False, "battery"),
        ("battery", None, True, "estimate"),
        ("termux", None, False, "estimate"),
        ("estimate", 120.0, False, "estimate"),
    ],
)
def test_a_battery_is_chosen_for_long_runs_or_by_name_and_never_under_a_cap(
    supplies: Supplies, machine: Machine, wanted: str, seconds: float | None, *, capped: bool, name: str
) -> None:
    laptop = replace(machine, power_supply=supplies.root)
    assert choose_meter(wanted, seconds=seconds, capped=capped, machine=laptop).name == name


def test_a_wall_meter_is_used_by_its_file_and_never_under_a_cap(tmp_path: Path, machine: Machine) -> None:
    file = tmp_path / "plug.txt"
    file.write_text("12 Wh")
    assert choose_meter(f"wall:{file}", machine=machine).name == "wall"
    assert open_real(f"wall:{file}", machine).name == "wall"
    capped = choose_meter(f"wall:{file}", capped=True, machine=machine)
    assert capped.name == "estimate"
    assert capped.refusals[0].reason == "a meter at the wall is too slow to keep a cap on joules"
    found = survey(machine, wanted=f"wall:{file}")[0]
    assert (found.works, found.remedy) == (True, f"edge-solver solve --meter wall:{file} ...")


@pytest.mark.usefixtures("mac")
def test_counters_of_a_mac_are_watched_between_two_readings(machine: Machine) -> None:
    choice = choose_meter(machine=replace(machine, system="darwin", processor="arm64"))
    assert isinstance(choice.meter, Described)
    assert isinstance(choice.meter.meter, PolledMeter)


def test_a_wanted_meter_that_does_not_work_is_named_in_a_warning(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert choose_meter("battery", machine=machine).name == "estimate"
    assert "energy is not measured by battery" in caplog.text


def test_counters_come_before_a_battery_even_for_a_long_run(
    tmp_path: Path, supplies: Supplies, machine: Machine
) -> None:
    package(tmp_path / "powercap")
    laptop = replace(machine, powercap=tmp_path / "powercap", power_supply=supplies.root)
    assert choose_meter(seconds=3600.0, machine=laptop).name == "powercap"


def test_the_survey_names_every_meter_in_the_order_of_preference(supplies: Supplies, machine: Machine) -> None:
    findings = survey(replace(machine, power_supply=supplies.root, system="darwin", processor="arm64"))
    assert {"auto", *(finding.meter for finding in findings)} == {name.partition(":")[0] for name in METERS}
    assert [finding.meter for finding in findings] == [
        "wall", "powercap", "apple", "emi", "battery", "termux", "calibrated", "estimate"
    ]  # fmt: skip
    assert [finding.meter for finding in findings if finding.works] == ["battery", "estimate"]
    assert [finding.meter for finding in findings if finding.chosen] == ["estimate"]
    assert findings[2].remedy == "pip install 'edge-solver[apple]'"
    assert findings[4].label is EnergyLabel.MEASURED_BATTERY
    assert findings[4].remedy == "edge-solver solve --meter battery ..."
    assert findings[6].remedy == "edge-solver energy --calibrate"
    assert all(finding.reason for finding in findings if not finding.chosen)


def test_a_poll_in_the_background_sees_every_turn_of_a_counter(tmp_path: Path) -> None:
    counter = package(tmp_path)
    (tmp_path / "intel-rapl:0" / "max_energy_range_uj").write_text("10000000\n")
    looks = Looks(counter)
    meter = PolledMeter(PowercapMeter(tmp_path, read=looks), 0.001)
    for turn in range(1, 31):  # three times round, a joule at each step
        looks.value = (5_000_000 + turn * 1_000_000) % 10_000_000
        seen = looks.count
        end = time.monotonic() + 10.0
        while looks.count < seen + 2 and time.monotonic() < end:
            time.sleep(0.001)
    assert meter.read(Activity(1, 0.5)).joules == pytest.approx(30.0)
    meter.close()


def test_the_poll_ends_with_the_meter(tmp_path: Path) -> None:
    package(tmp_path)
    before = set(threading.enumerate())
    meter = PolledMeter(PowercapMeter(tmp_path), 0.001)
    (thread,) = set(threading.enumerate()) - before
    del meter
    gc.collect()
    thread.join(10.0)
    assert not thread.is_alive()


class Looks:
    """Reads a counter that a test sets, and counts how often."""

    def __init__(self, counter: Path) -> None:
        self._counter, self.value, self.count = counter, 5_000_000, 0

    def __call__(self, path: Path) -> int:
        if path != self._counter:
            return int(path.read_text())
        self.count += 1
        return self.value


def test_a_ledger_stops_at_a_joule_cap_under_the_estimate() -> None:
    meter = EstimatedMeter(Rates(1.0, 0.0, 0.0))
    ledger = Ledger(Budget(joules=10.0), lambda: 0.0, meter)
    call = Cost(Payer.DECODE, flops=4)
    granted = 0
    while ledger.request(call) is None:
        granted += 1
    assert granted == 2  # 4, 8; the next would pass the cap
