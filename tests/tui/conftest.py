"""What every test of the app needs: a home of its own, a simulated model that hardly waits, and a recorded run."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_solver.config import Settings
from edge_solver.core.budget import Ledger
from edge_solver.core.strategies import STRATEGIES, SearchSettings
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.scripted import ScriptedClock, ScriptedDrafter, ScriptedGrader, ScriptedScorer, World
from edge_solver.recording import Recorder
from edge_solver.solver import Engines, Search
from edge_solver.tui import engine


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(engine, "DEMO_BEAT_SECONDS", 0.001)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Return a recorded run as a file that ``recording`` reads."""
    world, clock = World(), ScriptedClock(0.01)
    engines = Engines(ScriptedDrafter(world, clock), ScriptedScorer(world, clock), ScriptedGrader())
    ledger = Ledger(Settings().budget, clock, ScriptedMeter())
    search = Search(
        "What is (12 * 7 + 5) * 3 - 48 / 6?", engines, ledger, STRATEGIES["rebase"], SearchSettings(width=8)
    )
    path = tmp_path / "run.jsonl"
    with Recorder(path) as recorder:
        for event in search:
            recorder.write(event)
    return path
