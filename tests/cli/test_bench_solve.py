"""``bench solve`` on the simulated model: what it prints, what it writes, and how it goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge_solver.cli import main
from edge_solver.cli.bench.table import whole_runs
from edge_solver.paths import shipped

if TYPE_CHECKING:
    from tests.cli.conftest import OnTerminal

N = 12


@pytest.fixture
def suite(home: Path) -> Path:
    rows = [
        {
            "id": f"p{i}",
            "problem": f"{i} * 7 + {i + 5} - 3 * 2",
            "answer": str(8 * i - 1),
            "subject": "sums",
            "level": 1,
        }
        for i in range(1, N + 1)
    ]
    path = home / "suite.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def arguments(suite: Path, out: str = "out", *more: str) -> list[str]:
    return ["bench", "solve", "--demo", "--suite", str(suite), "--strategies", "greedy,majority,weighted,rebase",
            "--widths", "1,4", "--out", out, *more]  # fmt: skip


def results(out: str | Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return results by key, without what differs from run to run."""
    found = {}
    for text in (Path(out) / "results.jsonl").read_text().splitlines():
        line = json.loads(text)
        del line["load"]
        for bill in (line["spent"], (line["shared"] or {}).get("spent", {})):
            bill.pop("seconds", None)
            bill.pop("joules", None)
        key = line["id"], line["strategy"], line["width"], line["seed"]
        assert key not in found
        found[key] = line
    return found


def test_the_files_hold_what_the_contract_says(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(suite, "out", "--json")) == 0
    summary = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert summary == json.loads(Path("out/summary.json").read_text())
    run = json.loads(Path("out/run.json").read_text())
    assert {"schema", "version", "suite", "models", "settings", "device", "command"} <= set(run)
    assert (run["suite"]["name"], run["suite"]["n"], run["schema"]) == ("suite.jsonl", N, 1)
    found = results("out")
    assert len(found) == N * 7
    line = found["p3", "weighted", 4, 0]
    assert {"schema", "id", "subject", "level", "strategy", "width", "seed", "model", "prm", "answer", "expected",
            "correct", "any_correct", "confidence", "stopped_by", "leaves", "spent", "tree"} <= set(line)  # fmt: skip
    assert (line["expected"], line["subject"], line["level"]) == ("23", "sums", 1)
    assert len(line["leaves"]) == line["tree"]["leaves"] == 4
    assert {"answer", "weight", "class", "correct"} == set(line["leaves"][0])
    assert line["any_correct"] == any(leaf["correct"] for leaf in line["leaves"])
    assert found["p3", "majority", 4, 0]["prm"] is None
    assert found["p3", "majority", 4, 0]["shared"]["strategy"] == "weighted"
    rows = {(row["strategy"], row["width"]): row for row in summary["rows"]}
    assert set(rows) == {("greedy", 1), *((s, w) for s in ("majority", "weighted", "rebase") for w in (1, 4))}
    row = rows["weighted", 4]
    right = [line["correct"] for key, line in found.items() if key[1:3] == ("weighted", 4)]
    assert row["accuracy"] == pytest.approx(sum(right) / N)
    assert row["ci95"][0] <= row["accuracy"] <= row["ci95"][1]
    assert {"n", "coverage", "flops_mean", "flops_paper_mean", "joules_mean", "joules_label", "tokens_mean",
            "seconds_mean", "occupancy", "scoring", "overhead"} <= set(row)  # fmt: skip
    assert summary["complete"] is True
    wholes = {(entry["strategy"], entry["width"]): entry for entry in summary["energy"]}
    assert {("rebase", 1), ("rebase", 4), ("weighted", 4)} <= set(wholes)
    whole = wholes["rebase", 4]
    assert whole["problems"] == N
    assert whole["joules"]["value"] > 0
    assert whole["joules"]["window_seconds"] > 0


def test_what_a_battery_gave_is_told_for_the_run_and_not_for_a_problem() -> None:
    energy = {"value": 1234.0, "label": "measured-battery", "scope": "whole device", "window_seconds": 300.0}
    entry = {"strategy": "rebase", "width": 4, "seed": 0, "problems": 20, "joules": energy}
    (line,) = whole_runs(
        [entry, {**entry, "joules": {**energy, "value": None}}, {**entry, "joules": {**energy, "label": "counter"}}]
    )
    assert line.startswith("rebase, width 4, seed 0: 1.2 kJ for 20 problems in 5 min (measured-battery")
    assert "sees no single problem" in line


def test_the_table_is_printed_and_progress_is_not(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(suite, "out", "--limit", "2", "--quiet")) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    heading, *rows = captured.out.splitlines()
    assert heading.split()[:4] == ["strategy", "width", "n", "accuracy"]
    assert len(rows) == 7
    assert all("%" in row for row in rows)


def test_the_same_command_again_runs_nothing(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(arguments(suite))
    before = Path("out/results.jsonl").read_bytes()
    assert main(arguments(suite)) == 0
    assert Path("out/results.jsonl").read_bytes() == before
    assert f"{N * 7} of {N * 7} results are there" in capsys.readouterr().err


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_happened(suite: Path) -> None:
    for _ in range(3):
        command = [sys.executable, "-m", "edge_solver", *arguments(suite, "killed", "--in-flight", "3")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            file, end = Path("killed/results.jsonl"), time.monotonic() + 60
            before = file.stat().st_size if file.exists() else 0
            while process.poll() is None and time.monotonic() < end:
                if file.exists() and file.stat().st_size > before + 3000:
                    break
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
    with Path("killed/results.jsonl").open("ab") as torn:
        torn.write(b'{"schema": 1, "id": "p1", "subj')
    assert main(arguments(suite, "killed", "--in-flight", "3")) == 0
    assert main(arguments(suite, "whole", "--in-flight", "3")) == 0
    assert results("killed") == results("whole")


def test_how_many_are_in_flight_changes_no_result(suite: Path) -> None:
    for number in ("1", "5"):
        assert main(arguments(suite, f"out{number}", "--in-flight", number, "--max-tokens", "150")) == 0
    assert results("out1") == results("out5")


def test_another_suite_or_setting_is_refused(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(suite, "out", "--limit", "1")) == 0
    capsys.readouterr()
    assert main(arguments(suite, "out", "--limit", "2")) == 2
    assert "suite.n was 1 and is now 2" in capsys.readouterr().err
    assert main(arguments(suite, "out", "--limit", "1", "--temperature", "0.7")) == 2
    assert "temperature was 0.6 and is now 0.7" in capsys.readouterr().err


def test_a_signal_ends_the_run_and_says_how_to_go_on(suite: Path, on_terminal: OnTerminal) -> None:
    terminal = on_terminal(*arguments(suite, "out", "--widths", "1,64", "--strategies", "rebase"))
    terminal.wait_for("left")
    terminal.send(signal.SIGINT)
    assert terminal.finish() == 130
    assert b"the same command goes on" in terminal.shown
    assert b"Traceback" not in terminal.shown
    assert json.loads(Path("out/summary.json").read_text())["complete"] is False


@pytest.mark.parametrize("limit", [3e7, 3e8, 3e10])
def test_a_budget_for_the_suite_is_never_passed(suite: Path, limit: float) -> None:
    more = ["--strategies", "rebase", "--widths", "8", "--suite-flops", str(limit), "--in-flight", "2"]
    assert main(arguments(suite, "out", *more)) == 0
    found = results("out")
    assert len(found) == N
    assert sum(line["spent"]["flops"] for line in found.values()) <= limit
    spent = [line["spent"]["flops"] for line in found.values()]
    assert limit < 1e9 or max(spent) > 2 * min(spent)  # some deserve more than others


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--strategies", "rebas"], "did you mean 'rebase'"),
        (["--format", "metamaht"], "did you mean 'metamath'"),
        (["--prm-format", "math-sheperd"], "unknown reward model format 'math-sheperd'"),
        (["--widths", "1,,4"], "empty place"),
        (["--widths", "0"], "--widths"),
        (["--seeds", "x"], "--seeds"),
        (["--suite", "gsm9k"], "did you mean 'gsm8k'"),
        (["--suite-flops", "1G", "--suite-joules", "5J"], "give one of them"),
        (["--suite-flops", "5J"], "--suite-flops"),
        (["--out", "suite.jsonl"], "--out"),
    ],
)
def test_what_cannot_be_run_is_refused(
    suite: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert main(arguments(suite, "out", *more)) == 2
    assert words in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_command_that_failed_may_be_put_right(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = home / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    command = ["bench", "solve", "--suite", "builtin", "--limit", "1", "--strategies", "majority", "--widths", "1",
               "--max-tokens", "8", "--out", "out"]  # fmt: skip
    assert main([*command, "--model", str(broken)]) == 3
    assert Path("out/run.json").exists()
    capsys.readouterr()
    assert main(command) == 0
    assert json.loads(Path("out/run.json").read_text())["models"]["policies"][0]["name"] != "broken.gguf"


def test_bad_lines_are_counted(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite.write_text(suite.read_text() + "nonsense\n")
    assert main(arguments(suite)) == 2
    assert f"line {N + 1}: not JSON" in capsys.readouterr().err
    assert main(arguments(suite, "out", "--skip-bad", "--limit", "1")) == 0
    assert json.loads(Path("out/run.json").read_text())["suite"]["left_out"] == 1


def test_the_built_in_models_solve_a_suite_and_their_calls_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["bench", "solve", "--suite", "builtin", "--limit", "2", "--strategies", "majority,weighted,rebase",
                 "--widths", "2,4", "--out", "out", "--json"])  # fmt: skip
    assert code == 0
    summary = json.loads(capsys.readouterr().out)
    assert len(summary["rows"]) == 6
    for row in summary["rows"]:
        assert 0 < row["occupancy"] <= 1
        assert 1 <= row["paths_mean"] <= row["rows_mean"]
        assert 0 <= row["overhead"] < 1
        assert row["overhead"] <= row["overhead_python"]


def test_what_was_guessed_of_a_model_is_said_once(suite: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = home / "mine.gguf"
    model.write_bytes(shipped("models/builtin/nano.gguf").read_bytes() + bytes(32))  # nobody knows its checksum
    chosen = ["bench", "solve", "--suite", str(suite), "--limit", "1", "--model", str(model), "--widths", "1,2",
              "--strategies", "greedy,majority", "--max-tokens", "8", "--out", "noted"]  # fmt: skip
    assert main(chosen) == 0
    assert capsys.readouterr().err.count("note: mine.gguf: asked in the format") == 1
