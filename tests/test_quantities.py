"""Numbers with units: what is read, what is refused and why, and that what is shown can be read back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.errors import QuantityError
from edge_solver.quantities import Kind, check, parse, parse_whole, show


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2e12", Kind.FLOPS, 2e12),
        ("1.5T", Kind.FLOPS, 1.5e12),
        ("1.2 GFLOPs", Kind.FLOPS, 1.2e9),
        ("3 gflop", Kind.FLOPS, 3e9),
        ("5E", Kind.FLOPS, 5e18),
        ("5E3", Kind.FLOPS, 5e3),
        ("50J", Kind.JOULES, 50.0),
        ("50 j", Kind.JOULES, 50.0),
        ("3kJ", Kind.JOULES, 3e3),
        ("25mJ", Kind.JOULES, 0.025),
        ("1MJ", Kind.JOULES, 1e6),
        ("0.5 Wh", Kind.JOULES, 1800.0),
        ("2min", Kind.SECONDS, 120.0),
        ("500ms", Kind.SECONDS, 0.5),
        ("30", Kind.SECONDS, 30.0),
        (".5s", Kind.SECONDS, 0.5),
        ("1 Hour", Kind.SECONDS, 3600.0),
        ("  +7 s ", Kind.SECONDS, 7.0),
        ("10k", Kind.TOKENS, 10_000),
        ("1.5k tokens", Kind.TOKENS, 1500),
        ("4GiB", Kind.BYTES, 4 * 2**30),
        ("500 MB", Kind.BYTES, 500_000_000),
    ],
)
def test_a_number_with_a_unit_of_its_kind_is_read(text: str, kind: Kind, value: float) -> None:
    assert parse(text, kind) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", ["0", "0J", "-1", "-3kJ", "1e-400", "0.0", "1e-330 J"])
def test_nothing_or_less_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="greater than 0"):
        parse(text, Kind.JOULES, name="--max-joules")


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-inf", "Infinity", "1e400", "1e308 kJ", "1e999999999"])
def test_a_number_that_is_not_finite_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="finite"):
        parse(text, Kind.JOULES)


@pytest.mark.parametrize("text", ["", "   ", "J", "ten", "--5", "٣", "5" * 100, "1,000", "1_000", "1 2", "0x10"])
def test_what_is_not_one_number_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse(text, Kind.FLOPS)


def test_a_unit_of_another_kind_is_named_with_the_value_and_what_to_write() -> None:
    with pytest.raises(QuantityError) as caught:
        parse("10s", Kind.JOULES, name="--max-joules")
    assert str(caught.value) == ("--max-joules: '10s' is in seconds, but joules are wanted here; write 50J or 3kJ.")


@pytest.mark.parametrize(
    ("text", "kind", "suggested"),
    [
        ("10GFLOPZ", Kind.FLOPS, "'GFLOP"),
        ("1.5t", Kind.FLOPS, "'T'"),
        ("5mj", Kind.JOULES, "'MJ' or 'mJ'"),
        ("3k", Kind.JOULES, "'kJ'"),
        ("2minits", Kind.SECONDS, "'minutes'"),
        ("10 tokns", Kind.TOKENS, "'tokens'"),
    ],
)
def test_an_unknown_unit_suggests_the_nearest(text: str, kind: Kind, suggested: str) -> None:
    with pytest.raises(QuantityError, match=f"did you mean .*{suggested}"):
        parse(text, kind)


def test_m_alone_is_never_guessed_to_be_minutes_or_milli_or_mega() -> None:
    for kind in Kind:
        with pytest.raises(QuantityError, match="unknown unit 'm'"):
            parse("5m", kind)


@pytest.mark.parametrize("text", ["10.5", "0.5", "1.0005k"])
def test_a_part_of_a_token_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="whole number of tokens"):
        parse_whole(text, Kind.TOKENS)


def test_a_large_count_is_read_to_the_last_one() -> None:
    assert parse_whole("1000000000000000001", Kind.TOKENS) == 1_000_000_000_000_000_001


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf, 10**400])
def test_a_plain_number_is_held_to_the_same_rules(value: float) -> None:
    with pytest.raises(QuantityError):
        check(value, Kind.FLOPS)


def test_a_plain_number_of_tokens_must_be_whole() -> None:
    assert check(12, Kind.TOKENS) == 12
    with pytest.raises(QuantityError, match="whole"):
        check(1.5, Kind.TOKENS)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.JOULES, "—"),
        (0, Kind.JOULES, "0 J"),
        (9.1, Kind.JOULES, "9.1 J"),
        (0.4, Kind.JOULES, "0.4 J"),
        (0.25, Kind.JOULES, "0.25 J"),
        (0.05, Kind.JOULES, "50 mJ"),
        (3200, Kind.JOULES, "3.2 kJ"),
        (0, Kind.FLOPS, "0 FLOP"),
        (412, Kind.FLOPS, "412 FLOP"),
        (1.2e9, Kind.FLOPS, "1.2 GFLOP"),
        (999.96e9, Kind.FLOPS, "1 TFLOP"),
        (99.96e9, Kind.FLOPS, "100 GFLOP"),
        (0.8, Kind.SECONDS, "0.8 s"),
        (0.02, Kind.SECONDS, "20 ms"),
        (59.99, Kind.SECONDS, "1 min"),
        (125, Kind.SECONDS, "2.1 min"),
        (7300, Kind.SECONDS, "2 h"),
        (1, Kind.TOKENS, "1 token"),
        (9431, Kind.TOKENS, "9431 tokens"),
        (12_400, Kind.TOKENS, "12.4k tokens"),
        (3_000_000, Kind.BYTES, "3 MB"),
    ],
)
def test_a_quantity_is_shown_for_people(value: float | None, kind: Kind, text: str) -> None:
    assert show(value, kind) == text


@settings(deadline=None)  # a busy machine is no failure
@given(st.floats(min_value=1e-4, max_value=1e20), st.sampled_from([Kind.FLOPS, Kind.JOULES, Kind.SECONDS]))
def test_what_is_shown_can_be_read_back_to_its_precision(value: float, kind: Kind) -> None:
    least = 1.0 if kind is Kind.FLOPS else 1e-4  # there is no thousandth of a FLOP
    value = max(value, least)
    assert parse(show(value, kind), kind) == pytest.approx(value, rel=0.06)


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(min_value=1, max_value=10**15))
def test_shown_tokens_can_be_read_back(count: int) -> None:
    assert parse_whole(show(count, Kind.TOKENS), Kind.TOKENS) == pytest.approx(count, rel=0.06)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=40), st.sampled_from(Kind))
def test_any_text_gives_a_positive_finite_number_or_our_error(text: str, kind: Kind) -> None:
    try:
        value = parse(text, kind)
    except QuantityError:
        return
    assert math.isfinite(value)
    assert value > 0
