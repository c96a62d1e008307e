"""What is measured on a simulated machine is what that machine does, and time and user end it as they should."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from edge_solver.bench.device import measure
from edge_solver.bench.device.engine import DrafterEngine, OutOfTimeError, StoppedError
from edge_solver.bench.device.figures import figure
from edge_solver.bench.device.measure import Lab
from edge_solver.bench.device.plan import FULL_SECONDS, QUICK_SECONDS, Probe, Wish, plan
from edge_solver.bench.device.roofline import Ceilings, bytes_read, roof
from edge_solver.bench.device.scripted import SHAPE, Clock, ScriptedEngine
from edge_solver.bench.device.thermal import Heat
from edge_solver.catalog import registry
from edge_solver.catalog.shelf import runnable
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.cost import Shape
from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.scripted import ScriptedMeter

COOL = Heat(50.0, "cpu", 3, 3_000_000_000, 3_000_000_000)


class WattsMeter:
    """A device that draws the same power all the time, by a clock."""

    def __init__(self, clock: Clock, watts: float) -> None:
        self._clock, self._watts = clock, watts

    def read(self, _activity: Activity) -> Reading:
        return Reading(self._clock() * self._watts, EnergyLabel.COUNTER, "whole device")


def make_lab(
    clock: Clock, *, heat: Callable[[], Heat] = lambda: COOL, cancelled: Callable[[], bool] = lambda: False
) -> Lab:
    return Lab(clock, WattsMeter(clock, 10.0), heat, clock.sleep, cancelled)


def test_a_figure_is_the_median_with_its_spread() -> None:
    found = figure([3.0, 1.0, 2.0, 10.0, 2.5])
    assert found is not None
    assert (found.median, found.low, found.high) == (2.5, 1.0, 10.0)
    assert found.spread == pytest.approx(1.8)
    single = figure([4.0])
    assert single is not None
    assert (single.stddev, single.spread) == (None, None)
    assert figure([]) is None


def test_speeds_are_those_of_the_machine() -> None:
    clock = Clock()
    engine = ScriptedEngine(clock, prompt_rate=100.0, call_seconds=0.1, branch_seconds=0.025)
    lab = make_lab(clock)
    prompt = measure.prompt_speed(engine, lab, 50, 3)
    assert prompt.tokens_per_second.samples == pytest.approx((100.0,) * 3)
    assert prompt.window.per_unit == pytest.approx(10.0 / 100)  # 10 W for a hundredth of a second
    decode = measure.decode_speed(engine, lab, 4, 8, 2, prompt_tokens=20)
    assert decode.seconds_per_call.median == pytest.approx(0.2)
    assert decode.tokens_per_second.samples == pytest.approx((20.0, 20.0))
    assert decode.window.units == 2 * 4 * 8
    assert decode.window.per_unit == pytest.approx(10.0 / 20)
    assert decode.window.seconds == pytest.approx(2 * 8 * 0.2)  # without the reading of the prompt


def test_energy_beyond_idling_is_never_below_zero() -> None:
    clock = Clock()
    lab = make_lab(clock)
    idle = measure.idle(lab, 3.0)
    assert idle.seconds == pytest.approx(3.0)
    assert idle.joules == pytest.approx(30.0)
    window = replace(idle, seconds=2.0, joules=50.0)
    assert measure.net(window, 10.0) == pytest.approx(30.0)
    assert measure.net(window, 100.0) == 0.0
    assert measure.net(replace(window, joules=None), 10.0) is None
    assert measure.net(window, None) is None


def test_a_meter_without_a_number_leaves_none_and_never_zero() -> None:
    clock = Clock()
    lab = make_lab(clock)
    lab.meter = ScriptedMeter(float("nan"), EnergyLabel.UNAVAILABLE)

    class Dead:
        def read(self, _: Activity) -> Reading:
            return Reading(None, EnergyLabel.STALE, "battery")

    lab.meter = Dead()
    found = measure.prompt_speed(ScriptedEngine(clock), lab, 10, 2)
    assert (found.window.joules, found.window.per_unit, found.window.label) == (None, None, "stale")
    assert measure.idle(lab, 1.0).joules is None


def test_a_deadline_ends_repeats_but_not_the_first() -> None:
    clock = Clock()
    lab = make_lab(clock)
    lab.deadline = 0.0
    assert len(measure.prompt_speed(ScriptedEngine(clock), lab, 100, 5).seconds.samples) == 1
    lab.deadline = clock() + 1.1
    assert len(measure.prompt_speed(ScriptedEngine(clock), lab, 100, 5).seconds.samples) == 3  # half a second each


def test_the_end_of_all_time_keeps_samples_and_else_raises() -> None:
    clock = Clock()
    lab = make_lab(clock)
    engine = ScriptedEngine(clock, lab.check)
    lab.limit = clock() + 0.7
    assert len(measure.prompt_speed(engine, lab, 100, 5).seconds.samples) == 2
    with pytest.raises(OutOfTimeError):
        measure.decode_speed(engine, lab, 1, 10, 5, prompt_tokens=10)


def test_a_user_who_stops_keeps_the_samples_that_are_there() -> None:
    clock = Clock()
    lab = make_lab(clock, cancelled=lambda: clock() > 1.2)
    engine = ScriptedEngine(clock, lab.check)
    assert len(measure.prompt_speed(engine, lab, 100, 9).seconds.samples) == 3
    with pytest.raises(StoppedError):
        measure.decode_speed(engine, lab, 1, 10, 5, prompt_tokens=10)


def test_a_device_that_slows_down_shows_burst_and_sustained_speed_and_its_heat() -> None:
    clock = Clock()

    class Fading(ScriptedEngine):
        def decode(self, branches: int, tokens: int, ledger: Ledger) -> Sequence[float]:
            self.call_seconds = 0.05 if clock() < 40 else 0.13
            return super().decode(branches, tokens, ledger)

    def heat() -> Heat:
        hot = clock() > 40
        return Heat(min(95.0, 50.0 + clock()), "cpu", 3 + 5 * hot, 3_000_000_000, 3_000_000_000)

    lab = make_lab(clock, heat=heat)
    found = measure.sustained(Fading(clock), lab, 120.0, 16, prompt_tokens=32, throttled=lambda a, b: a != b)
    assert found.burst == pytest.approx(4 / 0.07, rel=0.02)
    assert found.sustained == pytest.approx(4 / 0.15, rel=0.02)
    assert found.throttled
    assert found.seconds == pytest.approx(120.0, abs=3.0)
    assert found.moments[-1].celsius == 95.0
    assert lab.hottest is not None
    assert lab.hottest.celsius == 95.0
    assert sum(m.tokens_per_second for m in found.moments) > 0


def test_a_sustained_run_that_is_stopped_is_a_shorter_one() -> None:
    clock = Clock()
    lab = make_lab(clock, cancelled=lambda: clock() > 35)
    found = measure.sustained(
        ScriptedEngine(clock, lab.check), lab, 600.0, 16, prompt_tokens=8, throttled=lambda *_: None
    )
    assert found.seconds < 40
    assert 2 <= len(found.moments) <= 3


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("speed", [2000.0, 100.0, 8.0])
def test_a_plan_fits_its_time_and_shrinks_for_slow_models(speed: float, *, quick: bool) -> None:
    found = plan(Wish(quick=quick), Probe(1 / speed, 3 / speed), context=4096, cores=8)
    total = QUICK_SECONDS if quick else FULL_SECONDS
    assert found.seconds <= total
    assert found.most_seconds == total
    assert found.branches == (1, 2, 4, 8, 16)
    if speed == 2000.0:
        assert (found.prompt_tokens, found.decode_tokens, found.repeats) == (512, 64, 5)
    if speed == 8.0 and quick:
        assert found.prompt_tokens < 512
        assert found.repeats >= 2


def test_a_plan_respects_the_context_and_what_was_asked_for() -> None:
    slow = Probe(0.001, 0.01)
    assert plan(Wish(), slow, context=300, cores=2).prompt_tokens == 256
    asked = plan(Wish(repeats=7, problems=3, sustained_seconds=60, sweep_threads=True), slow, context=4096, cores=6)
    assert (asked.repeats, asked.problems, asked.threads) == (7, 3, (1, 2, 4, 5, 6))
    names = [name for name, _ in asked.stages]
    assert names.index("sustained") < names.index("threads") < names.index("suite")
    assert "suite" not in dict(plan(Wish(quality=False), slow, context=4096, cores=1).stages)


def test_the_roof_is_the_longer_of_bytes_and_flops() -> None:
    ceilings = Ceilings(10e9, 100e9)
    slow_memory = roof("decode", 5e9, 1e9, 1.0, ceilings)
    assert slow_memory.bound == "memory"
    assert slow_memory.share == pytest.approx(0.5)
    slow_arithmetic = roof("prompt", 1e9, 80e9, 1.0, ceilings)
    assert slow_arithmetic.bound == "compute"
    assert slow_arithmetic.share == pytest.approx(0.8)


def test_a_call_reads_all_weights_but_an_embedding_of_its_own() -> None:
    untied = Shape(1, 8, params_matmul=700, params_head=100, params_total=900, kv_bytes_per_token=16)
    assert bytes_read(untied, 9000, cells=10) == pytest.approx(8000 + 160)
    tied = Shape(1, 8, params_matmul=800, params_head=100, params_total=900)
    assert bytes_read(tied, 9000, cells=10) == pytest.approx(9000)
    assert bytes_read(SHAPE, 10**9, 0) < 10**9


def test_a_sustained_run_that_shows_nothing_is_no_run() -> None:
    clock = Clock()
    lab = make_lab(clock)
    lab.limit = 1.0
    with pytest.raises(OutOfTimeError):
        measure.sustained(ScriptedEngine(clock, lab.check), lab, 60.0, 16, prompt_tokens=64, throttled=lambda *_: None)


def test_a_prompt_is_read_anew_every_time() -> None:
    holding = runnable(registry()["nano"])
    assert holding is not None
    engine = DrafterEngine(holding.path, threads=1, cells=128, branches=1)
    try:
        for _ in range(3):
            ledger = Ledger(Budget(), Clock(), ScriptedMeter())
            tokens, _ = engine.prompt(64, ledger)
            assert ledger.spent().tokens_evaluated > 0.8 * tokens
    finally:
        engine.close()
