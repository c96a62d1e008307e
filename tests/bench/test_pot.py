"""Sharing out a budget: fair, never more than there is, and more for those who need it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.bench.pot import Pot, fair_shares, samples_wished
from edge_solver.core.budget import Budget, Cap

amounts = st.floats(0, 1e15)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(left=amounts, wishes=st.lists(amounts, min_size=1, max_size=30))
def test_shares_are_within_wishes_and_what_is_left_and_larger_for_larger_wishes(
    left: float, wishes: list[float]
) -> None:
    shares = fair_shares(left, wishes)
    assert sum(shares) <= left * (1 + 1e-9)
    assert all(0 <= share <= wish for share, wish in zip(shares, wishes, strict=True))
    by_wish = [share for _, share in sorted(zip(wishes, shares, strict=True))]
    assert all(a <= b * (1 + 1e-9) for a, b in pairwise(by_wish))
    if sum(wishes) <= left:
        assert shares == wishes


def test_small_wishes_are_granted_whole_and_large_ones_alike() -> None:
    assert fair_shares(100, [10, 80, 80]) == [10, 45, 45]


def test_agreement_asks_for_few_samples_and_disagreement_for_many() -> None:
    wishes = [samples_wished(votes, 4, 64) for votes in (4, 3, 2, 1)]
    assert wishes == sorted(wishes)
    assert samples_wished(4, 4, 64) <= 4
    assert samples_wished(0, 0, 64) > 4


def test_what_is_promised_cannot_be_promised_again() -> None:
    pot = Pot(Cap.FLOPS, 100)
    assert pot.promise(1, 80, Budget()) == Budget(flops=80)
    assert pot.promise(2, 80, Budget(tokens=7)) == Budget(flops=20, tokens=7)
    assert pot.promise(3, 80, Budget()) is None
    pot.settle(1, 30)
    assert pot.left == pytest.approx(50)
    assert pot.promise(3, 80, Budget(flops=5)) == Budget(flops=5)


def test_a_cost_that_nobody_could_read_leaves_nothing() -> None:
    pot = Pot(Cap.JOULES, 100)
    assert pot.promise(1, 10, Budget()) == Budget(joules=10)
    pot.settle(1, None)
    assert pot.left == 0
    assert pot.promise(2, 10, Budget()) is None
    pot.settle(3, 5)  # what is read afterwards does not bring back what was lost
    assert pot.left == 0
