"""``solve``, on the simulated model: the answer alone on standard output, and the rest of the contract."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_solver import recording
from edge_solver.cli import main
from edge_solver.config import METERS
from edge_solver.core.events import Billed, Pulsed, Solved, Started
from edge_solver.core.solution import Solution

if TYPE_CHECKING:
    from tests.cli.conftest import OnTerminal, Run

PROBLEM = "12 * 3 + 4 - (5 * 2)"
ANSWER = "30"


def test_standard_output_is_the_answer_alone(run: Run) -> None:
    done = run("solve", "--demo", PROBLEM)
    assert done.returncode == 0
    assert done.stdout == f"{ANSWER}\n".encode()
    assert len(done.stderr.splitlines()) == 1
    assert b"\x1b" not in done.stderr


def test_the_built_in_models_are_as_quiet(run: Run) -> None:
    done = run("solve", "What is 3 + 4?", "--width", "2", "--max-tokens", "100")
    assert done.returncode in (0, 1)
    assert len(done.stdout.splitlines()) == (done.returncode == 0)
    assert len(done.stderr.splitlines()) == 1 + done.returncode


def test_the_problem_may_come_from_standard_input(run: Run) -> None:
    done = run("solve", "--demo", "--quiet", "-", stdin=f"\ufeff{PROBLEM}\r\n".encode())
    assert done.returncode == 0
    assert done.stdout == f"{ANSWER}\n".encode()
    assert done.stderr == b""


def test_bytes_that_are_no_text_are_refused(run: Run) -> None:
    done = run("solve", "--demo", "-", stdin=b"2 + \xff")
    assert done.returncode == 2
    assert b"not UTF-8" in done.stderr
    assert b"0xff" in done.stderr
    assert run("solve", "--demo", os_bytes(b"2 + \xff")).returncode == 2


def test_endless_standard_input_is_refused(run: Run) -> None:
    done = run("solve", "--demo", "-", stdin=b"1 + " * 2**19)
    assert done.returncode == 2
    assert b"MiB" in done.stderr


@pytest.mark.parametrize("problem", ["-3 + 5", "-3+5", "-(4 - 6)", "-x = 3", "-$x$", "--"])
def test_a_problem_may_begin_with_a_minus_sign(problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--", "--3"] if problem == "--" else [problem]
    assert main(["solve", "--model", "nothing.gguf", *words]) == 3  # it was read, and the model is looked for
    assert "nothing.gguf" in capsys.readouterr().err


def test_json_is_one_document_with_the_fields_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "--demo", "--json", PROBLEM, "--width", "8", "--seed", "3", "--max-flops", "1T"]) == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert {
        "schema", "problem", "answer", "confidence", "stopped_by", "candidates", "spent", "budget", "strategy", "tree",
        "best_path", "policy", "prm", "seed",
    } <= set(document)  # fmt: skip
    assert document["schema"] == 1
    assert document["problem"] == PROBLEM
    assert document["answer"] == ANSWER
    assert document["budget"] == {"flops": 1e12, "joules": None, "seconds": None, "tokens": None}
    assert document["seed"] == 3
    assert (document["strategy"]["name"], document["strategy"]["width"]) == ("rebase", 8)
    assert {"flops", "flops_prompt", "flops_policy", "flops_prm", "flops_paper", "tokens_generated", "tokens_evaluated",
            "tokens_again", "tokens_prm", "seconds", "joules"} == set(document["spent"])  # fmt: skip
    energy = document["spent"]["joules"]
    assert {"value", "label", "scope", "net", "idle_watts", "window_seconds", "method", "error", "apportioned"} == set(
        energy
    )
    assert energy["method"] in METERS
    if energy["label"].startswith("estimated"):
        assert energy["net"] == pytest.approx(energy["value"] - energy["idle_watts"] * energy["window_seconds"])
        assert sum(energy["apportioned"].values()) == pytest.approx(energy["value"])


def test_no_answer_within_the_budget_names_the_cap_and_one_that_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "--demo", PROBLEM, "--max-tokens", "5"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "5 tokens" in captured.err
    smallest = captured.err.split("--max-tokens ")[1].strip()
    assert main(["solve", "--demo", PROBLEM, "--max-tokens", smallest]) == 0


def test_no_answer_is_a_json_document_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "--demo", PROBLEM, "--max-tokens", "5", "--json", "--quiet"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["answer"] is None
    assert document["stopped_by"] == "tokens"
    assert document["smallest_useful"]["tokens"] > 5


def test_events_are_recorded_as_they_are_documented(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "run.jsonl"
    file.write_text("what was here before\n" * 10_000)
    assert main(["solve", "--demo", "--json", PROBLEM, "--events", str(file)]) == 0
    first = json.loads(file.read_text().splitlines()[0])
    assert (first["event"], first["schema"]) == ("started", 1)
    events = [event for _, event in recording.read(file)]
    assert isinstance(events[0], Started)
    assert not any(isinstance(event, Pulsed) for event in events)
    assert any(isinstance(event, Billed) for event in events)
    assert isinstance(events[-1], Solved)
    assert json.loads(recording.strict_json(events[-1].solution)) == json.loads(capsys.readouterr().out)


def test_a_failed_start_leaves_a_recording_as_it_was(home: Path) -> None:
    kept, new = home / "kept.jsonl", home / "new.jsonl"
    kept.write_text("a run\n")
    for file in (kept, new):
        assert main(["solve", "2+2", "--model", "nothing.gguf", "--events", str(file)]) == 3
    assert kept.read_text() == "a run\n"
    assert not new.exists()


def test_a_disk_that_fills_up_costs_the_recording_and_not_the_answer(run: Run) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = run("solve", "--demo", PROBLEM, "--events", "/dev/full")
    assert done.returncode == 0
    assert done.stdout == f"{ANSWER}\n".encode()
    assert b"warning: /dev/full holds only the beginning" in done.stderr


def test_the_same_seed_gives_the_same_tree(capsys: pytest.CaptureFixture[str]) -> None:
    trees = []
    for seed in ("7", "7", "8"):
        main(["solve", "--demo", PROBLEM, "--seed", seed, "--events", "run.jsonl"])
        solutions = [event for _, event in recording.read(Path("run.jsonl")) if not hasattr(event, "spent")]
        trees.append([event for event in solutions if not isinstance(event, Solved)])
    capsys.readouterr()
    assert trees[0] == trees[1] != trees[2]


def test_progress_is_drawn_on_a_terminal_and_taken_away(on_terminal: OnTerminal) -> None:
    terminal = on_terminal("solve", "--demo", "12 * 3", "--width", "4", "--max-flops", "2G")
    assert terminal.finish() == 0
    assert terminal.printed == b"36\n"
    shown = terminal.shown.decode()
    drawings, summary = shown.rsplit("\r\x1b[K", 1)
    frames = [frame for frame in drawings.split("\r") if "tokens" in frame]
    assert frames
    assert all(frame.endswith("\x1b[K") and "\n" not in frame for frame in frames)
    assert any("flops ▱" in frame and "live" in frame for frame in frames)
    assert "confidence" in summary
    assert "executed" in summary
    assert "\x1b[32m" in summary


def test_progress_keeps_to_the_width_and_to_no_color(on_terminal: OnTerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = on_terminal("solve", "--demo", "12 * 3", "--width", "4", "--max-flops", "2G", columns=40)
    assert terminal.finish() == 0
    shown = terminal.shown.decode()
    assert "\x1b[" in shown
    plain = shown.replace("\x1b[K", "")
    assert "\x1b" not in plain
    drawings = plain.split("\r\n")[0].split("\r")
    assert max(len(frame) for frame in drawings[:-1]) < 40


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("COLUMNS", "0")])
def test_odd_terminals_get_an_answer(
    on_terminal: OnTerminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    terminal = on_terminal("solve", "--demo", "2 * 3", "--width", "1", columns=0)
    assert terminal.finish() == 0
    assert terminal.printed
    assert (b"\r\x1b[K" in terminal.shown) == (name != "TERM")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_search_with_the_best_answer_so_far(on_terminal: OnTerminal, number: signal.Signals) -> None:
    terminal = on_terminal("solve", "--demo", PROBLEM, "--width", "6", "--events", "run.jsonl")
    terminal.wait_for("best ")
    terminal.send(number)
    assert terminal.finish() == 130
    assert terminal.printed.strip().isdigit()
    assert b"stopped by you" in terminal.shown
    assert b"Traceback" not in terminal.shown
    assert result_of(Path("run.jsonl")).stopped_by == "cancelled"


def test_a_signal_before_any_answer_says_so(on_terminal: OnTerminal) -> None:
    terminal = on_terminal("solve", "--demo", PROBLEM, "--json")
    terminal.wait_for("live")
    terminal.send(signal.SIGINT)
    assert terminal.finish() == 130
    assert json.loads(terminal.printed)["stopped_by"] == "cancelled"
    assert b"error: stopped before any solution was finished" in terminal.shown


def result_of(file: Path) -> Solution:
    *_, (_, last) = recording.read(file)
    assert isinstance(last, Solved)
    return last.solution


def os_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
