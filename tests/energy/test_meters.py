"""What every meter keeps to, and which one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_solver.core.budget import Budget, Cost, Ledger, Payer
from edge_solver.core.meter import Activity, EnergyLabel, Meter
from edge_solver.energy import EstimatedMeter, PowercapMeter, choose_meter


def package(root: Path) -> Path:
    """Make the smallest powercap tree and return its counter."""
    zone = root / "intel-rapl:0"
    zone.mkdir(parents=True)
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text("262143328850\n")
    (zone / "energy_uj").write_text("5000000\n")
    return zone / "energy_uj"


def powercap(folder: Path) -> Meter:
    package(folder)
    return PowercapMeter(folder)


def estimate(_: Path) -> Meter:
    return EstimatedMeter()


@pytest.mark.parametrize("opened", [powercap, estimate])
def test_every_meter_starts_at_nothing_with_a_label_and_a_scope(
    opened: Callable[[Path], Meter], tmp_path: Path
) -> None:
    reading = opened(tmp_path).read(Activity(0, 0.0))
    assert reading.joules == 0.0
    assert reading.label in EnergyLabel
    assert reading.scope == "cpu package"


@pytest.mark.parametrize("opened", [powercap, estimate])
def test_no_meter_ever_goes_back(opened: Callable[[Path], Meter], tmp_path: Path) -> None:
    meter = opened(tmp_path)
    readings = [meter.read(Activity(step * 10**9, step * 0.1)).joules for step in range(5)]
    assert None not in readings
    assert readings == sorted(readings, key=lambda joules: joules or 0.0)


def test_the_estimate_is_linear_in_flops_and_seconds_and_says_that_it_is_one() -> None:
    meter = EstimatedMeter(joules_per_flop=1e-10, idle_watts=4.0)
    reading = meter.read(Activity(flops=10**11, seconds=2.0))
    assert reading.joules == pytest.approx(10.0 + 8.0)
    assert reading.label is EnergyLabel.ESTIMATED_DEFAULT


def test_the_default_constants_give_a_laptop_like_figure_for_a_small_model() -> None:
    """Hold the cross-check in ``model.py``: 3.2e9 weights at 23.8 tokens/s, at most 2.1 J/token at the wall."""
    reading = EstimatedMeter().read(Activity(flops=int(2 * 3.2e9), seconds=1 / 23.8))
    assert reading.joules == pytest.approx(0.86, abs=0.01)


def test_counters_are_chosen_where_they_work(tmp_path: Path) -> None:
    package(tmp_path)
    choice = choose_meter(tmp_path)
    assert (choice.name, choice.refusals) == ("powercap", ())


def test_without_counters_the_estimate_is_chosen_with_the_reason(tmp_path: Path) -> None:
    choice = choose_meter(tmp_path / "nothing")
    (refusal,) = choice.refusals
    assert choice.name == "estimate"
    assert refusal.meter == "powercap"
    assert "no powercap here" in refusal.reason


def test_a_ledger_stops_at_a_joule_cap_under_the_estimate() -> None:
    meter = EstimatedMeter(joules_per_flop=1.0, idle_watts=0.0)
    ledger = Ledger(Budget(joules=10.0), lambda: 0.0, meter)
    call = Cost(Payer.DECODE, flops=4)
    granted = 0
    while ledger.request(call) is None:
        granted += 1
    assert granted == 3  # 4, 8, 12: one call may pass the cap, the next is refused
