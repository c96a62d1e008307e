"""How many branches can still be finished."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.budget import Budget, Cap, Cost, Ledger, Payer
from edge_solver.core.cost import Shape, span_flops
from edge_solver.core.forecast import Forecast
from edge_solver.core.ports import Profile
from edge_solver.core.tree import ROOT, Finish, Node, Tree
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.scripted import ScriptedClock

SHAPE = Shape(2, 8, 1000, 100, 1100)
POLICY = Profile("policy", "", SHAPE, context=4096, step_tokens=10, solution_steps=4)
PROMPT = span_flops(SHAPE, 0, 20, 1)
WRITTEN = 2 * span_flops(SHAPE, 19, 29, 10)
"""What the two steps of an answered tree cost one by one."""
PRM = Profile("prm", "", SHAPE, context=4096)


def answered() -> Tree:
    tree = Tree("problem", 20)
    tree.add(Node(1, ROOT, 1, "step", 10, 30, Finish.STEP))
    tree.add(Node(2, ROOT, 1, "step", 10, 30, Finish.ANSWER, "1"))
    return tree


def budget_of(cap: Cap, limit: int) -> Budget:
    return Budget(tokens=limit) if cap is Cap.TOKENS else Budget(flops=limit)


def forecast(tree: Tree, budget: Budget | None = None, *, prm: Profile | None = None, longest: int = 400) -> Forecast:
    ledger = Ledger(budget or Budget(), ScriptedClock(), ScriptedMeter())
    return Forecast(tree, ledger, POLICY, prm, longest)


def test_without_a_cap_any_number_is_affordable() -> None:
    assert forecast(Tree("problem", 20)).affordable([ROOT]) == (math.inf, None)


@pytest.mark.parametrize("cap", [Cap.TOKENS, Cap.FLOPS])
@given(limit=st.integers(1, 10**7), more=st.integers(0, 10**7), is_answered=st.booleans())
def test_a_larger_cap_never_affords_fewer(cap: Cap, limit: int, more: int, is_answered: bool) -> None:  # noqa: FBT001
    tree = answered() if is_answered else Tree("problem", 20)
    smaller, _ = forecast(tree, budget_of(cap, limit)).affordable([ROOT])
    larger, _ = forecast(tree, budget_of(cap, limit + more)).affordable([ROOT])
    assert smaller <= larger


@given(tokens=st.integers(1, 10**5))
def test_without_an_answer_one_branch_goes_on_and_others_only_beside_the_longest_solution(tokens: int) -> None:
    number, cap = forecast(Tree("problem", 20), Budget(tokens=tokens)).affordable([ROOT])
    assert cap is Cap.TOKENS
    assert number >= 1
    if tokens < 400 + 52:  # the longest, and a typical solution of 4 steps of 10 tokens with 30 % to spare
        assert number == 1
    else:
        assert number == 1 + (tokens - 400) // 52


def test_with_an_answer_what_is_left_is_shared_freely() -> None:
    number, _ = forecast(answered(), Budget(tokens=400)).affordable([ROOT])
    assert number > 5
    assert forecast(answered(), Budget(tokens=1)).affordable([ROOT]) == (0, Cap.TOKENS)


def test_a_branch_further_on_is_cheaper() -> None:
    tree = Tree("problem", 20)
    tree.add(Node(1, ROOT, 1, "step", 10, 30, Finish.STEP))
    view = forecast(tree)
    assert view.branch(1).tokens < view.branch(ROOT).tokens
    assert view.branch(1).flops < view.branch(ROOT).flops


def test_a_solution_that_was_seen_replaces_the_typical_one() -> None:
    tree = Tree("problem", 20)
    for node in range(1, 12):
        finish = Finish.ANSWER if node == 11 else Finish.STEP
        tree.add(Node(node, node - 1, node, "step", 10, 20 + 10 * node, finish, "1" if node == 11 else None))
    assert forecast(tree).branch(ROOT).tokens > 100


def test_the_reward_model_is_part_of_the_price() -> None:
    assert forecast(answered(), prm=PRM).branch(ROOT).flops > 1.5 * forecast(answered()).branch(ROOT).flops


def test_longer_steps_make_branches_dearer() -> None:
    tree = answered()
    before = forecast(tree).branch(ROOT)
    tree.add(Node(3, 1, 2, "a long step", 80, 110, Finish.STEP))
    assert forecast(tree).branch(ROOT).tokens > before.tokens


@pytest.mark.parametrize("budget", [Budget(seconds=1.0), Budget(joules=1.0)])
def test_one_branch_shows_a_rate_that_is_not_known_yet(budget: Budget) -> None:
    assert forecast(answered(), budget).affordable([ROOT]) == (1, None)


def test_seconds_are_priced_by_the_rate_seen() -> None:
    clock = ScriptedClock(1.0)
    ledger = Ledger(Budget(seconds=100), clock, ScriptedMeter())
    view = Forecast(answered(), ledger, POLICY, None, 400)
    ledger.request(Cost(Payer.PROMPT, PROMPT), Cost(Payer.DECODE, WRITTEN))
    clock.tick()
    number, cap = view.affordable([ROOT])
    assert cap is Cap.SECONDS
    assert number == math.floor(99 * (PROMPT + WRITTEN) / 1.5 / view.branch(ROOT).flops)


def test_joules_are_priced_once_the_meter_has_moved_even_where_the_question_is_what_shows_it() -> None:
    ledger = Ledger(Budget(joules=1.0), ScriptedClock(), ScriptedMeter())
    view = Forecast(answered(), ledger, POLICY, None, 400)
    ledger.request(Cost(Payer.PROMPT, PROMPT), Cost(Payer.DECODE, WRITTEN))
    number, cap = view.affordable([ROOT])
    assert cap is Cap.JOULES
    assert 1 < number < math.inf


def test_branches_beside_each_other_share_what_reading_the_weights_costs() -> None:
    numbers = []
    for weight_bytes in (0, 10**6):
        policy = replace(POLICY, shape=replace(SHAPE, weight_bytes=weight_bytes))
        ledger = Ledger(Budget(joules=1.0), ScriptedClock(), ScriptedMeter())
        view = Forecast(answered(), ledger, policy, None, 400)
        ledger.request(Cost(Payer.PROMPT, PROMPT), Cost(Payer.DECODE, WRITTEN, bytes_read=10 * weight_bytes))
        view.affordable([ROOT])
        price = view.branch(ROOT)
        numbers.append(price.joules / price.joules_beside)
    assert numbers[0] == 1
    assert numbers[1] > 10


def test_every_policy_of_an_ensemble_has_yet_to_read_the_problem() -> None:
    both = replace(POLICY, members=(POLICY, POLICY))
    numbers = []
    for policy in (POLICY, both):
        ledger = Ledger(Budget(flops=10**7), ScriptedClock(), ScriptedMeter())
        ledger.request(Cost(Payer.PROMPT, PROMPT), Cost(Payer.DECODE, WRITTEN))
        numbers.append(Forecast(answered(), ledger, policy, None, 400).affordable([ROOT])[0])
    price = forecast(answered()).branch(ROOT).flops
    left = 10**7 - PROMPT - WRITTEN
    assert numbers == [math.floor(left / price), math.floor((left - PROMPT) / price)]


def test_the_smallest_useful_cap_is_more_than_what_was_not_enough() -> None:
    tree = Tree("problem", 20)
    tree.add(Node(1, ROOT, 1, "a fragment", 300, 320, Finish.BUDGET))
    view = forecast(tree, Budget(tokens=300), longest=1000)
    assert 300 < view.smallest_useful(Cap.TOKENS) <= 1000
    assert view.smallest_useful(Cap.FLOPS) > view.branch(ROOT).flops
    assert math.isnan(view.smallest_useful(Cap.SECONDS))
