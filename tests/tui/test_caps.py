import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.budget import Budget, Cap
from edge_solver.errors import QuantityError
from edge_solver.tui.caps import cap_at, read_caps, scaled, show_caps


@pytest.mark.parametrize(
    ("typed", "budget"),
    [
        ("", Budget()),
        ("50J", Budget(joules=50)),
        ("2e12", Budget(flops=2e12)),
        ("1.5T", Budget(flops=1.5e12)),
        ("10s", Budget(seconds=10)),
        ("2 min, 500tok", Budget(seconds=120, tokens=500)),
        ("3kJ 500ms 2GFLOP 1ktok", Budget(joules=3000, seconds=0.5, flops=2e9, tokens=1000)),
    ],
)
def test_caps_are_read_by_their_units(typed: str, budget: Budget) -> None:
    assert read_caps(typed) == budget


@pytest.mark.parametrize(
    ("typed", "says"),
    [("50", "50 of what"), ("10k", "of what"), ("lots", "no cap"), ("5s 6s", "second time"), ("-5J", "no cap")],
)
def test_what_is_no_cap_is_refused(typed: str, says: str) -> None:
    with pytest.raises(QuantityError, match=says):
        read_caps(typed)


limits = st.none() | st.integers(1, 10**6)


@given(limits, limits, limits, limits)
def test_caps_that_are_written_are_read_again(
    joules: int | None, seconds: int | None, tokens: int | None, gflops: int | None
) -> None:
    budget = Budget(gflops and gflops * 1e9, joules, seconds, tokens)
    again = read_caps(show_caps(budget))
    assert again.tokens == budget.tokens
    for cap in budget.caps:
        assert again.of(cap) == pytest.approx(budget.of(cap), rel=1e-5)


def test_the_cap_under_the_cursor_is_doubled() -> None:
    typed = "50J 10s"
    assert cap_at(typed, 1) is Cap.JOULES
    assert cap_at(typed, len(typed)) is Cap.SECONDS
    assert cap_at("", 0) is None
    assert scaled(read_caps(typed), Cap.SECONDS, 2.0) == Budget(joules=50, seconds=20)
    assert scaled(Budget(tokens=1), Cap.TOKENS, 0.5) == Budget(tokens=1)


def test_powers_of_ten_are_written_as_people_write_them() -> None:
    assert show_caps(Budget(flops=2e9)) == "2e9"
    assert show_caps(Budget(flops=1.5e12)) == "1.5e12"
