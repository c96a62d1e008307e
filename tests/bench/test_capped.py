"""A cap on joules is kept, and pays for an answer wherever it can, whatever the meter is like."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from click.testing import CliRunner

from edge_solver.bench import capped
from edge_solver.core.budget import Cost, Payer
from edge_solver.core.meter import Activity
from edge_solver.energy.simulated import SimulatedMachine, Traits

NOW = Activity(0, 0.0)


@pytest.mark.parametrize("meter", [name for name, setting in capped.SETTINGS.items() if setting.is_bound])
def test_caps_are_kept_and_searches_that_can_be_paid_for_answer(meter: str) -> None:
    (row,) = capped.table(30, [meter])
    assert row.kept >= capped.KEPT
    assert row.answered >= capped.ANSWERED
    assert row.payable > 15
    assert row.used > 0.7  # a cap that is kept by hardly spending it would prove nothing


def test_a_search_that_is_over_before_the_meter_moves_is_off_by_no_more_than_the_rates() -> None:
    (row,) = capped.table(20, ["too late"])
    assert not row.is_bound
    assert row.worst < capped.MODEL_ERROR + 0.1


def test_the_table_can_be_had_as_json_and_says_whether_the_bounds_hold() -> None:
    result = CliRunner().invoke(capped.main, ["--searches", "3", "--meter", "every 1 s", "--json"])
    (row,) = json.loads(result.stdout)
    assert row["searches"] == 3
    assert (result.exit_code == 0) is row["holds"]


def test_the_truth_of_a_call_is_its_work_and_the_time_that_it_takes() -> None:
    traits = Traits(noise=0.0, period_seconds=0.0, reading_noise_joules=0.0, seconds_per_call=0.0)
    machine = SimulatedMachine(traits)
    machine.tick(Cost(Payer.DECODE, 4 * 10**11, bytes_read=10**10))
    assert machine() == pytest.approx(1.0)
    assert machine.joules == pytest.approx(12.0 + 2.7 + 4.0)
    assert machine.read(NOW).joules == machine.joules


def test_a_slow_meter_shows_what_was_used_up_to_its_latest_update() -> None:
    machine = SimulatedMachine(Traits(noise=0.0, jitter=0.0, reading_noise_joules=0.0), seed=1)
    shown = []
    for _ in range(40):
        machine.rest(0.1)
        shown.append(machine.read(NOW).joules)
    steps = [value for value in dict.fromkeys(shown) if value is not None]
    assert len(steps) in (4, 5)
    assert all(after - before == pytest.approx(4.0) for before, after in pairwise(steps))


def test_a_noisy_meter_never_goes_back() -> None:
    machine = SimulatedMachine(Traits(period_seconds=0.05, reading_noise_joules=5.0))
    shown = []
    for _ in range(200):
        machine.rest(0.05)
        shown.append(machine.read(NOW).joules or 0.0)
    assert shown == sorted(shown)
