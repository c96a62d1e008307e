"""Exports: what a file says is what the run was, and no text of a run can break the file."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.core.events import Drafted, Event, Solved, Started, from_json
from edge_solver.core.replay import Replay
from edge_solver.core.solution import PathStep
from edge_solver.core.tree import ROOT, Finish, Node, Tree
from edge_solver.errors import RecordError, UsageError
from edge_solver.history import Run, State, export
from edge_solver.history.export.layout import layout
from tests.history.conftest import RUN, SOLUTION, SPENT

ROW = Run(7, 0.0, State.FINISHED, SOLUTION.problem, SOLUTION.answer, 0.875, "rebase", 4, "micro", SPENT, "complete")
SVG = "{http://www.w3.org/2000/svg}"


def drawn(events: Sequence[Event] = RUN) -> ET.Element:
    return ET.fromstring(export.WRITERS[".svg"](ROW, events))  # noqa: S314 - our own output


def texts(picture: ET.Element) -> str:
    return "\n".join(filter(None, picture.itertext()))


def test_markdown_has_the_problem_the_answers_the_path_and_the_bill() -> None:
    text = export.WRITERS[".md"](ROW, RUN)
    lines = text.splitlines()
    assert lines[0] == r"# `\frac{10}{2}`"
    assert f"> {SOLUTION.problem}" in lines
    assert r"| `\frac{10}{2}` | 1 | 0.7 |" in lines
    assert r"| ``a\|b`c`` | 1 | 0.2 |" in lines
    assert "1. 3x = 15 *(reward 0.90)*" in lines
    assert "| energy | 0.25 J | none | counter, cpu package |" in lines
    assert any("12 tokens | 100 tokens | exact" in line for line in lines)


def test_markdown_without_an_answer_or_joules_says_so() -> None:
    unpaid = replace(SPENT, joules=replace(SPENT.joules, value=None, label="unavailable"))
    solution = replace(SOLUTION, answer=None, candidates=(), best_path=(), spent=unpaid, problem="<script>\n| a\x1b")
    text = export.WRITERS[".md"](ROW, (*RUN[:-1], Solved(solution)))
    assert text.startswith("# No answer\n\n> &lt;script>\n> | a\ufffd\n")
    assert "| energy | — | none | unavailable, cpu package |" in text
    assert "Candidates" not in text


def test_json_is_the_document_of_the_contract_with_every_event() -> None:
    document = json.loads(export.WRITERS[".json"](ROW, RUN))
    assert document["answer"] == SOLUTION.answer
    assert document["spent"]["flops"] == SPENT.flops
    assert document["run"] == {"id": 7, "begun": 0.0, "state": "finished"}
    assert tuple(map(from_json, document["events"])) == RUN


def test_a_run_that_was_cut_short_has_the_best_that_was_known() -> None:
    found = Replay(RUN[:-1]).solution
    assert (found.answer, found.confidence, found.stopped_by) == (SOLUTION.answer, 0.8, "interrupted")
    assert found.best_path == SOLUTION.best_path
    assert found.spent == SPENT
    assert (found.tree.nodes, found.tree.leaves, found.tree.depth) == (5, 2, 2)
    assert Replay(RUN[:1]).solution.answer is None


def test_a_replay_rebuilds_the_tree() -> None:
    replay = Replay(RUN)
    assert [(node.id, node.parent, node.reward) for node in replay.tree.steps] == [
        (1, 0, 0.9), (2, 0, 0.1), (3, 1, 0.7), (4, 1, 0.2),
    ]  # fmt: skip
    assert replay.tree.is_pruned(2)
    assert [node.id for node in replay.best_path] == [1, 3]
    assert replay.solution == SOLUTION


@pytest.mark.parametrize(
    "events", [(), RUN[1:3], (RUN[0], RUN[0]), (RUN[0], Drafted(1, 9, 1, "after nothing", 3, Finish.STEP, None))]
)
def test_events_that_are_no_run_are_refused(events: Sequence[Event]) -> None:
    with pytest.raises(RecordError):
        Replay(events)


def test_a_picture_shows_every_step_and_marks_the_best_path() -> None:
    picture = drawn()
    numbers = [text.text for text in picture.iter(f"{SVG}text") if text.get("class") == "number"]
    assert numbers == ["1", "2"]
    tooltips = [title.text or "" for title in picture.iter(f"{SVG}title")][1:]
    assert [tooltip.splitlines()[-1] for tooltip in tooltips] == [
        "3x = 15", "3x = 14", "The answer is: 5", "The answer is: <b>",
    ]  # fmt: skip
    assert [group.get("class") for group in picture.findall(f"{SVG}g/{SVG}g")] == [
        "s9 best",
        "s1 pruned",
        "s7 best",
        "s2",
    ]
    shown = texts(picture)
    for words in (
        SOLUTION.problem,
        "a|b`c",
        r"\frac{10}{2}",
        "0.25 J (counter)",
        "The answer is: 5 (0.70)",
        "given up",
    ):
        assert words in shown
    assert "prefers-color-scheme:dark" in shown


def test_a_picture_of_a_run_that_has_only_begun_is_a_picture() -> None:
    assert "no answer" in texts(drawn(RUN[:1]))


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_no_text_breaks_a_picture(text: str) -> None:
    started = RUN[0]
    assert isinstance(started, Started)
    events = (replace(started, problem=text), Drafted(1, 0, 1, text, 3, Finish.ANSWER, text))
    drawn(events)
    solution = replace(SOLUTION, problem=text, answer=text, best_path=(PathStep(text, None),))
    export.WRITERS[".md"](ROW, (*events, Solved(solution)))


def test_a_chain_of_a_thousand_steps_is_drawn() -> None:
    steps = [Drafted(number, number - 1, number, "on", 1, Finish.STEP, None) for number in range(1, 1001)]
    assert len(list(drawn((RUN[0], *steps)).iter(f"{SVG}circle"))) >= 1000


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), max_size=60), st.sets(st.integers(1, 60)))
def test_no_two_branches_share_a_row(parents: list[int], pruned: set[int]) -> None:
    tree = Tree("", 0)
    for number, choice in enumerate(parents, start=1):
        parent = tree[choice % number]
        tree.add(Node(number, parent.id, parent.depth + 1, "", 1, 1, Finish.STEP))
    tree.prune(pruned)
    places = layout(tree)
    leaves = [node.id for node in tree if not tree.children(node.id)]
    assert places.ends[ROOT] == len(leaves)
    assert len({places.row[leaf] for leaf in leaves}) == len(leaves)
    assert all(0 < row < places.rows for row in places.row.values())
    for depth in range(tree.depth + 1):
        layer = [places.row[node.id] for node in tree if node.depth == depth]
        assert len(set(layer)) == len(layer)


def test_an_unknown_ending_is_refused() -> None:
    with pytest.raises(UsageError, match=r"\.md, \.json, \.svg"):
        export.writer_for(Path("run"))
    assert export.writer_for(Path("run.SVG")) is export.WRITERS[".svg"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        export.save("text", tmp_path / "no" / "run.md")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        export.save("text", tmp_path / "folder.md")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.md"]
