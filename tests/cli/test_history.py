"""``history``: saved runs, from the command line."""

from __future__ import annotations

import json
import signal
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_solver.cli import main
from edge_solver.history import History, State

if TYPE_CHECKING:
    from tests.cli.conftest import OnTerminal, Run

Captured = pytest.CaptureFixture[str]
PROBLEM = "12 * 3 + 4"


@pytest.fixture
def saved(capsys: Captured) -> None:
    """Save two runs, 1 and 2."""
    assert main(["solve", "--demo", "--quiet", PROBLEM, "--width", "4"]) == 0
    assert main(["solve", "--demo", "--quiet", "7 * 6", "--strategy", "majority", "--width", "8"]) == 0
    capsys.readouterr()


def test_an_empty_history_says_how_to_fill_it(capsys: Captured) -> None:
    assert main(["history"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "solve" in captured.err


@pytest.mark.usefixtures("saved")
def test_runs_are_listed_newest_first_and_found_by_words(capsys: Captured) -> None:
    assert main(["history"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ID", "WHEN", "ANSWER", "PROBLEM", "STRATEGY", "SPENT"]
    assert [line.split()[0] for line in lines[1:]] == ["2", "1"]
    assert "42" in lines[1]
    assert "majority 8" in lines[1]
    assert main(["history", "3 + 4", "rebase"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["1"]


@pytest.mark.usefixtures("saved")
def test_a_list_has_pages(capsys: Captured) -> None:
    assert main(["history", "--limit", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[1].startswith("2 ")
    assert captured.err == "more with --before 2\n"
    assert main(["history", "--before", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("1 ")


@pytest.mark.usefixtures("saved")
def test_a_list_is_json_on_request(capsys: Captured) -> None:
    assert main(["history", "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)
    assert [(run["id"], run["answer"], run["state"]) for run in runs] == [(2, "42", "finished"), (1, "40", "finished")]


@pytest.mark.usefixtures("saved")
def test_a_misspelled_command_is_recognised(capsys: Captured) -> None:
    assert main(["history", "shwo", "1"]) == 0
    assert "did you mean 'edge-solver history show'?" in capsys.readouterr().err


@pytest.mark.usefixtures("saved")
def test_show_prints_what_the_run_found(capsys: Captured) -> None:
    assert main(["history", "show", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith(PROBLEM)
    assert "finished" in captured.out
    assert "40  confidence" in captured.out
    assert main(["history", "show", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == "40"


@pytest.mark.usefixtures("saved")
def test_both_replays_print_the_same(capsys: Captured) -> None:
    assert main(["history", "replay", "1"]) == 0
    first = capsys.readouterr()
    assert main(["replay", "1"]) == 0
    assert capsys.readouterr() == first
    assert first.out == "40\n"
    assert first.err.startswith(PROBLEM)


@pytest.mark.usefixtures("saved")
def test_a_file_goes_before_a_run_of_the_same_name(home: Path, capsys: Captured) -> None:
    assert main(["solve", "--demo", "--quiet", "--no-history", "5 * 5", "--events", str(home / "1")]) == 0
    capsys.readouterr()
    assert main(["replay", "1"]) == 0
    assert capsys.readouterr().out == "25\n"


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("ending", ["md", "json", "svg"])
def test_a_run_is_exported_and_no_file_is_lost(ending: str, home: Path, capsys: Captured) -> None:
    file = home / f"run.{ending}"
    assert main(["history", "export", "1", "--to", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    assert PROBLEM in text
    if ending == "json":
        document = json.loads(text)
        assert (document["answer"], document["run"]["id"]) == ("40", 1)
        assert [document["events"][at]["event"] for at in (0, -1)] == ["started", "solved"]
    if ending == "svg":
        ET.fromstring(text)  # noqa: S314 - our own output
    file.write_text("mine")
    assert main(["history", "export", "1", "--to", str(file)]) == 2
    assert file.read_text() == "mine"
    assert main(["history", "export", "1", "--to", str(file), "--force"]) == 0
    assert file.read_text() == text
    assert [path.name for path in home.iterdir() if path.name.startswith(".")] == []
    capsys.readouterr()


@pytest.mark.usefixtures("saved")
def test_removing_is_asked_about(capsys: Captured, on_terminal: OnTerminal) -> None:
    assert main(["history", "remove", "1", "99", "--yes"]) == 2
    assert "no run 99" in capsys.readouterr().err
    terminal = on_terminal("history", "remove", "1")  # its standard input is no terminal
    assert terminal.finish() == 2
    assert b"--yes" in terminal.shown
    assert main(["history", "remove", "1", "--yes"]) == 0
    assert "removed 1 run\n" in capsys.readouterr().err
    assert main(["history", "remove", "--all", "--yes"]) == 0
    with History.open() as history:
        assert history.search() == []


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "9"], "no run 9 in the history; the latest is 2"),
        (["show", "x"], "'x' is not a valid integer"),
        (["replay", "0"], "0 is not in the range"),
        (["export", "1", "--to", "run.pdf"], ".md, .json, .svg"),
        (["export", "1", "--to", "no/folder/run.md"], "no/folder/run.md"),
        (["remove"], "--all"),
        (["remove", "1", "--all"], "--all"),
        (["--limit", "0"], "--limit"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(arguments: list[str], words: str, capsys: Captured) -> None:
    assert main(["history", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("how", ["flag", "variable", "file"])
def test_a_run_is_not_saved_where_it_is_not_wanted(how: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "variable":
        monkeypatch.setenv("EDGE_SOLVER_HISTORY", "off")
    if how == "file":
        (home / "edge-solver.toml").write_text("history = false\n")
    assert main(["solve", "--demo", "--quiet", PROBLEM, *(["--no-history"] if how == "flag" else [])]) == 0
    assert not (home / "home" / "data").exists()


@pytest.mark.parametrize("damage", ["folder", "later"])
def test_a_history_that_cannot_be_used_costs_no_answer(damage: str, home: Path, run: Run) -> None:
    if damage == "folder":
        (home / "home").mkdir()
        (home / "home" / "data").write_text("no folder")
    else:
        with History.open(home / "home" / "data" / "history.db") as history:
            history._database.execute("PRAGMA user_version = 99")
    done = run("solve", "--demo", "--quiet", PROBLEM)
    assert (done.returncode, done.stdout) == (0, b"40\n")
    assert done.stderr.startswith(b"warning: the run is not in the history")
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_history_is_put_aside_and_the_user_told(home: Path, run: Run) -> None:
    file = home / "home" / "data" / "history.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not what it was" * 1000)
    listed = run("history")
    assert listed.returncode == 0
    assert b"was damaged: it is kept as" in listed.stderr
    assert run("history").stderr.startswith(b"no run is saved yet")
    assert len(list(file.parent.glob("history-damaged-*.db"))) == 1


def test_a_killed_search_is_there_as_far_as_it_went(on_terminal: OnTerminal, capsys: Captured) -> None:
    terminal = on_terminal("solve", "--demo", "12 * 3 + 4 - (5 * 2) + 8 * 9 - 3", "--width", "16")
    terminal.wait_for("best ")
    with History.open() as history:
        while not (history.search() and history.search()[0].answer):
            assert terminal.process.poll() is None
        terminal.send(signal.SIGKILL)
        terminal.finish()
        (run,) = history.search()
        assert run.state is State.INTERRUPTED
    assert main(["history"]) == 0
    assert f"interrupted: {run.answer}" in capsys.readouterr().out
    assert main(["replay", str(run.id)]) == 1
    assert "run 1:" in capsys.readouterr().err
    assert main(["history", "show", str(run.id)]) == 0
    assert "interrupted" in capsys.readouterr().out
    assert main(["history", "export", str(run.id), "--to", "run.json"]) == 0
    assert json.loads(Path("run.json").read_text())["stopped_by"] == "interrupted"
