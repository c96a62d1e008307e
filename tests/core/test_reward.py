"""One number from the rewards of a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.reward import AGGREGATES, aggregate


@pytest.mark.parametrize(
    ("rule", "expected"), [("last", 0.5), ("min", 0.25), ("product", 0.1), ("mean", pytest.approx(0.51666667))]
)
def test_each_rule_gives_its_number(rule: str, expected: float) -> None:
    assert aggregate(rule, [0.8, 0.25, 0.5]) == expected


@pytest.mark.parametrize("rule", AGGREGATES)
@given(rewards=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_every_rule_stays_between_zero_and_the_best_step(rule: str, rewards: list[float]) -> None:
    assert 0 <= aggregate(rule, rewards) <= max(rewards) + 1e-12


@pytest.mark.parametrize("rule", AGGREGATES)
def test_a_path_without_rewards_is_neither_good_nor_bad(rule: str) -> None:
    assert aggregate(rule, []) == 0.5
