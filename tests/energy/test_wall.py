"""The total of a meter at the wall socket, in a file that a script writes again and again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.unavailable import MeterUnavailableError
from edge_solver.energy.wall import SCOPE, SILENT_SECONDS, STEPS, WallMeter, joules
from edge_solver.errors import QuantityError
from tests.energy.conftest import Clock

BUSY = Activity(flops=10**12, seconds=600.0)
NO_NUMBER = Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)
OLD = Reading(None, EnergyLabel.STALE, SCOPE)


class Plug:
    """A smart plug whose script writes its total to a file."""

    def __init__(self, file: Path) -> None:
        self.file, self._writes = file, 0
        self.shows("0.100 kWh")

    def shows(self, text: str) -> None:
        self.file.write_text(text + "\n")
        self._writes += 1
        os.utime(self.file, ns=(0, self._writes))  # file systems keep coarser times than a test takes

    def counts(self, meter: WallMeter, clock: Clock, steps: int) -> None:
        """Use ten watt-hours within the work, in so many steps and with a look at each."""
        for step in range(1, steps + 1):
            clock.now += (BUSY.seconds - 1) / steps
            self.shows(f"{100 + 10 * step / steps:.4f} Wh")
            meter.read(Activity(0, 0.0))


@pytest.fixture
def plug(tmp_path: Path) -> Plug:
    return Plug(tmp_path / "plug.txt")


def test_the_gain_of_the_total_is_measured_at_the_wall(plug: Plug, clock: Clock) -> None:
    meter = WallMeter(plug.file, clock=clock)
    assert meter.read(Activity(0, 0.0)) == Reading(0.0, EnergyLabel.MEASURED_WALL, SCOPE)
    plug.counts(meter, clock, STEPS)
    reading = meter.read(BUSY)
    assert reading.joules == pytest.approx(36_000)
    assert reading.label is EnergyLabel.MEASURED_WALL


def test_a_few_coarse_steps_are_no_number(plug: Plug, clock: Clock) -> None:
    meter = WallMeter(plug.file, clock=clock)
    plug.counts(meter, clock, STEPS - 1)
    assert meter.read(BUSY) == OLD


def test_a_short_stretch_between_coarse_steps_is_no_number_either(plug: Plug, clock: Clock) -> None:
    meter = WallMeter(plug.file, clock=clock)
    plug.counts(meter, clock, 10 * STEPS)
    assert meter.read(Activity(10**9, 10.0)) == OLD
    assert meter.read(Activity(10**10, 100.0)).label is EnergyLabel.MEASURED_WALL


def test_a_file_that_nobody_writes_any_more_is_old_until_it_is_written_again(plug: Plug, clock: Clock) -> None:
    meter = WallMeter(plug.file, clock=clock)
    plug.counts(meter, clock, 2 * STEPS)
    clock.now += SILENT_SECONDS + 1
    assert meter.read(BUSY) == OLD
    plug.shows("110 Wh")
    assert meter.read(BUSY).joules == pytest.approx(36_000)


@pytest.mark.parametrize("text", ["0.09 kWh", "", "nan kWh", "12", "1e999 J", "-3 J", "0,2 kWh", "7 W", "x" * 5000])
def test_a_total_that_goes_back_or_makes_no_sense_ends_the_readings(plug: Plug, clock: Clock, text: str) -> None:
    meter = WallMeter(plug.file, clock=clock)
    plug.counts(meter, clock, STEPS)
    plug.shows(text)
    assert meter.read(BUSY) == NO_NUMBER
    plug.shows("1 kWh")
    assert meter.read(BUSY) == NO_NUMBER
    assert meter.broken is not None


def test_a_file_that_vanishes_ends_the_readings(plug: Plug, clock: Clock) -> None:
    meter = WallMeter(plug.file, clock=clock)
    plug.file.unlink()
    assert meter.read(BUSY) == NO_NUMBER


def test_without_a_file_or_a_total_the_reason_and_the_remedy_are_given(plug: Plug, tmp_path: Path) -> None:
    with pytest.raises(MeterUnavailableError, match="No such file") as caught:
        WallMeter(tmp_path / "none")
    assert "--meter wall:FILE" in str(caught.value.remedy)
    plug.file.write_bytes(b"\xff\xfe")
    with pytest.raises(MeterUnavailableError, match="no total of energy"):
        WallMeter(plug.file)


@pytest.mark.parametrize(
    ("shown", "found"),
    [("0.512 kWh", 1_843_200), ("512Wh", 1_843_200), (" 12.5 J ", 12.5), ("0 kWh", 0), ("3kJ", 3000), (".5 Wh", 1800)],
)
def test_what_meters_show_is_read_in_joules(shown: str, found: float) -> None:
    assert joules(shown, "it") == pytest.approx(found)


@pytest.mark.parametrize("shown", ["12", "12 s", "1 2 J", "inf J", "1e3 J", "five Wh"])
def test_a_unit_is_never_guessed(shown: str) -> None:
    with pytest.raises(QuantityError, match="it: "):
        joules(shown, "it")
