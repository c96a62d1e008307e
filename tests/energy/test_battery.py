"""A laptop's battery, on trees with the kernel's file names and units."""

from __future__ import annotations

import logging
import shutil
from typing import Any

import pytest

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.battery import UNPLUG, open_battery
from edge_solver.energy.gauge import SCOPE
from edge_solver.energy.unavailable import MeterUnavailableError
from tests.energy.conftest import Clock, Supplies

START = Activity(0, 0.0)
LONG = Activity(flops=10**15, seconds=600.0)
NO_NUMBER = Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)
TOO_EARLY = Reading(None, EnergyLabel.STALE, SCOPE)


def measured(joules: float) -> Reading:
    about: Any = pytest.approx(joules)
    return Reading(about, EnergyLabel.MEASURED_BATTERY, SCOPE)


def test_energy_that_left_the_battery_is_counted(supplies: Supplies, clock: Clock) -> None:
    meter = open_battery(supplies.root, clock=clock)
    assert meter.read(START) == measured(0.0)
    clock.now += 600
    supplies.set("BAT0", energy_now=39_000_000)  # 1 Wh
    assert meter.read(LONG) == measured(3600.0)


def test_charge_is_worth_the_mean_voltage(supplies: Supplies, clock: Clock) -> None:
    supplies.remove("BAT0", "energy_now", "power_now")
    supplies.set("BAT0", charge_now=3_000_000, current_now=-800_000, voltage_now=12_000_000)
    meter = open_battery(supplies.root, clock=clock)
    clock.now += 600
    supplies.set("BAT0", charge_now=2_900_000, voltage_now=11_000_000)  # 0.1 Ah at 11.5 V
    assert meter.read(LONG) == measured(0.1 * 3600 * 11.5)


@pytest.mark.parametrize("power", [9_000_000, -9_000_000, 0])
def test_the_sign_that_a_vendor_gives_to_power_does_not_matter(supplies: Supplies, clock: Clock, power: int) -> None:
    supplies.set("BAT0", power_now=power)
    meter = open_battery(supplies.root, clock=clock)
    clock.now += 600
    supplies.set("BAT0", energy_now=39_500_000, power_now=power)
    assert meter.read(LONG) == measured(1800.0)


def test_two_batteries_are_added_while_one_rests(supplies: Supplies, clock: Clock) -> None:
    supplies.set("BAT1", type="Battery", status="Unknown", energy_now=20_000_000)
    meter = open_battery(supplies.root, clock=clock)
    clock.now += 600
    supplies.set("BAT0", energy_now=39_500_000)
    supplies.set("BAT1", energy_now=19_500_000)
    assert meter.read(LONG) == measured(3600.0)


def test_a_short_run_has_no_number(supplies: Supplies, clock: Clock) -> None:
    meter = open_battery(supplies.root, clock=clock)
    clock.now += 60
    supplies.set("BAT0", energy_now=39_900_000)
    assert meter.read(Activity(1, 60.0)) == TOO_EARLY
    clock.now += 60
    assert meter.read(Activity(1, 120.0)) == measured(360.0)


def test_a_gauge_that_never_moves_is_stale_not_zero(supplies: Supplies, clock: Clock) -> None:
    meter = open_battery(supplies.root, clock=clock)
    clock.now += 600
    assert meter.read(LONG) == TOO_EARLY


@pytest.mark.parametrize(
    ("supply", "files", "reason"),
    [
        ("AC", {"online": 1}, "a charger is plugged in"),
        ("ucsi-source-psy-USBC000:001", {"type": "USB", "online": 1}, "a charger is plugged in"),
        ("BAT0", {"status": "Charging"}, "is charging"),
        ("BAT0", {"status": "Full"}, "no battery is discharging"),
        ("BAT0", {"status": "Not charging"}, "no battery is discharging"),
        ("BAT0", {"status": "Unknown"}, "no battery is discharging"),
    ],
)
def test_only_a_machine_on_battery_is_measured(
    supplies: Supplies, clock: Clock, supply: str, files: dict[str, object], reason: str
) -> None:
    meter = open_battery(supplies.root, clock=clock)
    supplies.set(supply, **files)
    with pytest.raises(MeterUnavailableError, match=reason) as caught:
        open_battery(supplies.root, clock=clock)
    assert caught.value.remedy == UNPLUG
    clock.now += 600
    assert meter.read(LONG) == NO_NUMBER
    assert reason in str(meter.broken)


@pytest.mark.parametrize(
    "content", ["", "nan", "-1", "lots", "1e7", "\N{BULLET}"], ids=["empty", "nan", "minus", "word", "float", "sign"]
)
def test_a_gauge_without_a_number_ends_the_readings(
    supplies: Supplies, clock: Clock, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    meter = open_battery(supplies.root, clock=clock)
    supplies.set("BAT0", energy_now=content)
    clock.now += 600
    with caplog.at_level(logging.WARNING):
        assert meter.read(LONG) == NO_NUMBER
    assert "energy is no longer measured" in caplog.text
    supplies.set("BAT0", energy_now=39_000_000)
    clock.now += 600
    assert meter.read(LONG) == NO_NUMBER


@pytest.mark.parametrize("change", [{"BAT0": {"status": "Charging"}}, {"AC": {"online": 1}}])
def test_a_charger_that_comes_in_mid_run_ends_the_readings_for_good(
    supplies: Supplies, clock: Clock, change: dict[str, dict[str, object]]
) -> None:
    meter = open_battery(supplies.root, clock=clock)
    for supply, files in change.items():
        supplies.set(supply, **files)
    clock.now += 600
    assert meter.read(LONG) == NO_NUMBER
    supplies.set("BAT0", status="Discharging", energy_now=39_000_000)
    supplies.set("AC", online=0)
    clock.now += 600
    assert meter.read(LONG) == NO_NUMBER


def test_a_battery_that_is_taken_out_ends_the_readings(supplies: Supplies, clock: Clock) -> None:
    meter = open_battery(supplies.root, clock=clock)
    shutil.rmtree(supplies.root / "BAT0")
    clock.now += 600
    assert meter.read(LONG) == NO_NUMBER


def test_one_of_two_batteries_gone_leaves_no_half_sum(supplies: Supplies, clock: Clock) -> None:
    supplies.set("BAT1", type="Battery", status="Discharging", energy_now=20_000_000)
    meter = open_battery(supplies.root, clock=clock)
    supplies.set("BAT0", energy_now=39_000_000)
    shutil.rmtree(supplies.root / "BAT1")
    clock.now += 600
    assert meter.read(LONG) == NO_NUMBER


@pytest.mark.parametrize(
    ("energy", "why"), [(40_100_000, "holds more"), (1_000_000, "corrected itself")], ids=["rises", "jumps"]
)
def test_a_gauge_that_corrects_itself_ends_the_readings(
    supplies: Supplies, clock: Clock, energy: int, why: str
) -> None:
    meter = open_battery(supplies.root, clock=clock)
    supplies.set("BAT0", energy_now=energy)
    clock.now += 200
    assert meter.read(LONG) == NO_NUMBER
    assert why in str(meter.broken)


def test_a_driver_that_changes_from_energy_to_charge_ends_the_readings(supplies: Supplies, clock: Clock) -> None:
    meter = open_battery(supplies.root, clock=clock)
    supplies.remove("BAT0", "energy_now")
    supplies.set("BAT0", charge_now=3_000_000)
    clock.now += 600
    assert meter.read(LONG) == NO_NUMBER


def test_a_clock_that_goes_back_ends_the_readings(supplies: Supplies, clock: Clock) -> None:
    meter = open_battery(supplies.root, clock=clock)
    clock.now -= 50
    assert meter.read(LONG) == NO_NUMBER
    assert "clock went back" in str(meter.broken)


def test_a_voltage_in_the_wrong_unit_is_refused(supplies: Supplies, clock: Clock) -> None:
    supplies.remove("BAT0", "energy_now")
    supplies.set("BAT0", charge_now=3_000_000, voltage_now=11_400)
    with pytest.raises(MeterUnavailableError, match=r"gives 0\.0114 V"):
        open_battery(supplies.root, clock=clock)


def test_the_battery_of_a_mouse_is_none_of_this_machine(supplies: Supplies, clock: Clock) -> None:
    supplies.set("BAT0", scope="Device")
    with pytest.raises(MeterUnavailableError, match="no battery of this machine"):
        open_battery(supplies.root, clock=clock)


def test_a_machine_without_power_supplies_says_so(supplies: Supplies) -> None:
    with pytest.raises(MeterUnavailableError, match="cannot be listed"):
        open_battery(supplies.root / "nothing")
