"""Scoring finished steps while others are being written changes when a reward is computed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.assembly import Assembly
from edge_solver.config import resolve
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.events import Drafted, Event, Pulsed, Scored, Solved
from edge_solver.core.ports import ScoreRequest
from edge_solver.core.strategies import STRATEGIES, SearchSettings
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.merging import MergingScorer
from edge_solver.engines.scripted import ScriptedClock, ScriptedDrafter, ScriptedGrader, ScriptedScorer, World
from edge_solver.solver import Engines, Search


class Listening(ScriptedScorer):
    """Keeps the size of every call that it is asked for."""

    def __init__(self, clock: ScriptedClock) -> None:
        super().__init__(clock=clock)
        self.calls: list[int] = []

    def score(self, requests: Sequence[ScoreRequest], ledger: Ledger) -> list[float | None]:
        self.calls.append(len(requests))
        return super().score(requests, ledger)


def solved(
    problem: str, strategy: str, budget: Budget, seed: int, *, early: bool, width: int = 8
) -> tuple[list[Event], list[int]]:
    clock = ScriptedClock()
    scorer = Listening(clock)
    engines = Engines(ScriptedDrafter(World(detour=0.4), clock), scorer, ScriptedGrader(), scores_early=early)
    ledger = Ledger(budget, clock, ScriptedMeter())
    search = Search(problem, engines, ledger, STRATEGIES[strategy], SearchSettings(width=width), seed=seed)
    return [event for event in search if not isinstance(event, Pulsed)], scorer.calls


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    problem=st.sampled_from(["12 * 7 + 5", "(12 * 7 + 5) * 3 - 48 / 6", "9 * 8 - 7 * 6", "100 / 5 + 3 * 3"]),
    strategy=st.sampled_from(sorted(name for name, strategy in STRATEGIES.items() if strategy.scored)),
    budget=st.one_of(
        st.just(Budget()),
        st.integers(20, 900).map(lambda tokens: Budget(tokens=tokens)),
        st.floats(1e7, 1e9).map(lambda flops: Budget(flops=flops)),
        st.floats(0.05, 20).map(lambda joules: Budget(joules=joules)),
    ),
    seed=st.integers(0, 9),
)
def test_scoring_early_tells_the_same_story_to_the_last_flop(
    problem: str, strategy: str, budget: Budget, seed: int
) -> None:
    late, _ = solved(problem, strategy, budget, seed, early=False)
    early, _ = solved(problem, strategy, budget, seed, early=True)
    assert early == late


def test_finished_steps_are_asked_for_while_others_are_being_written() -> None:
    _, late = solved("(12 * 7 + 5) * 3 - 48 / 6", "rebase", Budget(), 0, early=False)
    _, early = solved("(12 * 7 + 5) * 3 - 48 / 6", "rebase", Budget(), 0, early=True)
    assert sum(early) == sum(late)
    assert len(early) > len(late)
    assert len(early) <= 4 * len(late)  # each call halves what is left of a layer of eight


@pytest.fixture(scope="module")
def assembly() -> Iterator[Assembly]:
    with Assembly(resolve({"strategy": "rebase", "width": 6, "temperature": 0.7})) as made:
        yield made


def tree(assembly: Assembly, scorer: MergingScorer) -> list[Event]:
    assembly.engines = replace(assembly.engines, scorer=scorer, scores_early=scorer.in_background)
    return [
        event
        for event in assembly.search("Solve 3x + 7 = 22 for x.", key=1)
        if isinstance(event, Drafted | Scored | Solved)
    ]


def test_on_a_thread_of_its_own_the_reward_model_gives_the_same_tree(assembly: Assembly) -> None:
    loaded = assembly.engines.scorer
    assert isinstance(loaded, MergingScorer)
    behind = loaded.behind
    beside = MergingScorer(behind, in_background=True)
    try:
        first, again = tree(assembly, beside), tree(assembly, beside)
    finally:
        beside.close()
    alone = tree(assembly, MergingScorer(behind))
    texts = [[e.text for e in events if isinstance(e, Drafted)] for events in (first, again, alone)]
    rewards = [[e.reward for e in events if isinstance(e, Scored)] for events in (first, again, alone)]
    bills = [events[-1].solution.spent for events in (first, again, alone) if isinstance(events[-1], Solved)]
    assert texts[0] == texts[1] == texts[2]
    assert rewards[0] == rewards[1]  # to the last bit: what is in a call does not depend on which thread is faster
    assert rewards[0] == pytest.approx(rewards[2], abs=1e-4)  # a matrix product of another shape rounds differently
    # The prompt is still in the policy's cache the second time.
    work = {(bill.flops - bill.flops_prompt, bill.tokens_generated, bill.tokens_prm) for bill in bills}
    assert len(work) == 1
    assert len(bills) == 3
