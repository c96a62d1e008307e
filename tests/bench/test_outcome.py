"""The first n of N samples are the n samples of a narrower run, at its price."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_solver.assembly import Assembly
from edge_solver.bench.arms import Arm, can_share, group_arms, plan_arms
from edge_solver.bench.outcome import Outcome, part, whole
from edge_solver.config import Settings
from edge_solver.config import resolve as resolve_settings
from edge_solver.core.budget import Budget
from edge_solver.core.solution import Spent
from edge_solver.engines.calls import Twinned
from edge_solver.engines.merging import MergingScorer

SAMPLING = ["majority", "weighted", "best-of-n"]
MEASURED = {"seconds", "joules"}


def counted(spent: Spent) -> dict[str, object]:
    return {name: getattr(spent, name) for name in Spent.__dataclass_fields__ if name not in MEASURED}


@pytest.mark.parametrize(
    ("problem", "demo"),
    [
        ("12 * 7 + 5 - 3", True),
        ("What is 6 * 4?", True),
        ("What is 6 * 4?", False),
        ("What is 12 + 30?", False),
    ],
)
def test_a_part_of_the_samples_is_the_narrower_run_to_the_last_flop(problem: str, *, demo: bool) -> None:
    wide = resolve_settings({"strategy": "weighted", "width": 6})
    with Assembly(wide, demo=demo) as assembly:
        scorer = assembly.engines.scorer
        assert scorer is not None
        if demo:
            scorer = MergingScorer(scorer)
            assembly.engines = replace(assembly.engines, scorer=scorer)
        assert isinstance(scorer, MergingScorer)
        shared = assembly.search(problem, key=1)
        for _ in shared:
            pass
        spans = scorer.take_spans(1)
        assert spans is not None
        drafter = assembly.engines.drafter
        twins = drafter.take_twins(1) if isinstance(drafter, Twinned) else {}
        for strategy in SAMPLING:
            for width in (1, 3, 6):
                arm = Arm(strategy, width, 0)
                found = part(
                    shared,
                    arm,
                    assembly.engines.grader,
                    assembly.engines.drafter.profile,
                    scorer.profile,
                    spans,
                    twins,
                    chosen_vote=None,
                )
                alone = run_alone(arm, problem, demo=demo)
                assert counted(found.spent) == counted(alone.spent), arm
                assert [vote.answer for vote in found.votes] == [vote.answer for vote in alone.votes]
                # Matrix products of another shape round differently in the last digit.
                assert weights(found) == (weights(alone) if demo else pytest.approx(weights(alone), abs=1e-5))
                assert found.confidence == pytest.approx(alone.confidence, abs=1e-5)
                assert (found.answer, found.tree) == (alone.answer, alone.tree)
                assert found.spent.seconds <= shared.solution().spent.seconds * 1.001


def weights(outcome: Outcome) -> list[float]:
    return [vote.weight for vote in outcome.votes]


def run_alone(arm: Arm, problem: str, *, demo: bool) -> Outcome:
    with Assembly(resolve_settings({"strategy": arm.strategy, "width": arm.width}), demo=demo) as assembly:
        search = assembly.search(problem)
        for _ in search:
            pass
        return whole(search)


def test_sampling_strategies_share_one_search_at_the_largest_width() -> None:
    arms = plan_arms(["greedy", "majority", "rebase", "weighted"], [1, 4, 16], [0, 1])
    assert len(arms) == 2 * (1 + 3 * 3)
    groups = group_arms(arms, share=True)
    assert [g.search for g in groups if len(g.arms) > 1] == [Arm("weighted", 16, 0), Arm("weighted", 16, 1)]
    assert sorted(arm for group in groups for arm in group.arms) == sorted(arms)
    assert [g.search for g in group_arms(arms, share=False)] == list(arms)


def test_majority_alone_pays_for_no_reward_model() -> None:
    (group,) = group_arms(plan_arms(["majority"], [1, 4], [0]), share=True)
    assert group.search == Arm("majority", 4, 0)


def test_what_narrows_a_search_on_its_way_forbids_sharing() -> None:
    settings = Settings()
    assert can_share(settings, 1)
    assert not can_share(settings, 2)
    assert not can_share(replace(settings, budget=Budget(tokens=100)), 1)
    assert not can_share(replace(settings, stop="decided"), 1)
