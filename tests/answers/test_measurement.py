from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_solver.answers.__main__ import main, measure, read_pairs
from edge_solver.errors import ExitCode, RecordError

ROWS = [
    {"gold": "$\\frac{1}{2}$", "answer": "So the answer is 0.5.", "same": True, "source": "mine"},
    {"gold": "1/2", "answer": "\\boxed{2}", "same": False, "source": "mine"},
    {"gold": "7", "answer": "8", "same": True, "source": "wrong on purpose"},
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def test_agreement_is_counted_overall_and_by_source(table: Path) -> None:
    measurement = measure(read_pairs(table))
    assert (measurement.agreed, measurement.rows) == (2, 3)
    assert measurement.by_source == {"mine": (2, 2), "wrong on purpose": (0, 1)}
    assert [(row.line, row.expected, row.verdict) for row in measurement.disagreements] == [(3, True, False)]


def test_the_command_prints_figures_and_disagreements(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(table)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("agreement 2/3 (66.7%)\n")
    assert "line 3 (wrong on purpose): table says same, grader says different" in printed


def test_the_command_prints_one_json_document(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["agreed"] == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "an object is needed, not list"),
        ('{"gold": "1", "answer": "1"}', "'same' must be bool, found nothing"),
        ('{"gold": 1, "answer": "1", "same": true}', "'gold' must be str, found int"),
    ],
)
def test_a_broken_line_is_named_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n\n" + line + "\n", encoding="utf-8")
    assert main([str(path)]) == ExitCode.USAGE
    message = capsys.readouterr().err
    assert f"{path}, line 3: " in message
    assert reason in message


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "pairs.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordError, match=r"pairs\.jsonl"):
        read_pairs(path)
