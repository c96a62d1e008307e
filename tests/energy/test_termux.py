"""A phone's battery, on what ``termux-battery-status`` prints: a real command on the path of a shell."""

from __future__ import annotations

import json

import pytest

from edge_solver.core.meter import Activity, EnergyLabel
from edge_solver.energy import termux
from edge_solver.energy.gauge import ChargeLeft
from edge_solver.energy.termux import INSTALL, UNPLUG, open_termux, parse
from edge_solver.energy.unavailable import MeterUnavailableError
from tests.energy.conftest import Clock, Phone

START = Activity(0, 0.0)
LONG = Activity(flops=10**15, seconds=600.0)

# Printed by a phone at its charger: an older termux-api, without `energy`.
CHARGING = """{
  "present": true, "technology": "Li-ion", "health": "GOOD", "plugged": "PLUGGED_AC", "status": "CHARGING",
  "temperature": 29.5, "voltage": 3868, "current": 470000, "current_average": 476,
  "percentage": 27, "level": 27, "scale": 100, "charge_counter": 7300000
}"""
# Fields in the order of termux-api's source, of a newer Android with `cycle` and a counter of energy.
NEWER = """{
  "present": true, "technology": "Li-poly", "health": "GOOD", "plugged": "UNPLUGGED", "status": "DISCHARGING",
  "temperature": 31.200000762939453, "voltage": 3921, "current": 412000, "current_average": 398000,
  "percentage": 61, "level": 61, "scale": 100, "charge_counter": 2841000, "energy": 11139561000, "cycle": 214
}"""
# Of a phone whose gauge has no counter: fields that are not set are left out or null.
POORER = """{
  "present": true, "technology": "Li-ion", "health": "GOOD", "plugged": "UNPLUGGED", "status": "DISCHARGING",
  "temperature": 25.0, "voltage": 4012, "current": -313000, "percentage": 74, "level": 74, "scale": 100
}"""


def test_the_charge_of_a_newer_phone_is_read() -> None:
    assert parse(NEWER) == ChargeLeft(2841000 * 3600e-6, 3.921)


@pytest.mark.parametrize(
    ("answer", "reason", "remedy"),
    [
        (CHARGING, "does not run on its battery alone", UNPLUG),
        (NEWER.replace("DISCHARGING", "NOT_CHARGING"), "does not run on its battery alone", UNPLUG),
        (POORER, "gives no charge_counter", None),
        (NEWER.replace("2841000", "0"), "gives no charge_counter", None),
        (NEWER.replace("2841000", "NaN"), "gives no charge_counter", None),
        (NEWER.replace("2841000", '"many"'), "gives no charge_counter", None),
        (NEWER.replace("3921", "-1000"), "gives no voltage", None),
        (NEWER.replace("3921", "392100"), "gives 392.1 V", None),
        ("", "no JSON", INSTALL),
        ("Termux:API is not yet available on Google Play", "no JSON", INSTALL),
        ("[]", "no JSON object", None),
        ('{"API_ERROR": "permission"}', "permission", INSTALL),
    ],
)
def test_an_answer_that_says_nothing_is_refused(answer: str, reason: str, remedy: str | None) -> None:
    with pytest.raises(MeterUnavailableError, match=reason) as caught:
        parse(answer)
    assert caught.value.remedy == remedy


def test_the_charge_that_left_is_worth_the_mean_voltage(phone: Phone, clock: Clock) -> None:
    meter = open_termux(str(phone.command), clock=clock)
    assert meter.read(START).joules == 0.0
    clock.now += 600
    phone.holds(charge_counter=3194654 - 100_000, voltage=3901)  # 0.1 Ah at 4 V
    reading = meter.read(LONG)
    assert reading.joules == pytest.approx(0.1 * 3600 * 4.0)
    assert reading.label is EnergyLabel.MEASURED_BATTERY


def test_the_phone_is_asked_before_the_run_and_never_fast(phone: Phone, clock: Clock) -> None:
    meter = open_termux(str(phone.command), clock=clock)
    for second in range(1200):
        clock.now += 1
        meter.read(Activity(1, second + 1.0))
    assert 2 <= phone.asked <= 26  # once at the opening, once at 120 s, then each time the run has grown by a tenth


def test_a_phone_that_is_plugged_in_during_the_run_gives_no_number(phone: Phone, clock: Clock) -> None:
    meter = open_termux(str(phone.command), clock=clock)
    clock.now += 600
    phone.prints(CHARGING)
    assert meter.read(LONG).label is EnergyLabel.UNAVAILABLE
    assert "battery alone" in str(meter.broken)


def test_a_command_that_fails_gives_its_reason(phone: Phone) -> None:
    phone.script("echo no such app >&2; exit 3")
    with pytest.raises(MeterUnavailableError, match="no such app") as caught:
        open_termux(str(phone.command))
    assert caught.value.remedy == INSTALL


def test_a_command_that_never_answers_is_given_up(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(termux, "_PATIENCE_SECONDS", 0.2)
    phone.script("exec sleep 60")
    with pytest.raises(MeterUnavailableError, match="did not answer"):
        open_termux(str(phone.command))


def test_without_the_command_there_is_no_phone() -> None:
    with pytest.raises(MeterUnavailableError, match="no command"):
        open_termux("termux-battery-status-of-nowhere")


def test_a_vendors_sign_and_scale_of_the_current_do_not_matter() -> None:
    status = json.loads(NEWER)
    assert {parse(json.dumps(status | {"current": current})) for current in (412, -412000, None)} == {parse(NEWER)}
