"""Several policies in one tree: who writes what, what it costs, and the promises of a search."""

from __future__ import annotations

import time

import pytest

from edge_solver.core.budget import Budget, Cap, Ledger
from edge_solver.core.cost import Shape, paper_flops
from edge_solver.core.events import Drafted, Event, Solved
from edge_solver.core.ports import Draft, DraftRequest, Pulse
from edge_solver.core.solution import Solution
from edge_solver.core.stopping import STOPS
from edge_solver.core.strategies import STRATEGIES, SearchSettings
from edge_solver.core.tree import ROOT, Tree
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.ensemble import EnsembleDrafter
from edge_solver.engines.scripted import (
    POLICY_SHAPE,
    ScriptedClock,
    ScriptedDrafter,
    ScriptedGrader,
    ScriptedScorer,
    World,
)
from edge_solver.errors import ProblemError
from edge_solver.solver import Engines, Search

PROBLEM = "What is 12 * 7 + 5?"
LARGE = Shape(n_layers=8, d_attn=128, params_matmul=900_000, params_head=40_000, params_total=1_000_000)
SHAPES = (POLICY_SHAPE, LARGE, POLICY_SHAPE)

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def an_ensemble(size: int = 2, clock: ScriptedClock | None = None) -> tuple[EnsembleDrafter, list[ScriptedDrafter]]:
    members = [
        ScriptedDrafter(World(skill=0.7 + 0.1 * place), clock, name=f"policy-{place}", shape=SHAPES[place])
        for place in range(size)
    ]
    return EnsembleDrafter(members), members


def a_ledger(budget: Budget | None = None) -> Ledger:
    return Ledger(budget or Budget(), time.monotonic, ScriptedMeter())


def requests(first: int, parents: list[int], problem: int = 0) -> list[DraftRequest]:
    return [DraftRequest(problem, first + i, parent, 0, 1.0, 60) for i, parent in enumerate(parents)]


def solved(
    strategy: str = "rebase",
    *,
    width: int = 8,
    seed: int = 0,
    budget: Budget | None = None,
    stop: str = "none",
    size: int = 2,
) -> tuple[Solution, Tree, list[Event]]:
    clock = ScriptedClock()
    drafter, members = an_ensemble(size, clock)
    engines = Engines(drafter, ScriptedScorer(clock=clock), ScriptedGrader())
    ledger = Ledger(budget or Budget(), clock, ScriptedMeter())
    search = Search(PROBLEM, engines, ledger, STRATEGIES[strategy], SearchSettings(width=width), stop=stop, seed=seed)
    events = list(search)
    assert all(member.held == 0 for member in members)
    last = events[-1]
    assert isinstance(last, Solved)
    return last.solution, search.tree, events


def test_first_steps_are_dealt_in_turn_and_a_branch_stays_with_its_policy() -> None:
    drafter, members = an_ensemble(2)
    drafter.open(0, PROBLEM)
    drafts = [d for d in drafter.draft(requests(1, [ROOT] * 5), a_ledger()) if isinstance(d, Draft)]
    assert sorted(draft.node for draft in drafts) == [1, 2, 3, 4, 5]
    assert [sorted(set(member._pages[0]) - {ROOT}) for member in members] == [[1, 3, 5], [2, 4]]
    more = {d.node: d for d in drafter.draft(requests(6, [2, 3, 3, ROOT]), a_ledger()) if isinstance(d, Draft)}
    assert set(more) == {6, 7, 8, 9}
    assert [drafter._problems[0].owners[node] for node in (6, 7, 8, 9)] == [1, 0, 0, 1]


def test_each_policy_pays_for_its_own_calls() -> None:
    drafter, members = an_ensemble(2)
    prompt = drafter.open(0, PROBLEM)
    ledger = a_ledger()
    together = {d.node: d for d in drafter.draft(requests(1, [ROOT] * 4), ledger) if isinstance(d, Draft)}
    alone = [a_ledger(), a_ledger()]
    for place, member in enumerate(members):
        member.open(1, PROBLEM)
        mine = [request for request in requests(1, [ROOT] * 4, problem=1) if request.node % 2 != place]
        for item in member.draft(mine, alone[place]):
            if isinstance(item, Draft):
                assert together[item.node].text == item.text
    assert prompt > 0
    spent, parts = ledger.spent(), [each.spent() for each in alone]
    assert spent.flops == sum(part.flops for part in parts)
    assert spent.tokens_generated == sum(part.tokens_generated for part in parts)
    assert spent.flops_paper == sum(
        paper_flops(shape, part.tokens_generated) for shape, part in zip(SHAPES[:2], parts, strict=True)
    )


def test_the_profile_is_that_of_the_dearest_and_names_all() -> None:
    drafter, members = an_ensemble(3)
    profile = drafter.profile
    assert profile.shape == LARGE
    assert profile.name == "policy-0,policy-1,policy-2"
    assert profile.models == tuple(member.profile for member in members)
    assert len(profile.sha256) == 64
    assert members[0].profile.models == (members[0].profile,)


def test_pulses_count_the_live_branches_of_all() -> None:
    drafter, _ = an_ensemble(2)
    drafter.open(0, PROBLEM)
    pulses = [item.live for item in drafter.draft(requests(1, [ROOT] * 6), a_ledger()) if isinstance(item, Pulse)]
    assert pulses[0] == 6
    assert pulses[-1] == 0


def test_a_listener_that_leaves_ends_every_stream() -> None:
    drafter, members = an_ensemble(2)
    drafter.open(0, PROBLEM)
    stream = drafter.draft(requests(1, [ROOT] * 4), a_ledger())
    next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    drafter.retain(0, ())
    assert [member.held for member in members] == [0, 0]


def test_a_problem_that_one_policy_cannot_read_is_open_in_none() -> None:
    members = [ScriptedDrafter(), ScriptedDrafter(World(context=10))]
    with pytest.raises(ProblemError, match="at most 9"):
        EnsembleDrafter(members).open(0, "What is 1 + 2 + 3 + 4 + 5 + 6?")
    assert [member.held for member in members] == [0, 0]


@every_strategy
def test_a_search_says_all_its_policies_and_counts_each_ones_weights(strategy: str) -> None:
    solution, tree, events = solved(strategy, size=3)
    assert [model.name for model in solution.policies] == ["policy-0", "policy-1", "policy-2"]
    assert solution.policy.name == "policy-0,policy-1,policy-2"
    first = {node: rank % 3 for rank, node in enumerate(tree.children(ROOT))}
    tokens = [0, 0, 0]
    for node in tree.steps:
        tokens[first[tree.path(node.id)[0].id]] += node.n_tokens
    assert sum(event.n_tokens for event in events if isinstance(event, Drafted)) == sum(tokens)
    expected = sum(paper_flops(shape, count) for shape, count in zip(SHAPES, tokens, strict=True))
    assert solution.spent.flops_paper == expected


def test_one_policy_alone_is_listed_too() -> None:
    solution, _, _ = solved(size=1)
    assert [model.name for model in solution.policies] == ["policy-0"]


@every_strategy
@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("cap", [Cap.TOKENS, Cap.FLOPS])
def test_an_ensemble_keeps_the_promises_of_a_budget(strategy: str, stop: str, cap: Cap) -> None:
    for seed in range(3):
        one, _, _ = solved(strategy, width=1, seed=seed)
        price = one.spent.tokens_generated if cap is Cap.TOKENS else one.spent.flops
        for share in (0.5, 1, 1.4, 2, 5):
            limit = int(price * share)
            budget = Budget(tokens=limit) if cap is Cap.TOKENS else Budget(flops=limit)
            solution, _, _ = solved(strategy, width=16, seed=seed, budget=budget, stop=stop)
            spent = solution.spent.tokens_generated if cap is Cap.TOKENS else solution.spent.flops
            assert spent <= limit
            assert solution.answer is not None or share < 1


@every_strategy
def test_the_same_seed_gives_the_same_events_with_several_policies(strategy: str) -> None:
    assert solved(strategy, seed=4)[2] == solved(strategy, seed=4)[2]
