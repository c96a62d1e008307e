"""``edge-solver energy --calibrate`` as a user sees it, with the built-in models at work under a known meter."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_solver.bench.calibrate import Schedule
from edge_solver.cli import calibrate, main
from edge_solver.config import Settings
from edge_solver.core.meter import Activity, EnergyLabel, Rates, Reading
from edge_solver.energy import Choice, EstimatedMeter, calibration, choose_meter
from edge_solver.errors import EdgeSolverError
from edge_solver.loading import tie_of_settings

TRUTH = Rates(4e-10, 2e-10, 5.0)
KNOWN = Choice("powercap", EstimatedMeter(TRUTH, EnergyLabel.COUNTER), ())
QUICK = Schedule(short=0.1, long=0.3, repeats=1)


def test_the_real_models_work_and_the_rates_of_the_machine_come_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    assert calibrate.run(Settings(), as_json=True, choice=KNOWN, schedule=QUICK) == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert "takes about" in captured.err
    assert document["rates"]["joules_per_flop"] == pytest.approx(TRUTH.joules_per_flop, rel=0.02)
    assert document["rates"]["joules_per_byte"] == pytest.approx(TRUTH.joules_per_byte, rel=0.02)
    assert document["rates"]["idle_watts"] == pytest.approx(TRUTH.idle_watts, rel=0.02)
    assert document["error"] < 0.02  # runs of a third of a second leave little to tell three rates apart by
    assert Path(document["file"]).is_relative_to(tmp_path)
    tie = tie_of_settings(Settings())
    assert calibration.find(tie).rates.idle_watts == document["rates"]["idle_watts"]
    assert choose_meter("calibrated", tie=tie).name == "calibrated"


def test_ctrl_c_ends_it_with_nothing_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    code = calibrate.run(Settings(), as_json=False, choice=KNOWN, schedule=Schedule(short=60.0, long=60.0, repeats=1))
    timer.join()
    assert code == 130
    assert "nothing was stored" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.json"))


@dataclass
class Brittle:
    """Gives a number a few times."""

    readings: int

    def read(self, activity: Activity) -> Reading:
        self.readings -= 1
        return Reading(activity.seconds if self.readings > 0 else None, EnergyLabel.COUNTER, "cpu package")


def test_a_meter_that_breaks_in_the_middle_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    with pytest.raises(EdgeSolverError, match="nothing is stored"):
        calibrate.run(Settings(), as_json=False, choice=Choice("powercap", Brittle(12), ()), schedule=QUICK)
    assert not list(tmp_path.rglob("*.json"))


def test_without_a_real_meter_the_error_says_what_would_enable_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    assert main(["energy", "--calibrate", "--meter", "termux"]) == 2
    assert "termux: there is no command termux-battery-status" in capsys.readouterr().err
