"""``--no-tui``: problems and settings typed line by line."""

from __future__ import annotations

import io

import pytest

from edge_solver.cli import main

Captured = pytest.CaptureFixture[str]


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return main(["--no-tui", "--demo"])


def test_problems_are_answered_one_after_the_other_and_saved(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert typed(monkeypatch, "width 8", "7 * 6", "", "2 + 3") == 0
    captured = capsys.readouterr()
    assert captured.out.split() == ["42", "5"]
    assert captured.err.count("loading the models") == 1
    assert "\x1b" not in captured.err
    assert main(["history"]) == 0
    assert [line.split()[3] for line in capsys.readouterr().out.splitlines()[1:]] == ["5", "42"]


def test_history_can_be_left_out(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HISTORY", "no")
    assert typed(monkeypatch, "2 + 3") == 0
    assert main(["history"]) == 0
    assert capsys.readouterr().out == "5\n"


@pytest.mark.parametrize("word", ["quit", "exit", "q"])
def test_a_word_leaves(monkeypatch: pytest.MonkeyPatch, capsys: Captured, word: str) -> None:
    assert typed(monkeypatch, word, "2 + 3") == 0
    assert capsys.readouterr().out == ""


def test_settings_are_kept_and_what_is_wrong_with_a_line_does_not_end_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    lines = (
        "strategy majority",
        "tokens 500",
        "width many",
        "strategy fastest",
        "settings",
        "tokens none",
        "help",
        "2 + 3",
    )
    assert typed(monkeypatch, *lines) == 0
    captured = capsys.readouterr()
    assert captured.out == "5\n"
    assert captured.err.count("error: ") == 2
    assert captured.err.count("strategy majority, width 16, tokens 500") == 2
    assert "strategy majority, width 16, no caps" in captured.err
    assert captured.err.count("Ctrl-D, leaves") == 2
