"""Arithmetic worked out one operation at a time, and the sentences that tell of it."""

from __future__ import annotations

import re
import zlib
from fractions import Fraction
from random import Random

Terms = tuple["Fraction | str", ...]
"""What is still to be worked out: numbers, operators and parentheses."""

_EQUATION = re.compile(r"(-?\d+(?:/\d+)?) ([-+*/]) (-?\d+(?:/\d+)?) = (-?\d+(?:/\d+)?)")


def tokens_of(text: str) -> list[str]:
    """Cut text into words, single digits and signs, each with the space before it; joined they are the text again."""
    return re.findall(r"\s*(?:\d|[^\W\d]+|[^\w\s]|_)|\s+$", text)


def terms_of(problem: str) -> Terms:
    """Return the arithmetic in a problem, or, where there is none, some that belongs to its text."""
    for found in sorted(re.findall(r"[\d(-][-\d\s()+*/]*", problem), key=len, reverse=True):
        terms = parsed(found)
        if terms is not None:
            return terms
    dice = Random(zlib.crc32(problem.encode()))  # noqa: S311 - simulation
    first, *rest = (Fraction(dice.randint(2, 12)) for _ in range(5))
    return (first, *(part for pair in zip(("*", "+", "*", "-"), rest, strict=True) for part in pair))


def show(terms: Terms) -> str:
    """Write terms as text."""
    return " ".join(str(term) for term in terms).replace("( ", "(").replace(" )", ")")


def next_operation(terms: Terms) -> int | None:
    """Return the place of the operator that comes first, ``None`` where only a number is left."""
    close = terms.index(")") if ")" in terms else len(terms)
    start = max((i for i in range(close) if terms[i] == "("), default=-1)
    inner = range(start + 1, close)
    for signs in (("*", "/"), ("+", "-")):
        for place in inner:
            if terms[place] in signs:
                return place
    return None


def operate(terms: Terms, place: int) -> Fraction:
    """Carry out the operation at ``place``; a division by zero, which only an earlier error can cause, gives 0."""
    left, right = terms[place - 1], terms[place + 1]
    assert isinstance(left, Fraction)
    assert isinstance(right, Fraction)
    match terms[place]:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else Fraction(0)


def reduced(terms: Terms, place: int, result: Fraction) -> Terms:
    """Put a result in the place of an operation and drop parentheses that hold one number."""
    before, after = terms[: place - 1], terms[place + 2 :]
    if before and after and before[-1] == "(" and after[0] == ")":
        before, after = before[:-1], after[1:]
    return (*before, result, *after)


def is_sound(step: str) -> bool:
    """Say whether every equation in a step holds."""
    return all(
        operate((Fraction(left), sign, Fraction(right)), 1) == Fraction(result)
        for left, sign, right, result in _EQUATION.findall(step)
    )


def parsed(text: str) -> Terms | None:
    """Read arithmetic; ``None`` where it is not well formed."""
    # A minus sign belongs to the number behind it where no number or parenthesis stands before it.
    parts = re.findall(r"(?:(?<=^)|(?<=[(+*/-]))-\d+|\d+|[-+*/()]", re.sub(r"\s+", "", text))
    terms: Terms = tuple(Fraction(part) if part[-1].isdigit() else part for part in parts)
    rest = terms
    try:
        while (place := next_operation(rest)) is not None:
            if place == 0 or (rest[place] == "/" and rest[place + 1] == 0):
                return None
            rest = reduced(rest, place, operate(rest, place))
    except (AssertionError, IndexError):
        return None
    return terms if len(terms) > 1 and len(rest) == 1 and isinstance(rest[0], Fraction) else None
