"""Suites: the formats that are read, and what is said about lines that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_solver.bench import suites
from edge_solver.bench.suites import Problem, load
from edge_solver.errors import UsageError

GOOD = {"id": "a", "problem": "What is 1 + 1?", "answer": "2"}
GSM8K = {
    "question": "Ann has 1,000 nuts and eats 250. How many are left?",
    "answer": "She eats 250 of them.\n1000-250=<<1000-250=750>>750\n#### 1,750",
}
MATH = {
    "problem": "Compute $\\frac{1}{2}+\\frac{1}{3}$.",
    "solution": "We get $\\boxed{\\frac{5}{6}}$.",
    "answer": "\\frac{5}{6}",
    "subject": "Prealgebra",
    "level": 2,
    "unique_id": "test/prealgebra/7.json",
}


def written(folder: Path, *lines: object) -> str:
    path = folder / "suite.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return str(path)


@pytest.mark.parametrize(("name", "count"), [("builtin", 200), ("deepmind-easy", 600), ("deepmind-interpolate", 573)])
def test_some_suites_ship(name: str, count: int) -> None:
    suite = load(name)
    assert len(suite.problems) == count
    assert suite.first(3).problems == suite.problems[:3]
    assert suite.first(3).sha256 != suite.sha256 == load(name).sha256


def test_a_file_is_read_with_everything_that_a_line_may_hold(tmp_path: Path) -> None:
    full = {**GOOD, "id": 7, "answer": 2.5, "subject": "sums", "level": 3, "solution": "left alone"}
    suite = load(written(tmp_path, GOOD, "", full))
    assert suite.problems == (
        Problem("a", "What is 1 + 1?", "2"),
        Problem("7", "What is 1 + 1?", "2.5", "sums", 3),
    )
    assert suite.name == "suite.jsonl"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ({"id": "b", "problem": "2?"}, "no 'answer'"),
        ({"id": "b", "problem": "  ", "answer": "1"}, "'problem' is '  ', not a text"),
        ({"id": "b", "problem": "2?", "answer": True}, "'answer' is True"),
        ({"id": None, "problem": "2?", "answer": "1"}, "no 'id'"),
        ({**GOOD, "problem": "again"}, "the id 'a' was given in line 1"),
        ({**GOOD, "id": "b", "level": [1]}, "'level'"),
        ({**GOOD, "id": "b", "subject": 4}, "'subject'"),
    ],
)
def test_a_bad_line_is_named_and_may_be_left_out(tmp_path: Path, line: object, reason: str) -> None:
    wanted = written(tmp_path, GOOD, line)
    with pytest.raises(UsageError, match=r"line 2: .*--skip-bad") as error:
        load(wanted)
    assert reason in str(error.value)
    suite = load(wanted, skip_bad=True)
    assert (len(suite.problems), len(suite.left_out)) == (1, 1)
    assert reason in suite.left_out[0]


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    path.write_bytes(b'{"id": "\xff"}\n')
    with pytest.raises(UsageError, match="line 1: not UTF-8"):
        load(str(path))


@pytest.mark.parametrize("lines", [[], [""], ["{"]])
def test_a_suite_without_problems_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(UsageError, match="holds no problem"):
        load(written(tmp_path, *lines), skip_bad=True)


def test_a_missing_suite_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'builtin'"):
        load("bultin")
    with pytest.raises(UsageError, match="No such file"):
        load(str(tmp_path / "none.jsonl"))
    with pytest.raises(UsageError, match="cannot be read"):
        load(str(tmp_path))


def test_rows_of_public_sets_become_problems() -> None:
    assert suites.read_gsm8k(GSM8K, 4) == {
        "id": "gsm8k/test/4",
        "problem": GSM8K["question"],
        "answer": "1750",
    }
    row = suites.read_math(MATH, 0)
    assert (row["id"], row["answer"], row["subject"], row["level"]) == (
        "test/prealgebra/7.json",
        "\\frac{5}{6}",
        "Prealgebra",
        2,
    )
    with pytest.raises(ValueError, match="####"):
        suites.read_gsm8k({"question": "?", "answer": "5"}, 0)


def test_math500_is_read_from_the_hubs_cache_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    _cached(tmp_path, "HuggingFaceH4/MATH-500", "test.jsonl", (json.dumps(MATH) + "\n").encode())
    said: list[str] = []
    suite = load("math500", announce=said.append)
    assert suite.problems[0].id == "test/prealgebra/7.json"
    assert said == []


def test_gsm8k_is_read_from_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    parquet.write_table(pyarrow.Table.from_pylist([GSM8K]), tmp_path / "rows.parquet")
    _cached(tmp_path, "openai/gsm8k", "main/test-00000-of-00001.parquet", (tmp_path / "rows.parquet").read_bytes())
    assert [p.answer for p in load("gsm8k").problems] == ["1750"]


def test_without_the_package_for_parquet_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    _cached(tmp_path, "openai/gsm8k", "main/test-00000-of-00001.parquet", b"PAR1")
    with pytest.raises(UsageError, match=r"pip install 'edge-solver\[suites\]'"):
        load("gsm8k")


def test_without_a_network_a_download_is_refused_with_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # its own switch
    said: list[str] = []
    with pytest.raises(UsageError, match="JSON Lines file to --suite"):
        load("math500", announce=said.append)
    assert "500 problems" in said[0]
    assert "kB" in said[0]


def _cached(home: Path, repository: str, name: str, data: bytes) -> None:
    """Put a file where the hub's client keeps downloads."""
    root = home / "cache" / "datasets" / ("datasets--" + repository.replace("/", "--"))
    snapshot = root / "snapshots" / ("0" * 40)
    (snapshot / name).parent.mkdir(parents=True)
    (snapshot / name).write_bytes(data)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("0" * 40)
