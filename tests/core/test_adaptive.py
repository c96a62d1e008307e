"""How many samples a problem deserves."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.adaptive import adaptive_width, quantile, samples_needed

chances = st.floats(0, 1)
lists = st.lists(chances, min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("chance", "needed"),
    [(0.99, 1), (0.9, 2), (0.5, 7), (0.25, 17), (0.1, 44), (0.01, 459)],  # ln 0.01 / ln(1 - p), rounded up
)
def test_the_rule_gives_the_numbers_worked_out_by_hand(chance: float, needed: int) -> None:
    assert samples_needed(chance, 10**6) == needed


@given(chance=st.floats(1e-3, 0.999), confidence=st.floats(0.01, 0.999))
def test_so_many_samples_are_enough_and_one_less_is_not(chance: float, confidence: float) -> None:
    n = samples_needed(chance, 10**9, confidence)
    assert 1 - (1 - chance) ** n >= confidence - 1e-9
    assert n == 1 or 1 - (1 - chance) ** (n - 1) < confidence + 1e-9


@given(chance=chances, easier=chances, most=st.integers(1, 1000))
def test_an_easier_problem_never_gets_more(chance: float, easier: float, most: int) -> None:
    low, high = sorted((chance, easier))
    assert 1 <= samples_needed(high, most) <= samples_needed(low, most) <= most


@pytest.mark.parametrize(("chance", "needed"), [(0.0, 46_050), (-1.0, 46_050), (1.0, 1), (2.0, 1)])
def test_impossible_and_certain_are_kept_away_from_the_edge(chance: float, needed: int) -> None:
    assert samples_needed(chance, 10**9) == needed


@given(values=lists)
def test_a_quantile_lies_among_the_values(values: list[float]) -> None:
    assert quantile(values, 0) == min(values)
    assert quantile(values, 1) == max(values)
    assert quantile(values, 0.5) == pytest.approx(statistics.median(values))
    assert min(values) <= quantile(values, 0.1) <= max(values)


def test_a_quantile_between_two_values_is_interpolated() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.25) == 1.5


def test_no_values_have_no_quantile() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.1)


@given(values=lists, most=st.integers(1, 64))
def test_the_low_end_of_the_estimates_is_believed(values: list[float], most: int) -> None:
    assert adaptive_width(values, most) >= samples_needed(statistics.median(values), most)


def test_a_few_estimates_give_a_width() -> None:
    assert adaptive_width([0.5], 16) == 7
    assert adaptive_width([0.01, 0.9, 0.9], 16) == 16
    assert adaptive_width([0.0] * 8, 32) == 32
