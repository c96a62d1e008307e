"""Laws that are put in are found again, and none is found where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from edge_solver.bench.scaling import fit_coverage, fit_size, frontier, sample_counts
from edge_solver.bench.statistics import draws, pass_at_k

PROBLEMS = 150


def weights(n: int = PROBLEMS) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return draws(n, np.random.default_rng(0))


def test_an_exact_power_law_is_recovered() -> None:
    ks = sample_counts(256)
    law = np.exp(-1.3 * np.array(ks, float) ** -0.45)
    found = fit_coverage(ks, np.tile(law, (PROBLEMS, 1)), weights())
    assert found is not None
    assert (found.a.value, found.b.value) == pytest.approx((-1.3, 0.45), rel=1e-4)
    assert found.r2 == pytest.approx(1.0)
    assert found.rmse < 1e-6
    assert found.held_out == pytest.approx(0.0, abs=1e-5)
    assert found.at(256) == pytest.approx(law[-1], rel=1e-4)


def test_the_law_behind_drawn_problems_lies_within_most_intervals() -> None:
    """An interval for 95 % may miss now and then, not often."""
    rng = np.random.default_rng(7)
    ks = sample_counts(32)
    chances = rng.beta(0.35, 1.2, 20000)
    expected = np.array([np.mean(1 - (1 - chances) ** k) for k in ks])
    truth = fit_coverage(ks, np.tile(expected, (4, 1)), weights(4))
    assert truth is not None
    table = np.array([[pass_at_k(32, correct, k) for k in ks] for correct in range(33)])
    held, drawn = 0, weights()
    for _ in range(12):
        right = rng.binomial(32, rng.beta(0.35, 1.2, PROBLEMS))
        found = fit_coverage(ks, table[right], drawn)
        assert found is not None
        assert found.r2 > 0.99
        held += found.b.low <= truth.b.value <= found.b.high
    assert held >= 9


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_coverage_of_all_or_nothing_has_no_law(level: float) -> None:
    ks = sample_counts(64)
    assert fit_coverage(ks, np.full((5, len(ks)), level), weights(5)) is None


def test_three_numbers_of_samples_are_too_few_for_a_law() -> None:
    assert fit_coverage((1, 2, 3), np.full((5, 3), 0.5), weights(5)) is None


def test_flat_coverage_is_a_law_without_rise() -> None:
    ks = sample_counts(32)
    found = fit_coverage(ks, np.full((5, len(ks)), 0.4), weights(5))
    assert found is not None
    assert found.b.value == pytest.approx(0.0, abs=1e-6)


def test_sample_counts_rise_and_hold_the_powers_of_two() -> None:
    assert sample_counts(1) == (1,)
    assert sample_counts(6) == (1, 2, 3, 4, 5, 6)
    counts = sample_counts(1000)
    assert list(counts) == sorted(set(counts))
    assert counts[-1] == 1000
    assert {1, 2, 4, 512} <= set(counts)


def test_the_frontier_of_a_hand_made_set() -> None:
    points = [(10, 0.5), (1, 0.2), (2, 0.2), (3, 0.4), (5, 0.3), (10, 0.6), (20, 0.6), (3, 0.4)]
    assert frontier([cost for cost, _ in points], [accuracy for _, accuracy in points]) == (1, 3, 5)


def test_nothing_has_no_frontier() -> None:
    assert frontier([], []) == ()


def test_the_size_law_of_a_made_up_frontier() -> None:
    sizes = [1e6, 1e7, 1e8, 1e9]
    costs = [10 ** (1.19 * np.log10(size) + 2.03) for size in sizes]  # the paper's own figures
    accuracy = np.tile([0.2, 0.4, 0.6, 0.8], (30, 1))
    found = fit_size(sizes, costs, accuracy, weights(30))
    assert found is not None
    assert (found.alpha.value, found.beta.value) == pytest.approx((1.19, 2.03))
    assert (found.points, found.sizes) == (4, 4)


def test_one_size_has_no_size_law() -> None:
    assert fit_size([1e6] * 3, [1.0, 2.0, 3.0], np.tile([0.1, 0.2, 0.3], (5, 1)), weights(5)) is None
