"""The whole program: streams, exit codes, and one line for every failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_solver import __version__
from edge_solver.cli import main, replay
from edge_solver.cli.group import COMMANDS, NO_TERMINAL
from edge_solver.core.stopping import STOPS
from edge_solver.core.strategies import STRATEGIES
from edge_solver.errors import ModelBrokenError


def test_no_arguments_print_the_help_and_what_is_to_come(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Usage: edge-solver")
    assert NO_TERMINAL in printed


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"edge-solver {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: edge-solver {name}")


def test_the_help_of_solve_says_what_every_strategy_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "--help"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    for name, strategy in STRATEGIES.items():
        assert [name, strategy.summary] in lines
    assert ["--stop", "|".join(STOPS)] in [line[:1] + line[1].split()[:1] for line in lines if len(line) > 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["solv", "2+2"], "did you mean 'solve'?"),
        (["models", "lst"], "did you mean 'list'?"),
        (["what is 2+2"], "edge-solver solve 'PROBLEM'"),
        (["solve", "2+2", "--widht", "4"], "'--width'"),
        (["solve", "2+2", "--strategy", "rebas"], "did you mean 'rebase'?"),
        (["solve", "2+2", "--rounding", "exat"], "did you mean 'exact'?"),
        (["solve", "2+2", "--stop", "decide"], "did you mean 'decided'?"),
        (["solve", "2+2", "--beam-width", "0"], "--beam-width"),
        (["solve", "2+2", "--model", "builtin,micr"], "did you mean 'micro'?"),
        (["solve", "2+2", "--vote", "best"], "did you mean 'best-of-n'?"),
        (["solve", "2+2", "--model", "micr"], "did you mean 'micro'?"),
        (["solve", "2+2", "--max-flops", "0"], "--max-flops"),
        (["solve", "2+2", "--max-joules", "-5J"], "--max-joules"),
        (["solve", "2+2", "--max-seconds", "nan"], "--max-seconds"),
        (["solve", "2+2", "--max-tokens", "1 parsec"], "unknown unit 'parsec'"),
        (["solve", "2+2", "--events", "no/such/folder/run.jsonl"], "no/such/folder/run.jsonl"),
        (["solve", "2", "+", "2"], "put it in quotes"),
        (["solve"], "PROBLEM"),
        (["solve", " \t\n"], "the problem is empty"),
        (["solve", "2+2", "--json", "--bogus"], "--bogus"),
        (["replay", "nothing.jsonl"], "nothing.jsonl"),
        (["replay", "."], "directory"),
        (["models", "show", "mcro"], "did you mean 'micro'?"),
    ],
)
def test_a_wrong_request_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert message in captured.err
    assert len(captured.err.splitlines()) <= 2


@pytest.mark.parametrize("model", ["nothing.gguf", "folder/of/models"])
def test_a_missing_model_is_exit_code_3(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "2+2", "--model", model]) == 3
    assert model in capsys.readouterr().err


def test_an_error_of_ours_is_printed_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay, "_play", _raise(ModelBrokenError("weights.gguf is truncated")))
    assert main(["replay", "any"]) == 3
    assert capsys.readouterr().err == "error: weights.gguf is truncated\n"


def test_a_bug_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(replay, "_play", _raise(ZeroDivisionError("of all\nthings")))
    assert main(["replay", "any"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ZeroDivisionError: of all things; this is a bug")


def test_a_bug_shows_its_traceback_to_who_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_SOLVER_DEBUG", "1")
    monkeypatch.setattr(replay, "_play", _raise(ZeroDivisionError("of all things")))
    assert main(["replay", "any"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 1, "error: out of memory\n"),
        (PermissionError(13, "Permission denied", "thing"), 1, "error: thing: Permission denied\n"),
    ],
)
def test_what_the_world_does_is_no_bug(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay, "_play", _raise(error))
    assert main(["replay", "any"]) == code
    assert capsys.readouterr().err.lstrip("\n") == words


@pytest.mark.parametrize("arguments", ["--help", "models list --json", "solve --demo --json 2*3"])
def test_a_reader_that_goes_away_ends_the_program_quietly(arguments: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "edge_solver", *arguments.split(" ")],
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )
    os.close(write)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr
    assert b"Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_said() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edge_solver", "solve", "--demo", "2*3", "--quiet"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"bug" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_break_nothing(closed: str) -> None:
    done = subprocess.run(  # noqa: S602 - only a shell can close a stream
        f'"{sys.executable}" -m edge_solver solve --demo "2*3" --events run.jsonl {closed}',
        shell=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert done.stdout.strip().isdigit() == (">&-" not in closed.replace("2>&-", ""))
    assert Path("run.jsonl").read_bytes().startswith(b'{"event": "started"')


def _raise(error: BaseException) -> object:
    def fail(*_: object) -> None:
        raise error

    return fail
