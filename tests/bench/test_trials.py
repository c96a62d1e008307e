"""Reading results folders: whole ones, torn ones, and those that must be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_solver.bench.trials import read_run
from edge_solver.errors import RecordError, UsageError

Rows = list[dict[str, Any]]
Results = Callable[..., Path]


def test_a_folder_is_read_whole(results: Results, tiny: Rows) -> None:
    run = read_run(results(tiny))
    assert (run.suite, run.problems, run.device, run.torn) == ("simulated", 6, "a laptop", False)
    assert len(run.trials) == len(tiny)
    first, expected = run.trials[0], tiny[0]
    assert (first.problem, first.strategy, first.width) == (expected["id"], expected["strategy"], expected["width"])
    assert first.prm == ""
    assert first.bill.joules == expected["spent"]["joules"]["value"]
    assert [leaf.answer for leaf in first.leaves] == [leaf["answer"] for leaf in expected["leaves"]]


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_torn_last_line_is_left_out(results: Results, tiny: Rows, cut: int) -> None:
    folder = results(tiny)
    file = folder / "results.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    run = read_run(folder)
    assert run.torn
    assert len(run.trials) == len(tiny) - 1


def test_a_trial_that_was_done_again_counts_once_and_as_it_came_last(results: Results, tiny: Rows) -> None:
    again = {**tiny[0], "correct": not tiny[0]["correct"]}
    run = read_run(results([*tiny, again]))
    assert len(run.trials) == len(tiny)
    assert run.trials[0].correct == again["correct"]


def test_joules_that_nobody_measured_stay_unknown(results: Results, tiny: Rows) -> None:
    tiny[0]["spent"]["joules"] = {"value": None, "label": "unavailable", "scope": ""}
    assert read_run(results(tiny)).trials[0].bill.joules is None


def test_a_device_without_a_name_is_described(results: Results, tiny: Rows) -> None:
    folder = results(tiny)
    head = json.loads((folder / "run.json").read_text())
    head["device"] = {"cpu": "M2", "cores": 8}
    (folder / "run.json").write_text(json.dumps(head))
    assert read_run(folder).device == "cpu M2, cores 8"


def test_a_missing_folder_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="bench solve --out"):
        read_run(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["run.json", "results.jsonl"])
def test_a_folder_without_its_files_is_no_results_folder(results: Results, tiny: Rows, name: str) -> None:
    folder = results(tiny)
    (folder / name).unlink()
    with pytest.raises(UsageError, match=name):
        read_run(folder)


@pytest.mark.parametrize("data", [b"", b"\n\n", b'{"schema": 1, "id": "p0'])
def test_a_folder_without_a_whole_result_is_refused(results: Results, tiny: Rows, data: bytes) -> None:
    folder = results(tiny)
    (folder / "results.jsonl").write_bytes(data)
    with pytest.raises(RecordError, match="no result yet"):
        read_run(folder)


def test_another_format_is_refused_with_both_numbers(results: Results, tiny: Rows) -> None:
    with pytest.raises(RecordError, match=r"run\.json: written in format 2, and this version reads format 1"):
        read_run(results(tiny, schema=2))
    tiny[3]["schema"] = 7
    with pytest.raises(RecordError, match=r"results\.jsonl:4: written in format 7"):
        read_run(results(tiny))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"not json", "broken"),
        (b"\xff\xfe", "broken"),
        (b"[1, 2]", "no JSON object"),
        (b"[" * 100_000, "broken"),
        (b'{"schema": 1, "id": "p0"}', "missing"),
    ],
)
def test_a_broken_line_in_the_middle_is_named(results: Results, tiny: Rows, line: bytes, message: str) -> None:
    folder = results(tiny)
    file = folder / "results.jsonl"
    lines = file.read_bytes().split(b"\n")
    lines[1] = line
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(RecordError, match=rf"results\.jsonl:2: .*{message}"):
        read_run(folder)


@pytest.mark.parametrize("value", [-1, "many", None, True, float("nan"), 10**400])
def test_a_cost_that_is_no_amount_is_refused(results: Results, tiny: Rows, value: object) -> None:
    tiny[2]["spent"]["flops"] = value
    with pytest.raises(RecordError, match=r"results\.jsonl:3"):
        read_run(results(tiny))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1}', '{"schema": 1, "suite": 3}'])
def test_a_broken_head_is_refused(results: Results, tiny: Rows, text: str) -> None:
    folder = results(tiny)
    (folder / "run.json").write_text(text)
    with pytest.raises(RecordError, match=r"run\.json"):
        read_run(folder)
