"""Recorded runs: what is written is read back, and a file that is not whole says where it breaks."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge_solver.core.budget import Budget
from edge_solver.core.events import Billed, Drafted, Event, Leading, Planned, Pulsed, Scored, Solved, Started
from edge_solver.core.solution import (
    CandidateAnswer,
    Energy,
    ModelUsed,
    PathStep,
    Solution,
    Spent,
    StrategyUsed,
    TreeSize,
)
from edge_solver.core.tree import Finish
from edge_solver.errors import RecordError, UsageError
from edge_solver.recording import Recorder, read, strict_json

SPENT = Spent(1200, 1000, 200, 900, 12, 20, 15, 0.5, Energy(0.25, "counter", "cpu package"))
STRATEGY = StrategyUsed("rebase", 4, "weighted", "last", "exact", 0.1, 1.0)
POLICY = ModelUsed("policy", "ab" * 32)
SOLUTION = Solution(
    problem="2 × 3",
    answer="6",
    confidence=0.875,
    stopped_by="complete",
    candidates=(CandidateAnswer("6", 0.7, 1),),
    spent=SPENT,
    budget=Budget(tokens=100),
    strategy=STRATEGY,
    tree=TreeSize(2, 1, 1),
    best_path=(PathStep("The answer is: 6", 0.7),),
    policy=POLICY,
    prm=None,
    seed=0,
)
RUN: tuple[Event, ...] = (
    Started("2 × 3", 5, STRATEGY, Budget(tokens=100), POLICY, None, 0),
    Planned(((0, 4),), (), None),
    Drafted(1, 0, 1, "The answer is: 6\n\u2028", 7, Finish.ANSWER, "6"),
    Scored(1, 0.7),
    Leading("6", 1.0, 1),
    Billed(SPENT),
    Solved(SOLUTION),
)


def record(path: Path, events: Sequence[Event] = RUN) -> list[str]:
    with Recorder(path) as recorder:
        for event in events:
            recorder.write(event)
    assert recorder.failure is None
    return path.read_text(encoding="utf-8").split("\n")


def events_of(path: Path) -> tuple[Event, ...]:
    return tuple(event for _, event in read(path))


def test_a_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    lines = record(tmp_path / "run.jsonl", [*RUN[:2], Pulsed(4, SPENT), *RUN[2:]])
    assert len(lines) == len(RUN) + 1
    assert json.loads(lines[0])["schema"] == 1
    assert events_of(tmp_path / "run.jsonl") == RUN


def test_a_line_is_in_the_file_as_soon_as_its_event_came(tmp_path: Path) -> None:
    with Recorder(tmp_path / "run.jsonl") as recorder:
        for number, event in enumerate(RUN, start=1):
            recorder.write(event)
            assert (tmp_path / "run.jsonl").read_bytes().count(b"\n") == number


def test_numbers_that_are_not_finite_become_null() -> None:
    assert json.loads(strict_json({"a": [math.nan, 1.0], "b": -math.inf})) == {"a": [None, 1.0], "b": None}


def test_every_cut_of_a_run_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    record(tmp_path / "run.jsonl")
    data = (tmp_path / "run.jsonl").read_bytes()
    first = data.index(b"\n")
    cut = tmp_path / "cut.jsonl"
    for end in range(first, len(data), 13):
        cut.write_bytes(data[:end])
        seen = events_of(cut)
        assert seen == RUN[: len(seen)]
        assert len(seen) in (data[:end].count(b"\n"), data[:end].count(b"\n") + 1)


@pytest.mark.parametrize(
    ("number", "line", "words"),
    [
        (1, "hello", "not a recorded run"),
        (3, '{"event": "billed", "spent": {}}', "incomplete"),
        (1, "[1, 2]", "not a recorded run"),
        (1, '{"event": "billed"}', "not a recorded run"),
        (1, '{"event": "started", "schema": 2}', "format 2"),
        (1, '{"event": "started"}', "format None"),
        (3, '{"event": "drafted"', "broken"),
        (3, '{"event": "scored", "node": 1, "reward": NaN}', "broken"),
        (3, "[" * 100_000, "broken"),
        (3, '{"event": "danced"}', "unknown event 'danced'"),
        (3, '{"event": "scored", "node": "one", "reward": 0.5}', "expected int"),
        (3, '{"event": "scored", "node": 1}', "incomplete"),
        (3, '{"event": "planned", "expand": 5, "prune": [], "short_of": null}', "expected"),
        (3, '{"event": "planned", "expand": [[1]], "prune": [], "short_of": null}', "expected"),
        (3, "7", "not an event"),
        (3, '{"event": "started", "schema": 1}', "second run"),
        (8, '{"event": "scored", "node": 1, "reward": 0.5}', "follows the end"),
    ],
)
def test_a_broken_line_is_named(number: int, line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    lines = record(path)[: len(RUN)]
    lines[number - 1 : number] = [line]
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(RecordError, match=f"run.jsonl:{number}: .*{words}"):
        events_of(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"GGUF\x03\x00\xff\xfe", b"\x00" * 4096])
def test_other_files_are_no_runs(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RecordError, match="file:1: "):
        events_of(path)


def test_a_path_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "run.jsonl", Path("a\0b")):
        with pytest.raises(UsageError, match="cannot write events"):
            Recorder(path)


def test_a_file_is_left_alone_until_there_is_something_to_write(tmp_path: Path) -> None:
    kept, new = tmp_path / "kept", tmp_path / "new"
    kept.write_text("before")
    for path in (kept, new):
        with Recorder(path):
            pass
    assert kept.read_text() == "before"
    assert not new.exists()


def test_a_failed_write_leaves_whole_lines_and_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = tmp_path / "run.jsonl", os.write
    with Recorder(path) as recorder:
        recorder.write(RUN[0])
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: len(data) // 2]))
        recorder.write(RUN[1])
        monkeypatch.undo()
        recorder.write(RUN[2])
    assert recorder.failure == "No space left on device"
    assert events_of(path) == RUN[:1]
