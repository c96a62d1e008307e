"""``replay``: a recorded run, printed again without a model."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from edge_solver.cli import main

PROBLEM = "12 * 3 + 4"


@pytest.fixture
def recorded(home: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    file = home / "run.jsonl"
    assert main(["solve", "--demo", "--quiet", PROBLEM, "--width", "4", "--events", str(file)]) == 0
    capsys.readouterr()
    return file


def test_a_replay_prints_every_step_the_summary_and_the_answer(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(recorded)]) == 0
    captured = capsys.readouterr()
    assert captured.out == "40\n"
    lines = captured.err.splitlines()
    assert lines[0] == PROBLEM
    drafted = [json.loads(line) for line in recorded.read_text().splitlines() if '"drafted"' in line]
    assert len([line for line in lines if line[:3].strip().isdigit() and line[3:7].strip()]) >= len(drafted)
    assert any(line.endswith("→ 40") for line in lines)
    assert "executed" in captured.err
    assert "whole solutions" in lines[-1]


def test_a_replay_gives_the_same_document_as_the_run(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--json", str(recorded)]) == 0
    solved = json.loads(recorded.read_text().splitlines()[-1])
    assert json.loads(capsys.readouterr().out) == solved["solution"]


def test_a_run_cut_in_the_middle_is_replayed_as_far_as_it_goes(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = recorded.read_bytes().splitlines(keepends=True)
    recorded.write_bytes(b"".join(lines[:8]) + lines[8][:20])
    assert main(["replay", str(recorded)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(PROBLEM)
    assert captured.err.splitlines()[-1].startswith(f"error: {recorded}:8: the run was cut short")


def test_a_broken_file_is_named_with_its_line(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = recorded.read_text().splitlines()
    lines[4] = lines[4][:-5]
    recorded.write_text("\n".join(lines) + "\n")
    assert main(["replay", str(recorded)]) == 2
    assert f"error: {recorded}:5: " in capsys.readouterr().err


def test_speed_keeps_the_pace_of_the_run(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    assert main(["replay", str(recorded), "--speed", "0.5"]) == 0
    bills = [json.loads(line)["spent"]["seconds"] for line in recorded.read_text().splitlines() if '"billed"' in line]
    assert sum(waited) == pytest.approx(2 * bills[-1])
    capsys.readouterr()


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast"])
def test_impossible_paces_are_refused(speed: str, recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(recorded), "--speed", speed]) == 2
    assert "--speed" in capsys.readouterr().err


def test_text_in_a_file_cannot_steer_the_terminal(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded.write_text(recorded.read_text().replace('"text": "', '"text": "\\u001b[2J\\u202e\\u0007'))
    assert main(["replay", str(recorded)]) == 0
    shown = capsys.readouterr().err
    assert not {"\x1b", "\u202e", "\x07"} & set(shown)
