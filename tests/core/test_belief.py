"""The chance that an answer is right, from the vote, the reward and the problem."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.belief import Belief, log_odds

BELIEF = Belief(-0.5, 0.8, 0.6, 1.2)
SURE = Belief(9.0, 0.8, 0.6, 1.2)
UNIT = st.floats(0, 1)


def test_even_evidence_leaves_the_intercept() -> None:
    assert BELIEF.chance(0.5, 0.5, 0.5) == pytest.approx(1 / (1 + math.exp(0.5)))


@given(UNIT, UNIT, UNIT, UNIT)
def test_more_of_any_sign_never_lowers_the_chance(share: float, reward: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert 0 <= BELIEF.chance(share, reward, low) <= BELIEF.chance(share, reward, high) < 1
    assert BELIEF.chance(low, share, reward) <= BELIEF.chance(high, share, reward)
    assert BELIEF.chance(share, low, reward) <= BELIEF.chance(share, high, reward)


def test_no_single_sign_is_certain() -> None:
    assert log_odds(1.0) == pytest.approx(math.log(99))
    assert log_odds(0.0) == pytest.approx(-math.log(99))
    assert Belief(-1000, 1, 1, 1).chance(1, 1, 1) < 1e-9


@given(UNIT)
def test_an_answer_whose_every_leaf_is_refuted_is_not_believed(reward: float) -> None:
    assert SURE.chance(1.0, reward, 1.0) == pytest.approx(min(5 * reward, SURE.chance(1.0, 1.0, 1.0)), abs=1e-4)
