"""A run to save, and a place to save it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_solver.core.budget import Budget
from edge_solver.core.events import Billed, Drafted, Event, Leading, Planned, Scored, Solved, Started
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
from edge_solver.history import History

SPENT = Spent(2**70, 1000, 200, 900, 12, 20, 15, 0.5, Energy(0.25, "counter", "cpu package"))
STRATEGY = StrategyUsed("rebase", 4, "weighted", "last", "exact", 0.1, 1.0)
POLICY, PRM = ModelUsed("micro", "ab" * 32), ModelUsed("tiny-prm", "cd" * 32)
SOLUTION = Solution(
    problem="Solve $3x + 7 = 22$ for Größe x²",
    answer=r"\frac{10}{2}",
    confidence=0.875,
    stopped_by="complete",
    candidates=(CandidateAnswer(r"\frac{10}{2}", 0.7, 1), CandidateAnswer("a|b`c", 0.2, 1)),
    spent=SPENT,
    budget=Budget(tokens=100),
    strategy=STRATEGY,
    tree=TreeSize(5, 2, 2),
    best_path=(PathStep("3x = 15", 0.9), PathStep("The answer is: 5", 0.7)),
    policy=POLICY,
    prm=PRM,
    seed=2**63 - 1,
)
RUN: tuple[Event, ...] = (
    Started(SOLUTION.problem, 5, STRATEGY, Budget(tokens=100), POLICY, PRM, SOLUTION.seed),
    Planned(((0, 2),), (), None),
    Drafted(2, 0, 1, "3x = 14", 7, Finish.STEP, None),
    Drafted(1, 0, 1, "3x = 15", 7, Finish.STEP, None),
    Scored(1, 0.9),
    Scored(2, 0.1),
    Billed(SPENT),
    Planned(((1, 2),), (2,), None),
    Drafted(3, 1, 2, "The answer is: 5", 7, Finish.ANSWER, r"\frac{10}{2}"),
    Drafted(4, 1, 2, "The answer is: <b>", 7, Finish.ANSWER, "a|b`c"),
    Scored(3, 0.7),
    Scored(4, 0.2),
    Leading(r"\frac{10}{2}", 0.8, 1),
    Billed(SPENT),
    Solved(SOLUTION),
)


def save(history: History, problem: str = SOLUTION.problem, events: tuple[Event, ...] = RUN[1:]) -> int:
    """Save a run of another problem."""
    started = RUN[0]
    assert isinstance(started, Started)
    run = history.begin(replace(started, problem=problem))
    history.append(run, events)
    return run


def events_of(history: History, run: int) -> tuple[Event, ...]:
    return tuple(event for _, event in history.load(run))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    with History.open(path) as opened:
        yield opened
