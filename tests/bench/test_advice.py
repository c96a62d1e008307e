"""``advise`` and ``bench report``, from results to what is printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_solver.bench.advice import advise
from edge_solver.bench.trials import read_run
from edge_solver.cli import main
from edge_solver.errors import EdgeSolverError, UsageError

Rows = list[dict[str, Any]]
Results = Callable[..., Path]
RIGHT, WRONG = ("1", 0.9, True), ("2", 0.4, False)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def ladder(row: Callable[..., dict[str, Any]]) -> Rows:
    """Forty problems: greedy is right on 10, majority@4 on 20, rebase@4 on 21, rebase@16 on 36."""
    rows = []
    for number in range(40):
        for strategy, width, right in (("greedy", 1, 10), ("majority", 4, 20), ("rebase", 4, 21), ("rebase", 16, 36)):
            rows.append(row(f"p{number}", [RIGHT if number < right else WRONG] * width, strategy=strategy))
    return rows


def test_the_most_accurate_that_fits_is_advised(results: Results, ladder: Rows) -> None:
    run = read_run(results(ladder))
    rich, poor = advise([run], "flops", 1e12), advise([run], "flops", 2.0e9)
    assert (rich.best.choice.strategy, rich.best.choice.width, rich.best.accuracy.value) == ("rebase", 16, 0.9)
    assert rich.rivals == ()
    assert (poor.best.choice.strategy, poor.best.choice.width, poor.fitting) == ("rebase", 4, 3)
    assert poor.best.accuracy.low < 21 / 40 < poor.best.accuracy.high


def test_what_cannot_be_told_apart_is_a_rival(results: Results, ladder: Rows) -> None:
    found = advise([read_run(results(ladder))], "flops", 2.0e9)
    (rival,) = found.rivals
    assert rival.choice.strategy == "majority"
    assert rival.behind is not None
    assert rival.behind.value == pytest.approx(1 / 40)
    assert rival.cost < found.best.cost


def test_runs_over_the_budget_are_counted(results: Results, ladder: Rows) -> None:
    for line in ladder:
        if (line["strategy"], line["id"]) == ("greedy", "p0"):
            line["spent"]["seconds"] = 0.2
    found = advise([read_run(results(ladder))], "seconds", 0.06)
    assert found.best.choice.strategy == "greedy"
    assert found.best.over == pytest.approx(1 / 40)


def test_a_budget_below_everything_names_the_cheapest(results: Results, ladder: Rows) -> None:
    with pytest.raises(EdgeSolverError, match=r"the cheapest is micro greedy@1 with 360 MFLOP"):
        advise([read_run(results(ladder))], "flops", 1.0)


def test_labels_are_never_compared_and_the_better_one_counts(results: Results, ladder: Rows) -> None:
    """The estimate would advise rebase; only greedy was counted by the hardware."""
    for line in ladder:
        if line["strategy"] == "greedy":
            line["spent"]["joules"]["label"] = "counter"
    found = advise([read_run(results(ladder))], "joules", 100.0)
    assert (found.label, found.best.choice.strategy, found.compared) == ("counter", "greedy", 1)
    assert found.set_aside == ("joules estimated-default, cpu package, a laptop",)


def test_without_joules_the_error_says_what_can_be_asked(results: Results, ladder: Rows) -> None:
    for line in ladder:
        line["spent"]["joules"] = {"value": None, "label": "unavailable", "scope": ""}
    with pytest.raises(UsageError, match="--seconds"):
        advise([read_run(results(ladder))], "joules", 1.0)


def test_of_two_suites_the_larger_counts_and_the_other_is_named(results: Results, ladder: Rows) -> None:
    small = read_run(results(ladder[:4], "small", suite="small"))
    found = advise([small, read_run(results(ladder))], "flops", 1e12)
    assert found.suite == "simulated"
    assert "'small'" in found.set_aside[0]


def test_advice_is_printed_with_the_command_to_use_it(
    results: Results, ladder: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = results(
        ladder, settings={"search": {"temperature": 0.7, "aggregate": "last", "vote": None}, "in_flight": None}
    )
    assert main(["advise", "--joules", "20J", "--runs", str(folder)]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("micro rebase@16: right 90.0% (")
    assert last == (
        "edge-solver solve PROBLEM --model micro --prm micro-prm --strategy rebase --width 16 --temperature 0.7 "
        "--max-joules 20"
    )


def test_the_printed_command_is_one_that_solve_understands(
    results: Results, ladder: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["advise", "--flops", "1e12", "--runs", str(results(ladder))])
    *_, command = capsys.readouterr().out.splitlines()
    arguments = command.replace("PROBLEM", "2*3").split()[1:]
    assert main([*arguments, "--demo", "--quiet"]) == 0


def test_advice_as_json(results: Results, ladder: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--seconds", "5", "--runs", str(results(ladder)), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    assert document["best"]["choice"]["strategy"] == "rebase"
    assert document["command"].startswith("edge-solver solve")


def test_results_in_the_users_data_folder_are_found(
    results: Results, ladder: Rows, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = home / "data" / "bench" / "first"
    target.parent.mkdir(parents=True)
    results(ladder).rename(target)
    assert main(["advise", "--flops", "1T"]) == 0
    assert "rebase@16" in capsys.readouterr().out
    damaged = home / "data" / "bench" / "damaged"
    damaged.mkdir()
    (damaged / "run.json").write_text("{")
    assert main(["advise", "--flops", "1T"]) == 0
    captured = capsys.readouterr()
    assert "rebase@16" in captured.out
    assert "left out: " in captured.err
    assert "damaged" in captured.err


def test_without_results_the_command_that_makes_them_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--joules", "20"]) == 2
    message = capsys.readouterr().err
    assert "edge-solver bench solve --suite builtin" in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "give one of"),
        (["--joules", "1", "--flops", "1"], 2, "give one of"),
        (["--joules", "5s"], 2, "seconds"),
        (["--flops", "-1"], 2, "--flops"),
        (["--flops", "1", "--runs", "results"], 1, "the cheapest is"),
        (["--flops", "1", "--runs", "nothing"], 2, "nothing"),
    ],
)
def test_a_wrong_request_is_one_line(
    arguments: list[str], code: int, message: str, results: Results, ladder: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    results(ladder)
    assert main(["advise", *arguments]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_a_report_is_printed(tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "report", str(tiny_folder)]) == 0
    printed = capsys.readouterr().out
    for heading in ("Every configuration", "letters: frontier", "Where voting saturates", "What it cannot show"):
        assert heading in printed
    assert max(map(len, printed.partition("What this shows")[0].splitlines())) <= 120


def test_a_report_as_json(tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "report", str(tiny_folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["suite"] == "simulated"
    assert document["points"][0]["accuracy"].keys() == {"value", "low", "high"}


def test_a_report_into_a_folder_prints_the_pages_path(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "report", str(tiny_folder), "--out", "my report"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(Path("my report") / "index.html")]
    text = (tmp_path / "my report" / "index.html").read_text(encoding="utf-8")
    assert f"edge-solver bench report {tiny_folder} --out &#x27;my report&#x27;" in text


@pytest.mark.parametrize(
    ("arguments", "message"), [([], "DIR"), (["nothing"], "no folder"), (["."], "holds no run.json")]
)
def test_a_report_on_nothing_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "report", *arguments]) == 2
    assert message in capsys.readouterr().err
