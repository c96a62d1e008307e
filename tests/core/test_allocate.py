"""The arithmetic of sharing out a width, for every rounding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.allocate import ROUNDINGS, balance, exact, released

every_rounding = pytest.mark.parametrize("rounding", ROUNDINGS)
rewards_lists = st.lists(
    st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1e-9, 0.5, 0.9, 1.0])), min_size=1, max_size=40
)
widths = st.integers(0, 300)
temperatures = st.one_of(st.floats(1e-9, 1e9), st.sampled_from([1e-300, 0.1, float("inf")]))


@every_rounding
@given(rewards=rewards_lists, width=widths, temperature=temperatures)
def test_widths_are_whole_not_negative_and_sum_to_the_width(
    rounding: str, rewards: list[float], width: int, temperature: float
) -> None:
    shares = ROUNDINGS[rounding](rewards, width, temperature)
    assert len(shares) == len(rewards)
    assert min(shares) >= 0
    assert sum(shares) == width


@every_rounding
@given(rewards=rewards_lists, width=widths, temperature=temperatures)
def test_a_better_reward_never_gets_less(rounding: str, rewards: list[float], width: int, temperature: float) -> None:
    shares = ROUNDINGS[rounding](rewards, width, temperature)
    by_reward = [share for _, share in sorted(zip(rewards, shares, strict=True))]
    assert by_reward == sorted(by_reward)


@every_rounding
@given(reward=st.floats(0, 1), count=st.integers(1, 30), width=widths)
def test_equal_rewards_share_as_evenly_as_whole_numbers_can(
    rounding: str, reward: float, count: int, width: int
) -> None:
    shares = ROUNDINGS[rounding]([reward] * count, width, 0.1)
    assert max(shares) - min(shares) <= 1
    assert list(shares) == sorted(shares, reverse=True)  # ties go to the earlier node


@every_rounding
@given(width=widths, reward=st.floats(0, 1), temperature=temperatures)
def test_a_single_node_takes_all(rounding: str, width: int, reward: float, temperature: float) -> None:
    assert ROUNDINGS[rounding]([reward], width, temperature) == (width,)


@every_rounding
def test_no_nodes_get_nothing(rounding: str) -> None:
    assert ROUNDINGS[rounding]([], 5, 0.1) == ()


@every_rounding
def test_a_cold_balance_gives_everything_to_the_best(rounding: str) -> None:
    assert ROUNDINGS[rounding]([0.2, 0.9, 0.89], 16, 1e-9) == (0, 16, 0)


@given(rewards=rewards_lists, width=widths)
def test_exact_stays_within_one_of_the_softmax_share(rewards: list[float], width: int) -> None:
    for share, weight in zip(exact(rewards, width, 0.1), balance(rewards, 0.1), strict=True):
        assert abs(share - width * weight) < 1 + 1e-6


@pytest.mark.parametrize(
    ("rewards", "width", "temperature", "expected"),
    [
        ([0.9, 0.8], 16, 0.1, (12, 4)),  # 16 * (0.731, 0.269) = 11.70, 4.30
        ([0.9, 0.8, 0.7], 10, 0.1, (7, 2, 1)),  # 6.65, 2.45, 0.90
        ([0.9, 0.8, 0.7], 3, 0.1, (2, 1, 0)),  # 2.00, 0.73, 0.27
        ([0.5, 0.5, 0.5], 10, 0.1, (4, 3, 3)),
        ([0.9, 0.1], 16, 0.1, (16, 0)),  # 15.995, 0.005
        ([1.0, 0.0], 10, 1.0, (7, 3)),  # 7.31, 2.69
    ],
)
def test_exact_equals_tables_worked_out_by_hand(
    rewards: list[float], width: int, temperature: float, expected: tuple[int, ...]
) -> None:
    assert exact(rewards, width, temperature) == expected


@pytest.mark.parametrize(
    ("rewards", "width", "temperature", "expected"),
    [
        ([0.9, 0.8], 16, 0.1, (12, 4)),  # ceil(11.70), the rest
        ([0.9, 0.8, 0.7], 10, 0.1, (7, 3, 0)),  # ceil(6.65); ceil(3 * 0.245 / 0.335 = 2.19); nothing left
        ([0.7, 0.8, 0.9], 10, 0.1, (0, 3, 7)),  # the best node first, wherever it stands
        ([0.9, 0.8, 0.7], 3, 0.1, (2, 1, 0)),  # ceil(1.995) = 2; ceil(0.73) = 1
        ([0.5, 0.5, 0.5], 10, 0.1, (4, 3, 3)),  # ceil(3.33); 6 * 1/2; the rest
        ([0.5, 0.5, 0.5, 0.5], 2, 0.1, (1, 1, 0, 0)),
        ([1.0, 0.0], 10, 1.0, (8, 2)),  # ceil(7.31)
    ],
)
def test_released_follows_the_authors_descending_ceilings(
    rewards: list[float], width: int, temperature: float, expected: tuple[int, ...]
) -> None:
    assert released(rewards, width, temperature) == expected
