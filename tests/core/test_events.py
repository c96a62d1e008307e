"""Events survive a trip through JSON, and records that are no events are refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.budget import Budget, Cap
from edge_solver.core.events import (
    Billed,
    Drafted,
    Event,
    Leading,
    Planned,
    Pulsed,
    Scored,
    Solved,
    Started,
    from_json,
    to_json,
)
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
from edge_solver.errors import RecordError

counts, numbers, texts = st.integers(0, 2**70), st.floats(0, 1e18), st.text(max_size=20)
maybe_text = st.none() | texts
models = st.builds(ModelUsed, texts, texts)
energies = st.builds(Energy, st.none() | numbers, texts, texts)
spends = st.builds(Spent, *[counts] * 7, numbers, energies)
used = st.builds(StrategyUsed, texts, counts, texts, texts, texts, numbers, numbers)
limits = st.none() | st.floats(1e-3, 1e18)
budgets = st.builds(Budget, limits, limits, limits, st.none() | st.integers(1, 10**12))
solutions = st.builds(
    Solution,
    problem=texts,
    answer=maybe_text,
    confidence=numbers,
    stopped_by=texts,
    candidates=st.lists(st.builds(CandidateAnswer, texts, numbers, counts), max_size=3).map(tuple),
    spent=spends,
    budget=budgets,
    strategy=used,
    tree=st.builds(TreeSize, counts, counts, counts),
    best_path=st.lists(st.builds(PathStep, texts, st.none() | numbers), max_size=3).map(tuple),
    policy=models,
    prm=st.none() | models,
    seed=counts,
    smallest_useful=st.none() | budgets,
)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Started, texts, counts, used, budgets, models, st.none() | models, counts),
    st.builds(
        Planned,
        st.lists(st.tuples(counts, counts), max_size=4).map(tuple),
        st.lists(counts, max_size=4).map(tuple),
        st.none() | st.sampled_from(Cap),
    ),
    st.builds(Drafted, counts, counts, counts, texts, counts, st.sampled_from(Finish), maybe_text),
    st.builds(Scored, counts, numbers),
    st.builds(Leading, texts, numbers, counts),
    st.builds(Pulsed, counts, spends),
    st.builds(Billed, spends),
    st.builds(Solved, solutions),
)
DRAFTED = to_json(Drafted(1, 0, 1, "step", 4, Finish.STEP, None))


@given(event=events)
def test_every_event_comes_back_from_json_as_it_was(event: Event) -> None:
    assert from_json(json.loads(json.dumps(to_json(event)))) == event


@given(event=events)
def test_a_record_without_one_of_its_fields_is_refused(event: Event) -> None:
    data = to_json(event)
    for name in data:
        if name != "event":
            with pytest.raises(RecordError):
                from_json({key: value for key, value in data.items() if key != name})


def test_fields_of_a_later_version_are_left_out() -> None:
    assert from_json({**DRAFTED, "mood": "good"}) == from_json(DRAFTED)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"event": "danced"},
        {"event": None},
        {"event": ["solved"]},
        {**DRAFTED, "finish": "tired"},
        {**DRAFTED, "finish": ["step"]},
        {**DRAFTED, "node": "1"},
        {**DRAFTED, "node": 1.5},
        {**DRAFTED, "node": True},
        {**DRAFTED, "node": None},
        {**DRAFTED, "text": 3},
        {"event": "scored", "node": 1, "reward": "high"},
        {"event": "scored", "node": 1, "reward": None},
        {"event": "planned", "expand": 5, "prune": [], "short_of": None},
        {"event": "planned", "expand": [[1, 2, 3]], "prune": [], "short_of": None},
        {"event": "planned", "expand": ["12"], "prune": [], "short_of": None},
        {"event": "planned", "expand": [], "prune": {"1": 2}, "short_of": None},
        {"event": "planned", "expand": [], "prune": [], "short_of": "patience"},
        {"event": "billed", "spent": 12},
        {"event": "solved", "solution": []},
    ],
)
def test_what_is_no_event_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        from_json(data)


def test_a_record_with_an_impossible_budget_is_refused() -> None:
    started = {
        "event": "started",
        "problem": "p",
        "prompt_tokens": 1,
        "strategy": {},
        "budget": {"flops": -1.0},
        "policy": {},
        "prm": None,
        "seed": 0,
    }
    with pytest.raises(RecordError, match="StrategyUsed"):
        from_json(started)
    with pytest.raises(RecordError, match="Budget"):
        from_json({**started, "strategy": to_json_strategy()})


def to_json_strategy() -> dict[str, Any]:
    return {
        "name": "rebase",
        "width": 4,
        "vote": "weighted",
        "aggregate": "last",
        "rounding": "exact",
        "balance_temperature": 0.1,
        "temperature": 0.6,
    }
