"""A refuted step loses its reward and takes with it what is written below; nothing else changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from edge_solver.answers import is_refuted
from edge_solver.catalog import ModelKind, resolve
from edge_solver.config import resolve as resolve_settings
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.ports import ScoreRequest
from edge_solver.core.tree import ROOT, Finish, Node
from edge_solver.energy import EstimatedMeter
from edge_solver.engines.merging import MergingScorer
from edge_solver.engines.onnx import OnnxScorer
from edge_solver.engines.recomputing import REFUTED, RecomputingScorer
from edge_solver.loading import load_scorer

PROBLEM = "What is 5/8 - 2/3?"
RIGHT, WRONG = "5/8-2/3=15/24-16/24=-1/24\n", "5/8-2/3=15/24-16/24=-11/24\n"
REQUESTS = [
    ScoreRequest(1, 1, ROOT, RIGHT),
    ScoreRequest(1, 2, ROOT, WRONG),
    ScoreRequest(1, 3, 1, "The answer is: -1/24\n"),
    ScoreRequest(1, 4, 2, "The answer is: -11/24\n"),
]


def a_ledger(budget: Budget | None = None) -> Ledger:
    return Ledger(budget or Budget(), time.monotonic, EstimatedMeter())


@pytest.fixture(scope="module")
def network() -> Iterator[OnnxScorer]:
    with ExitStack() as stack:
        policy = resolve(ModelKind.POLICY, "micro").path
        yield load_scorer(resolve(ModelKind.PRM, "builtin"), stack, policy=policy)


@pytest.fixture
def raw(network: OnnxScorer) -> list[float | None]:
    network.open(1, PROBLEM)
    rewards = [reward for request in REQUESTS for reward in network.score([request], a_ledger())]
    network.retain(1, ())
    return rewards


def test_only_what_stands_on_a_refuted_step_is_lowered(network: OnnxScorer, raw: list[float | None]) -> None:
    scorer = RecomputingScorer(network, is_refuted)
    scorer.open(1, PROBLEM)
    rewards = [reward for request in REQUESTS for reward in scorer.score([request], a_ledger())]
    scorer.retain(1, ())
    assert None not in raw
    factors = (1, REFUTED, 1, REFUTED)
    assert rewards == [reward * factor for reward, factor in zip(raw, factors, strict=True) if reward is not None]


def test_several_problems_in_one_call_are_lowered_each_by_its_own_steps(network: OnnxScorer) -> None:
    requests = [[ScoreRequest(1, 1, ROOT, WRONG)], [ScoreRequest(2, 1, ROOT, RIGHT)]]

    def rewards(scorer: MergingScorer) -> list[float]:
        scorer.gathers = True
        for problem in (1, 2):
            scorer.open(problem, PROBLEM)
        asked = [scorer.score(of_problem, a_ledger()) for of_problem in requests]
        found = [reward for part in asked for reward in part if reward is not None]
        for problem in (1, 2):
            scorer.retain(problem, ())
        return found

    wrong, right = rewards(MergingScorer(network))
    lowered, same = rewards(MergingScorer(RecomputingScorer(network, is_refuted)))
    assert (lowered, same) == (REFUTED * wrong, right)


def test_steps_of_an_earlier_search_are_recomputed_too(network: OnnxScorer, raw: list[float | None]) -> None:
    scorer = RecomputingScorer(network, is_refuted)
    earlier = Node(2, ROOT, 1, WRONG, 12, 32, Finish.STEP)
    scorer.open(1, PROBLEM, [earlier])
    (reward,) = scorer.score([REQUESTS[3]], a_ledger())
    scorer.retain(1, ())
    assert raw[3] is not None
    assert reward == pytest.approx(REFUTED * raw[3], rel=1e-4)


def test_a_closed_problem_leaves_nothing_behind(network: OnnxScorer) -> None:
    scorer = RecomputingScorer(network, is_refuted)
    scorer.open(1, PROBLEM)
    scorer.score([REQUESTS[1]], a_ledger())
    scorer.retain(1, ())
    scorer.open(1, PROBLEM)
    first, below = ScoreRequest(1, 2, ROOT, RIGHT), ScoreRequest(1, 3, 2, "The answer is: -1/24\n")
    alone = [reward for request in (first, below) for reward in scorer.score([request], a_ledger())]
    scorer.retain(1, ())
    network.open(1, PROBLEM)
    assert alone == [reward for request in (first, below) for reward in network.score([request], a_ledger())]
    network.retain(1, ())


def test_work_that_outlives_its_problem_marks_no_later_one(network: OnnxScorer, raw: list[float | None]) -> None:
    scorer = RecomputingScorer(network, is_refuted)
    scorer.open(1, PROBLEM)
    work = scorer.work([([ScoreRequest(1, 1, ROOT, WRONG)], a_ledger())])
    for call in work.calls:
        call()
    scorer.retain(1, ())
    work.rewards()
    scorer.open(1, PROBLEM)
    assert scorer.score([REQUESTS[0]], a_ledger()) == [raw[0]]
    scorer.retain(1, ())


def test_what_the_budget_does_not_pay_for_has_no_reward(network: OnnxScorer) -> None:
    scorer = RecomputingScorer(network, is_refuted)
    scorer.open(1, PROBLEM)
    assert list(scorer.score([REQUESTS[1]], a_ledger(Budget(flops=1)))) == [None]
    scorer.retain(1, ())


def test_the_built_in_reward_model_recomputes() -> None:
    from edge_solver.assembly import Assembly

    with Assembly(resolve_settings({"width": 4})) as assembly:
        scorer = assembly.engines.scorer
        assert isinstance(scorer, MergingScorer)
        assert isinstance(scorer.behind, RecomputingScorer)
