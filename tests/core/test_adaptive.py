"""How many samples a problem deserves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.adaptive import samples_needed

chances = st.floats(0, 1)


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
