"""Calibrations are kept whole, hold for what they were made with, and say what differs elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge_solver.core.meter import Activity, EnergyLabel, Rates
from edge_solver.energy import Machine, calibration, choose_meter, open_real, survey
from edge_solver.energy.calibration import Calibration, Tie
from edge_solver.energy.device import BATTERY, MAINS, UNKNOWN, power_source
from edge_solver.energy.unavailable import MeterUnavailableError
from edge_solver.errors import UsageError
from tests.energy.conftest import Supplies

HERE = Tie("a laptop", "edge-solver 0.1, llama-cpp-python 0.3.36", "ab" * 32, "4", "mains")
FITTED = Calibration(
    HERE, Rates(3e-11, 2.7e-10, 4.0), 0.09, "powercap", "counter", "cpu package", 12, 140.0, "2026-11-21T08:00:00+00:00"
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing can be measured."""
    nothing = tmp_path / "nothing"
    return Machine(nothing, nothing, str(nothing / "command"), "linux", "x86_64", tmp_path / "calibrations")


def test_a_calibration_is_read_back_as_it_was_stored(tmp_path: Path) -> None:
    calibration.store(FITTED, tmp_path)
    assert calibration.find(HERE, tmp_path) == FITTED
    calibration.store(replace(FITTED, error=0.05), tmp_path)
    assert calibration.find(HERE, tmp_path).error == 0.05
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"device": "a phone"}, "another device"),
        ({"build": "edge-solver 0.2"}, "another build"),
        ({"model": "cd" * 32}, "another model"),
        ({"threads": "2"}, "another number of threads"),
        ({"power_source": "battery", "threads": "1"}, "another number of threads and another power source"),
    ],
)
def test_elsewhere_it_is_refused_with_what_differs_and_what_to_do(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    calibration.store(FITTED, tmp_path)
    with pytest.raises(MeterUnavailableError, match=f"^it was calibrated for {words}$") as caught:
        calibration.find(replace(HERE, **change), tmp_path)  # type: ignore[arg-type]
    assert caught.value.remedy == "edge-solver energy --calibrate"


def test_without_one_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(MeterUnavailableError, match="never calibrated"):
        calibration.find(HERE, tmp_path / "none")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"schema": 2}',
        '{"schema": 1}',
        json.dumps({"schema": 1, "rates": {"joules_per_flop": -1, "joules_per_byte": 0, "idle_watts": 0}}),
        "NaN",
        "[" * 100_000,
    ],
)
def test_a_broken_file_is_refused_and_breaks_nothing(machine: Machine, text: str) -> None:
    path = calibration.store(FITTED, machine.calibrations)
    path.write_text(text)
    with pytest.raises(MeterUnavailableError, match="calibration"):
        calibration.find(HERE, machine.calibrations)
    assert choose_meter(tie=HERE, machine=machine).name == "estimate"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-0.5", '"fast"', "true"])
def test_a_rate_that_is_no_amount_is_refused(tmp_path: Path, value: str) -> None:
    path = calibration.store(FITTED, tmp_path)
    path.write_text(path.read_text().replace('"idle_watts": 4.0', f'"idle_watts": {value}'))
    with pytest.raises(MeterUnavailableError, match="broken"):
        calibration.find(HERE, tmp_path)


def test_where_no_meter_works_a_calibration_that_fits_is_chosen_with_its_error(machine: Machine) -> None:
    calibration.store(FITTED, machine.calibrations)
    choice = choose_meter(tie=HERE, machine=machine)
    reading = choice.meter.read(Activity(10**11, 2.0, 10**10))
    assert choice.name == reading.method == "calibrated"
    assert reading.joules == pytest.approx(3.0 + 2.7 + 8.0)
    assert (reading.label, reading.error, reading.idle_watts) == (EnergyLabel.ESTIMATED_CALIBRATED, 0.09, 4.0)
    assert choice.rates == FITTED.rates
    assert choose_meter(tie=replace(HERE, threads="1"), machine=machine).name == "estimate"
    assert choose_meter(machine=machine).name == "estimate"
    assert [finding.meter for finding in survey(machine, HERE) if finding.chosen] == ["calibrated"]


def test_the_idle_watts_of_a_counter_are_those_that_the_same_counter_showed(tmp_path: Path, machine: Machine) -> None:
    zone = tmp_path / "powercap" / "intel-rapl:0"
    zone.mkdir(parents=True)
    for name, value in (("name", "package-0"), ("energy_uj", 5), ("max_energy_range_uj", 262143328850)):
        (zone / name).write_text(f"{value}\n")
    machine = replace(machine, powercap=tmp_path / "powercap")
    assert choose_meter(tie=HERE, machine=machine).meter.read(Activity(0, 0.0)).idle_watts is None
    calibration.store(FITTED, machine.calibrations)
    choice = choose_meter(tie=HERE, machine=machine)
    assert choice.name == "powercap"
    assert choice.meter.read(Activity(0, 0.0)).idle_watts == 4.0
    assert choice.rates == FITTED.rates
    calibration.store(replace(FITTED, meter="battery"), machine.calibrations)
    assert choose_meter(tie=HERE, machine=machine).meter.read(Activity(0, 0.0)).idle_watts is None


def test_a_calibration_needs_a_real_meter_and_says_what_would_enable_one(machine: Machine) -> None:
    with pytest.raises(UsageError, match="needs a meter") as caught:
        open_real(machine=replace(machine, system="darwin", processor="arm64"))
    assert "pip install 'edge-solver[apple]'" in str(caught.value)
    with pytest.raises(UsageError, match="estimate is an estimate itself"):
        open_real("estimate", machine)


def test_the_power_source_is_read_off_the_supplies(supplies: Supplies) -> None:
    assert power_source(supplies.root) == BATTERY
    supplies.set("AC", online=1)
    assert power_source(supplies.root) == MAINS
    assert power_source(supplies.root / "nothing") == UNKNOWN
