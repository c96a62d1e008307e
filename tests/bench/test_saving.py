"""What saving costs is measured on real searches."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_solver.bench.saving import measure


def test_saving_is_measured_against_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    found = measure(2, demo=True)
    assert found["cpu_seconds_without"] > 0
    assert found["cpu_seconds_of_saving"] > 0
    assert found["share"] == pytest.approx(found["cpu_seconds_of_saving"] / found["cpu_seconds_without"])
    assert list(tmp_path.iterdir()) == []
