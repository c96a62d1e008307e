"""How fast a model would be, from results of this machine that lie in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_solver.bench import machine
from edge_solver.bench.device import document as files
from edge_solver.bench.device.expected import Model, expected
from edge_solver.catalog import registry
from edge_solver.cli import main
from edge_solver.paths import devices_dir

LLEMMA = registry()["llemma-7b"]
MODEL = Model(LLEMMA.architecture, LLEMMA.bytes, LLEMMA.sha256, cells=800.0)


def keep(folder: Path, name: str = "device-2026-01-01T000000Z.json", **changes: object) -> Path:
    facts = machine.facts()
    made = {
        "schema": files.SCHEMA,
        "kind": files.KIND,
        "device": {"name": facts["name"], "cores": facts["cores"]},
        "build": {},
        "model": {"name": "micro", "sha256": "ab" * 32},
        "workload": {},
        "speed": {"decode": [{"branches": 1, "tokens_per_second": {"median": 7.5}}]},
        "energy": {},
        "ceilings": {"bytes_per_second": 40e9, "flops_per_second": 400e9},
        "provenance": {"ended": "2026-01-01T00:00:00Z"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(made | changes))
    return path


def test_one_branch_is_bound_by_the_bytes_of_the_weights_and_the_cache(tmp_path: Path) -> None:
    path = keep(tmp_path)
    found = expected(MODEL, 1, tmp_path)
    assert found is not None
    embedding = 32016 * 4096 / LLEMMA.parameters  # is looked up, not read
    seconds = (LLEMMA.bytes * (1 - embedding) + 800 * 512 * 1024) / 40e9
    assert found.tokens_per_second == pytest.approx(1 / seconds, rel=1e-3)
    assert (found.how, found.bytes_per_second, found.file) == ("estimated", 40e9, str(path))


def test_many_branches_are_bound_by_computing(tmp_path: Path) -> None:
    keep(tmp_path)
    found = expected(MODEL, 64, tmp_path)
    assert found is not None
    assert found.tokens_per_second == pytest.approx(400e9 / (2 * 6.6e9), rel=0.02)


def test_what_was_measured_itself_is_not_estimated(tmp_path: Path) -> None:
    keep(tmp_path, model={"name": "llemma-7b", "sha256": LLEMMA.sha256})
    one, many = expected(MODEL, 1, tmp_path), expected(MODEL, 16, tmp_path)
    assert one is not None
    assert many is not None
    assert (one.how, one.tokens_per_second) == ("measured", 7.5)
    assert many.how == "estimated"


def test_the_newest_result_of_this_machine_counts_and_what_is_broken_is_passed_over(tmp_path: Path) -> None:
    assert expected(MODEL, 1, tmp_path / "none") is None
    keep(tmp_path, "device-1.json", device={"name": "another processor", "cores": 1})
    keep(tmp_path, "device-2.json", schema=files.SCHEMA + 1)
    keep(tmp_path, "device-3.json", ceilings=None)
    keep(tmp_path, "device-4.json", ceilings={"bytes_per_second": "many", "flops_per_second": -1})
    (tmp_path / "device-5.json").write_text("{")
    assert expected(MODEL, 1, tmp_path) is None
    good = keep(tmp_path, "device-0.json")
    found = expected(MODEL, 1, tmp_path)
    assert found is not None
    assert found.file == str(good)


def test_a_model_is_shown_with_its_speed_and_how_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    keep(devices_dir())
    assert main(["models", "show", "llemma-7b", "--width", "4"]) == 0
    printed = capsys.readouterr().out
    assert "on 4 branches at this machine's limits (estimated; bench device measured 40 GB/s, 400 GFLOP/s" in printed
    assert main(["models", "show", "llemma-7b", "--width", "4", "--json"]) == 0
    speeds = json.loads(capsys.readouterr().out)["speed"]
    assert [(speed["width"], speed["how"]) for speed in speeds] == [(1, "estimated"), (4, "estimated")]
