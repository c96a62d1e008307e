"""What branches cost beside each other, learned from the latest layers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.budget import Budget, Cap, Cost, Ledger, Payer
from edge_solver.core.cost import Shape, span_flops
from edge_solver.core.forecast import CAUTION, Forecast
from edge_solver.core.ports import Profile
from edge_solver.core.sharing import Sharing
from edge_solver.core.tree import ROOT, Finish, Node, Tree
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.scripted import ScriptedClock

SHAPE = Shape(2, 8, 1000, 100, 1100)
POLICY = Profile("policy", "", SHAPE, context=4096, step_tokens=10, solution_steps=4)
PROMPT = span_flops(SHAPE, 0, 20, 1)
STEP = span_flops(SHAPE, 19, 29, 10)


def layer(twins: int, *, budget: Budget, is_answered: bool = False) -> tuple[Forecast, Tree, Ledger]:
    """Return the forecast after a layer of so many first steps, for which a tenth of their price was computed."""
    tree, ledger = Tree("problem", 20), Ledger(budget, ScriptedClock(), ScriptedMeter())
    view = Forecast(tree, ledger, POLICY, None, 100)
    ledger.request(Cost(Payer.PROMPT, PROMPT), Cost(Payer.DECODE, STEP * twins // 10, generated=10 * twins))
    for node in range(1, twins + 1):
        tree.add(Node(node, ROOT, 1, "step", 10, 30, Finish.STEP))
    if is_answered:
        tree.add(Node(twins + 1, ROOT, 1, "step", 1, 21, Finish.ANSWER, "1"))
    return view, tree, ledger


def test_nothing_is_shared_before_anything_was_seen_to_be() -> None:
    assert Sharing(1.0).share == 1.0


def test_the_latest_layers_count_most() -> None:
    sharing = Sharing(1.0)
    shares = []
    for layers in range(1, 9):
        sharing.see(layers * 10.0, layers * 100.0)
        shares.append(sharing.share)
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(0.1, rel=0.01)
    sharing.see(180.0, 900.0)  # they part
    assert sharing.share > 0.5


@given(layers=st.lists(st.tuples(st.floats(0, 1e15), st.floats(0, 1e15)), max_size=12), prior=st.floats(1e-3, 1e12))
def test_a_share_is_a_share(layers: list[tuple[float, float]], prior: float) -> None:
    sharing, computed, alone = Sharing(prior), 0.0, 0.0
    for more, priced in layers:
        computed, alone = computed + more, alone + priced
        sharing.see(computed, alone)
        assert 0 < sharing.share <= 1


def test_branches_that_write_the_same_are_cheaper_beside_each_other_and_as_dear_alone() -> None:
    budget = Budget(flops=10**7)
    view, _, ledger = layer(40, budget=budget)
    before = view.branch(1)
    number, cap = view.affordable([1])
    after = view.branch(1)
    assert cap is Cap.FLOPS
    assert (after.flops, after.tokens) == (before.flops, before.tokens)
    assert after.flops_beside < before.flops_beside == before.flops
    assert number > 1.5 * (ledger.left(Cap.FLOPS) or 0) / before.flops


def test_tokens_are_generated_whoever_evaluates_them() -> None:
    view, _, ledger = layer(40, budget=Budget(tokens=2000), is_answered=True)
    number, _ = view.affordable([1])
    assert number <= 1 + (ledger.left(Cap.TOKENS) or 0) / view.branch(1).tokens


@given(flops=st.integers(10**6, 10**8), twins=st.integers(1, 60))
def test_the_next_step_of_all_could_be_paid_for_beside_the_reserve_if_they_parted(flops: int, twins: int) -> None:
    view, tree, ledger = layer(twins, budget=Budget(flops=flops))
    number, _ = view.affordable(node.id for node in tree.frontier())
    left = ledger.left(Cap.FLOPS) or 0.0
    longest = span_flops(SHAPE, 29, 120, 90)  # a hundred tokens, of which ten are written
    step = span_flops(SHAPE, 29, 29 + int(10 * CAUTION), int(10 * CAUTION))
    if number > 1:
        assert (number - 1) * step <= left - longest
