"""The theorems on voting, on answer distributions that are made so that the limit is known."""

from __future__ import annotations

import numpy as np
import pytest

from edge_solver.bench.saturation import Limit, Samples, voting_limit


def limit(*problems: Samples) -> Limit:
    found = voting_limit(problems, np.random.default_rng(0))
    assert found is not None
    return found


def majority(classes: str, right: int | None = 0) -> Samples:
    """Make samples from digits, a class each; a dot came to no answer."""
    numbers = tuple(-1 if digit == "." else int(digit) for digit in classes)
    return Samples(numbers, (1.0,) * len(numbers), right)


def test_a_majority_converges_to_the_wrong_mode() -> None:
    """Right 40 % of the time, but 60 % fall for the same wrong answer: more votes make it worse, down to nothing."""
    tempting = majority("0" * 20 + "1" * 30)
    found = limit(*[tempting] * 10)
    assert found.limit.value == 0.0
    assert found.curve[0].accuracy == pytest.approx(0.4, abs=0.05)
    assert found.curve[-1].accuracy < found.curve[0].accuracy


def test_a_majority_converges_to_the_right_mode_from_a_minority_of_samples() -> None:
    """Right only 40 % of the time, but the wrong answers scatter."""
    scattered = majority("0" * 20 + "123456" * 5)
    found = limit(*[scattered] * 10)
    assert found.limit.value == 1.0
    assert found.settled == 1.0
    assert found.curve[-1].accuracy == 1.0


def test_a_weighted_vote_may_turn_a_wrong_majority() -> None:
    weights = (0.9,) * 20 + (0.5,) * 30
    turned = Samples((0,) * 20 + (1,) * 30, weights, 0)
    assert limit(turned).limit.value == 1.0  # 18 against 15


def test_the_limit_is_a_share_of_problems() -> None:
    right, wrong = majority("0000000011"), majority("0011111111")
    found = limit(right, right, right, wrong)
    assert found.limit.value == pytest.approx(0.75)
    assert 0.0 <= found.limit.low < 0.75 < found.limit.high <= 1.0


def test_a_tie_counts_as_a_coin() -> None:
    assert limit(majority("0011")).limit.value == 0.5
    assert limit(majority("001122")).limit.value == pytest.approx(1 / 3)


def test_a_close_race_is_not_settled() -> None:
    assert limit(majority("0" * 11 + "1" * 10)).settled == 0.0


def test_samples_without_an_answer_cast_no_vote() -> None:
    assert limit(majority("0......")).limit.value == 1.0
    assert limit(majority("....", right=None)).limit.value == 0.0


def test_a_problem_that_no_sample_solved_is_lost() -> None:
    assert limit(majority("111", right=None)).limit.value == 0.0


def test_a_problem_without_samples_has_no_limit() -> None:
    assert voting_limit([majority("00"), majority("")], np.random.default_rng(0)) is None
    assert voting_limit([], np.random.default_rng(0)) is None


def test_the_curve_counts_votes_in_powers_of_two_up_to_the_fewest_samples() -> None:
    found = limit(majority("0" * 10), majority("0" * 20))
    assert [point.votes for point in found.curve] == [1, 2, 4, 8, 10]
    assert found.samples == 10
