"""Figures that can be worked out by hand, and intervals that hold what they should."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from edge_solver.bench.statistics import (
    bootstrap_mean,
    calibration,
    centred_interval,
    draws,
    paired_difference,
    pass_at_k,
    proportion,
    sign_test,
    wilson,
)


def weights(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return draws(n, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),  # the textbook case
        (0, 10, 0.0, 0.2775),  # z² / (n + z²)
        (10, 10, 0.7225, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_interval(correct: int, n: int, low: float, high: float) -> None:
    assert wilson(correct, n) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("n", "correct", "k", "expected"),
    [
        (4, 1, 1, 1 / 4),
        (4, 1, 2, 1 / 2),  # 1 - C(3,2)/C(4,2) = 1 - 3/6
        (5, 2, 2, 7 / 10),  # 1 - C(3,2)/C(5,2) = 1 - 3/10
        (5, 0, 5, 0.0),
        (5, 3, 3, 1.0),  # only two are wrong, so three hold a right one
    ],
)
def test_pass_at_k_by_hand(n: int, correct: int, k: int, expected: float) -> None:
    assert pass_at_k(n, correct, k) == pytest.approx(expected)


def test_pass_at_k_is_the_share_of_all_subsets_with_a_right_sample() -> None:
    for n in range(1, 8):
        for correct in range(n + 1):
            for k in range(1, n + 1):
                subsets = list(combinations(range(n), k))
                hits = sum(min(subset) < correct for subset in subsets)
                assert pass_at_k(n, correct, k) == pytest.approx(hits / len(subsets))


@pytest.mark.parametrize("k", [0, 5])
def test_pass_at_k_of_more_than_there_is_cannot_be_estimated(k: int) -> None:
    with pytest.raises(ValueError, match="4 samples"):
        pass_at_k(4, 2, k)


def test_one_run_a_problem_gives_the_plain_wilson_interval() -> None:
    found = proportion(np.array([1.0] * 8 + [0.0] * 2), 1.0)
    assert (found.low, found.high) == pytest.approx(wilson(8, 10))


def test_repeating_runs_that_always_agree_adds_nothing() -> None:
    once = proportion(np.array([1.0, 1.0, 0.0, 0.0]), 1.0)
    assert proportion(np.array([1.0, 1.0, 0.0, 0.0]), 50.0) == once


def test_runs_that_disagree_narrow_the_interval_up_to_independent_ones() -> None:
    coins = proportion(np.array([0.4, 0.6, 0.5, 0.5]), 10.0)
    assert (coins.low, coins.high) == pytest.approx(wilson(20, 40))


def test_a_bootstrap_mean_of_equal_values_is_certain() -> None:
    found = bootstrap_mean(np.full(20, 0.3), weights(20))
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3, 0.3))


def test_a_bootstrap_interval_is_as_wide_as_the_standard_error_says() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.2, 400)
    found = bootstrap_mean(values, weights(400))
    half = 1.96 * values.std() / 20
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)


def test_pairing_sees_a_difference_that_apart_would_drown() -> None:
    hardness = np.random.default_rng(2).uniform(0, 1, 200)
    found = paired_difference(hardness + 0.02, hardness, weights(200))
    assert (found.estimate.low, found.estimate.high) == pytest.approx((0.02, 0.02))
    assert found.apart


@pytest.mark.parametrize(
    ("up", "down", "p"),
    [(0, 0, 1.0), (4, 0, 2 / 16), (0, 6, 2 / 64), (5, 5, 1.0), (8, 1, 2 * (1 + 9) / 512)],
)
def test_the_sign_test_by_hand(up: int, down: int, p: float) -> None:
    assert sign_test(np.array([1.0] * up + [-1.0] * down + [0.0] * 7)) == pytest.approx(p)


def test_four_problems_are_not_enough_to_tell_apart_whatever_the_bootstrap_says() -> None:
    found = paired_difference(np.ones(4), np.zeros(4), weights(4))
    assert found.estimate.low == 1.0
    assert not found.apart


def test_calibration_by_hand() -> None:
    found = calibration([0.9, 0.9, 0.3, 0.3], [True, False, False, False], [0, 1, 2, 3], weights(4))
    low, high = found.bins
    assert (low.n, low.accuracy.value) == (2, 0.0)
    assert low.confidence == pytest.approx(0.3)
    assert (high.low, high.n, high.accuracy.value) == (0.9, 2, 0.5)
    assert found.error.value == pytest.approx((2 * 0.3 + 2 * 0.4) / 4)
    assert found.error.low <= found.error.value <= found.error.high


def test_full_confidence_belongs_to_the_last_bin() -> None:
    (only,) = calibration([1.0, 0.95], [True, True], [0, 1], weights(2)).bins
    assert (only.low, only.high, only.n) == (0.9, 1.0, 2)


def test_a_centred_interval_holds_its_value_and_stays_a_share() -> None:
    low, high = centred_interval(0.05, np.linspace(0.1, 0.5, 100))
    assert low == 0.0
    assert 0.05 < high < 0.5
