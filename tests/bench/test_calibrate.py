"""A calibration finds the rates of a simulated machine whose true rates are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pytest

from edge_solver.bench.calibrate import COUNTER, Fitted, Schedule, Stage, Workshop, schedule_for
from edge_solver.bench.capped import POLICY, PRM
from edge_solver.core.meter import Activity, EnergyLabel, Rates, Reading
from edge_solver.energy.fit import Window, fit_rates, left_out_error
from edge_solver.energy.simulated import SimulatedMachine, Traits
from edge_solver.engines.scripted import ScriptedDrafter, ScriptedScorer
from edge_solver.errors import EdgeSolverError

TRUTH = Traits().rates


def workshop(traits: Traits, seed: int = 0) -> Workshop:
    machine = SimulatedMachine(traits, seed)
    drafter, scorer = ScriptedDrafter(clock=machine, shape=POLICY), ScriptedScorer(clock=machine, shape=PRM)
    return Workshop(drafter, scorer, machine, machine, machine.rest)


def fitted(traits: Traits, schedule: Schedule = COUNTER, seed: int = 0) -> Fitted:
    *stages, last = workshop(traits, seed).calibrate(schedule)
    assert isinstance(last, Fitted)
    shares = [stage.done for stage in stages if isinstance(stage, Stage)]
    assert shares == sorted(shares)
    return last


def test_without_noise_the_rates_are_found_exactly() -> None:
    found = fitted(Traits(period_seconds=0.0, noise=0.0, reading_noise_joules=0.0))
    assert found.rates.joules_per_flop == pytest.approx(TRUTH.joules_per_flop, rel=1e-6)
    assert found.rates.joules_per_byte == pytest.approx(TRUTH.joules_per_byte, rel=1e-6)
    assert found.rates.idle_watts == pytest.approx(TRUTH.idle_watts, rel=1e-6)
    assert found.error < 1e-6


UNLIKE = (
    Activity(9 * 10**12, 20.0, 10**12),
    Activity(10**12, 20.0, 10**12),
    Activity(10**13, 5.0, 10**10),
    Activity(10**11, 15.0, 5 * 10**11),
)
"""Work of four kinds, none of which a calibration does."""


def furthest(rates: Rates) -> float:
    """Return by how much rates are off for the kind of work that they suit least, as a share."""
    return max(abs(rates.joules(activity) / TRUTH.joules(activity) - 1) for activity in UNLIKE)


def test_under_noise_the_fit_is_about_as_good_as_its_error_says() -> None:
    found = fitted(Traits(period_seconds=0.001, noise=0.05))
    assert 0 < found.error < 0.1
    assert furthest(found.rates) < 2 * found.error


@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_over_many_calibrations_the_stated_error_is_seldom_passed(noise: float) -> None:
    """Hold the error to its word with the windows of one calibration on the simulated laptop, under other noise."""
    clean = fitted(Traits(period_seconds=0.0, noise=0.0, reading_noise_joules=0.0)).windows
    passed, seeds = 0, 100
    for seed in range(seeds):
        dice = Random(seed)
        noisy = [replace(window, joules=window.joules * max(0.1, dice.gauss(1.0, noise))) for window in clean]
        passed += furthest(fit_rates(noisy)) > left_out_error(noisy)
    assert passed <= 0.1 * seeds


def test_the_planned_time_is_about_the_time_it_takes() -> None:
    place = workshop(Traits(period_seconds=0.0))
    planned = place.planned_seconds(COUNTER)
    *_, last = place.calibrate(COUNTER)
    assert isinstance(last, Fitted)
    assert last.seconds == pytest.approx(planned, rel=0.3)


def test_a_machine_that_the_model_does_not_describe_shows_a_large_error() -> None:
    activities = [("reading", 10**13, 10**9, 2.0), ("writing", 10**12, 10**12, 5.0), ("wide", 10**13, 10**12, 9.0)]
    joules = (500.0, 20.0, 20.0)
    windows = [Window(k, Activity(f, s, b), j) for (k, f, b, s), j in zip(activities, joules, strict=True)]
    assert left_out_error(windows) > 0.15


def test_no_rate_is_ever_negative() -> None:
    rates = fit_rates(
        [
            Window("one", Activity(10**12, 10.0, 10**11), 100.0),
            Window("two", Activity(10**12, 1.0, 10**12), 40.0),
            Window("idle", Activity(0, 10.0), 99.0),
        ]
    )
    assert min(rates.joules_per_flop, rates.joules_per_byte, rates.idle_watts) >= 0


def test_the_fit_has_the_least_residual_of_all_rates_without_a_sign() -> None:
    windows = [
        Window("one", Activity(10**12, 10.0, 10**11), 100.0),
        Window("two", Activity(3 * 10**12, 4.0, 10**12), 140.0),
        Window("three", Activity(10**11, 6.0, 4 * 10**11), 55.0),
        Window("idle", Activity(0, 10.0), 39.0),
    ]

    def residual(rates: Rates) -> float:
        return sum((rates.joules(window.activity) / window.joules - 1) ** 2 for window in windows)

    best = fit_rates(windows)
    for name in ("joules_per_flop", "joules_per_byte", "idle_watts"):
        for factor in (0.99, 1.01):
            assert residual(best) <= residual(replace(best, **{name: getattr(best, name) * factor}))


def test_a_meter_that_never_moves_explains_nothing() -> None:
    with pytest.raises(EdgeSolverError, match="no run used any energy"):
        fit_rates([Window("one", Activity(10**12, 1.0), 0.0)])


@dataclass
class FailingMeter:
    """Loses its source after so many readings."""

    readings: int

    def read(self, activity: Activity) -> Reading:
        self.readings -= 1
        label = EnergyLabel.COUNTER if self.readings > 0 else EnergyLabel.UNAVAILABLE
        return Reading(activity.flops * 1e-9 if self.readings > 0 else None, label, "cpu package")


def test_a_meter_that_vanishes_ends_the_calibration_with_the_reason() -> None:
    place = workshop(Traits())
    place.meter = FailingMeter(20)
    with pytest.raises(EdgeSolverError, match=r"unavailable.*nothing is stored"):
        list(place.calibrate(COUNTER))


def test_a_calibration_that_is_cancelled_finds_nothing() -> None:
    stages = list(workshop(Traits()).calibrate(COUNTER, lambda: True))
    assert not any(isinstance(stage, Fitted) for stage in stages)


def test_a_calibration_that_is_cancelled_under_a_gauge_ends_without_an_error() -> None:
    place, looks = workshop(Traits()), iter(range(10**9))
    place.meter = FailingMeter(1)
    stages = list(place.calibrate(COUNTER, lambda: next(looks) > 1))
    assert not any(isinstance(stage, Fitted) for stage in stages)


def test_a_battery_takes_longer_than_a_counter() -> None:
    assert schedule_for(EnergyLabel.MEASURED_BATTERY).short > 120
    assert schedule_for(EnergyLabel.MEASURED_WALL).short > 120
    assert schedule_for(EnergyLabel.COUNTER) == COUNTER
