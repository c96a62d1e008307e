"""The ledger never lets FLOPs or tokens pass their cap, and seconds and joules by no more than one call."""

import math
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.budget import Budget, Cap, Cost, Ledger, Payer
from edge_solver.core.meter import Activity, EnergyLabel, Rates, Reading
from edge_solver.energy import EstimatedMeter
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.scripted import ScriptedClock
from edge_solver.errors import QuantityError

costs = st.builds(
    Cost, st.sampled_from(Payer), st.integers(0, 10**6), evaluated=st.integers(0, 50), generated=st.integers(0, 50)
)


class SilentMeter:
    def read(self, activity: Activity) -> Reading:
        del activity
        return Reading(None, EnergyLabel.UNAVAILABLE, "none")


def ledger_of(budget: Budget, clock: ScriptedClock | None = None) -> Ledger:
    return Ledger(budget, clock or ScriptedClock(), ScriptedMeter(1.0))


@given(calls=st.lists(costs, max_size=40), flops=st.integers(1, 10**7), tokens=st.integers(1, 500))
def test_no_sequence_of_requests_passes_a_cap(calls: list[Cost], flops: int, tokens: int) -> None:
    ledger = ledger_of(Budget(flops=flops, tokens=tokens))
    granted = []
    for cost in calls:
        if ledger.request(cost) is None:
            granted.append(cost)
        spent = ledger.spent()
        assert spent.flops <= flops
        assert spent.tokens_generated <= tokens
    assert ledger.spent().flops == sum(cost.flops for cost in granted)
    policy = [cost for cost in granted if cost.payer is not Payer.SCORE]
    assert ledger.spent().tokens_evaluated == sum(cost.evaluated for cost in policy)


@given(calls=st.lists(st.tuples(costs, costs), max_size=20), flops=st.integers(1, 10**6))
def test_the_costs_of_one_call_are_booked_together_or_not_at_all(calls: list[tuple[Cost, Cost]], flops: int) -> None:
    ledger = ledger_of(Budget(flops=flops))
    for pair in calls:
        before = ledger.spent().flops
        refused = ledger.request(*pair)
        assert ledger.spent().flops == before + (0 if refused else sum(cost.flops for cost in pair))


def test_a_cap_can_be_reached_exactly_and_not_passed_by_one() -> None:
    ledger = ledger_of(Budget(flops=100, tokens=10))
    assert ledger.request(Cost(Payer.DECODE, 100, generated=10)) is None
    assert ledger.left(Cap.FLOPS) == 0
    assert ledger.request(Cost(Payer.SCORE, 1)) is Cap.FLOPS
    assert ledger.request(Cost(Payer.DECODE, 0, generated=1)) is Cap.TOKENS
    assert ledger.refused is Cap.TOKENS
    assert ledger.request(Cost(Payer.DECODE, 0)) is None


def test_a_refused_request_leaves_nothing_behind() -> None:
    ledger = ledger_of(Budget(flops=100))
    ledger.request(Cost(Payer.PROMPT, 60))
    assert ledger.request(Cost(Payer.DECODE, 50)) is Cap.FLOPS
    assert ledger.request(Cost(Payer.DECODE, 40)) is None
    assert ledger.spent().flops == 100


def test_seconds_are_passed_by_one_call_at_most() -> None:
    clock = ScriptedClock(seconds_per_call=0.4)
    ledger = ledger_of(Budget(seconds=1.0), clock)
    granted = 0
    while ledger.request(Cost(Payer.DECODE, 1)) is None:
        clock.tick()
        granted += 1
    assert granted == 3
    assert ledger.spent().seconds == pytest.approx(1.2)


def test_the_call_that_would_pass_a_cap_on_joules_is_refused() -> None:
    ledger = ledger_of(Budget(joules=100.0))
    while ledger.request(Cost(Payer.DECODE, 30)) is None:
        pass
    assert ledger.spent().energy.joules == 90.0
    assert ledger.request(Cost(Payer.DECODE, 10)) is None


def test_joules_are_passed_by_the_first_call_at_most_where_nothing_is_known_of_the_machine() -> None:
    ledger = ledger_of(Budget(joules=100.0))
    assert ledger.request(Cost(Payer.DECODE, 130)) is None
    assert ledger.request(Cost(Payer.DECODE, 1)) is Cap.JOULES


class ToldMeter:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.joules: float | None = 0.0
        self.label = EnergyLabel.COUNTER

    def read(self, _activity: Activity) -> Reading:
        return Reading(self.joules, self.label, "a machine")


@pytest.mark.parametrize("value", [math.nan, math.inf, 5.0])
def test_a_figure_that_is_none_or_goes_back_ends_the_measurement_and_not_the_search(value: float) -> None:
    meter = ToldMeter()
    ledger = Ledger(Budget(), ScriptedClock(), meter)
    meter.joules = 10.0
    assert ledger.spent().energy.joules == 10.0
    meter.joules = value
    assert ledger.spent().energy == Reading(None, EnergyLabel.UNAVAILABLE, "a machine")
    meter.joules = 20.0
    assert ledger.spent().energy == Reading(None, EnergyLabel.UNAVAILABLE, "a machine")
    assert ledger.request(Cost(Payer.DECODE, 1)) is None


def test_a_stale_figure_may_come_back() -> None:
    meter = ToldMeter()
    ledger = Ledger(Budget(), ScriptedClock(), meter)
    meter.joules, meter.label = None, EnergyLabel.STALE
    assert ledger.spent().energy == Reading(None, EnergyLabel.STALE, "a machine")
    meter.joules, meter.label = 20.0, EnergyLabel.COUNTER
    assert ledger.spent().energy.joules == 20.0


def test_under_a_cap_what_is_left_counts_the_work_that_a_slow_meter_has_not_shown_yet() -> None:
    meter = ToldMeter()
    ledger = Ledger(Budget(joules=1000.0), ScriptedClock(), meter)
    for shown in (0, 0, 20, 20, 40, 40):  # 10 J a call, told every other time
        meter.joules = float(shown)
        assert ledger.request(Cost(Payer.DECODE, 100)) is None
    assert ledger.left(Cap.JOULES) == pytest.approx(1000 - 60, abs=10)
    assert ledger.spent().energy.joules == 40.0


def test_bytes_of_calls_reach_the_meter_once_per_call() -> None:
    seen: list[Activity] = []

    class Listening:
        def read(self, activity: Activity) -> Reading:
            seen.append(activity)
            return Reading(0.0, EnergyLabel.COUNTER, "a machine")

    ledger = Ledger(Budget(), ScriptedClock(), Listening())
    for _ in range(3):
        ledger.request(Cost(Payer.DECODE, 5, bytes_read=100), Cost(Payer.SCORE, 5, bytes_read=7))
    ledger.spent()
    assert seen[-1] == Activity(30, 0.0, 321)


def test_a_bill_is_of_one_moment_however_long_it_takes_to_read_it() -> None:
    """An estimate by the second must be of the very seconds that stand beside it: it is fitted to both."""
    moments = count()  # every look at the clock takes a second
    meter = EstimatedMeter(Rates(0.0, 0.0, 5.0), EnergyLabel.COUNTER)
    spent = Ledger(Budget(), lambda: float(next(moments)), meter).spent()
    assert spent.seconds > 0
    assert spent.energy.joules == 5.0 * spent.seconds


def test_energy_without_a_number_stays_without_one() -> None:
    ledger = Ledger(Budget(), ScriptedClock(), SilentMeter())
    assert ledger.request(Cost(Payer.DECODE, 10**15)) is None
    assert ledger.spent().energy.joules is None


def test_a_cap_on_energy_that_cannot_be_read_grants_nothing() -> None:
    ledger = Ledger(Budget(joules=1e9), ScriptedClock(), SilentMeter())
    assert ledger.request(Cost(Payer.DECODE, 1)) is Cap.JOULES


def test_what_was_used_before_the_ledger_was_opened_is_not_booked() -> None:
    clock = ScriptedClock(1.0)
    clock.tick()
    ledger = ledger_of(Budget(seconds=5), clock)
    clock.tick()
    assert ledger.spent().seconds == 1.0


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("cap", Cap)
def test_a_cap_that_allows_nothing_is_refused(cap: Cap, value: float) -> None:
    with pytest.raises(QuantityError, match=cap.value):
        Budget(**{cap.value: value})  # type: ignore[arg-type]  # tokens are whole; the others take any number
