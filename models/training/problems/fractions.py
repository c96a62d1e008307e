"""Adding, subtracting, multiplying, dividing and simplifying fractions."""

from __future__ import annotations

import random
from math import gcd, lcm

from .base import Problem, Work, quotient

OPERATIONS = (
    "What is {e}?", "Calculate {e}.", "{e}", "simplify {e}", "Work out {e}.", "Simplify {e}.", "compute {e}",
    "Evaluate {e}.", "{e} = ?",
)  # fmt: skip
SIMPLIFY = ("Simplify {e}.", "simplify {e}", "Write {e} in lowest terms.", "Reduce {e} to lowest terms.")


def fraction(top: int, bottom: int) -> str:
    """Write a fraction, or an integer when the denominator is one."""
    return str(top) if bottom == 1 else f"{top}/{bottom}"


def reduced(work: Work, top: int, bottom: int) -> tuple[int, int]:
    """Write a fraction in lowest terms, naming the common factor, when it has one."""
    common = gcd(top, bottom)
    if common == 1:
        return top, bottom
    factor = work.value(common)
    work.line(f"gcd({abs(top)},{bottom}) = {factor}")
    small_top, small_bottom = work.value(quotient(top, factor)), work.value(quotient(bottom, factor))
    work.line(f"{top}/{bottom} = {fraction(small_top, small_bottom)}")
    return small_top, small_bottom


def draw_fraction(rng: random.Random) -> tuple[int, int]:
    """Draw a proper or improper fraction, not always in lowest terms."""
    bottom = rng.choice((rng.randint(2, 10), rng.randint(2, 20)))
    top = rng.randint(1, bottom + 3)
    if rng.random() < 0.25:
        factor = rng.randint(2, 6)
        return top * factor, bottom * factor
    return top, bottom


def simplifications(rng: random.Random) -> Problem:
    """Draw one fraction to be reduced."""
    factor = rng.choice((rng.randint(2, 9), rng.randint(2, 24)))
    top, bottom = factor * rng.randint(1, 20), factor * rng.randint(2, 20)

    def solve(work: Work) -> str:
        return fraction(*reduced(work, work.copy(top), work.copy(bottom)))

    return Problem(rng.choice(SIMPLIFY).format(e=f"{top}/{bottom}"), "fraction", solve)


def operations(rng: random.Random) -> Problem:
    """Draw an operation on two fractions."""
    a, b = draw_fraction(rng)
    c, d = draw_fraction(rng)
    if rng.random() < 0.1:
        a = -a
    operator = rng.choice("+-+-*/")
    loose = rng.choice((" ", " ", ""))
    right = f"({c}/{d})" if operator == "/" else f"{c}/{d}"
    text = f"{a}/{b}{loose}{operator}{loose}{right}"

    def solve(work: Work) -> str:
        p, q = reduced(work, work.copy(a), work.copy(b))
        r, s = reduced(work, work.copy(c), work.copy(d))
        match operator:
            case "*":
                result = times(work, p, q, r, s)
            case "/":
                work.line(f"{fraction(p, q)}/({fraction(r, s)}) = {fraction(p, q)}*{s}/{r}")
                result = times(work, p, q, work.copy(s), work.copy(r))
            case _:
                result = combined(work, p, q, r, s, negative=operator == "-")
        return fraction(*reduced(work, *result))

    return Problem(rng.choice(OPERATIONS).format(e=text), "fraction", solve)


def times(work: Work, p: int, q: int, r: int, s: int) -> tuple[int, int]:
    """Write a product of fractions: tops, then bottoms."""
    return work.shows(f"{p}*{r}", p * r), work.shows(f"{q}*{s}", q * s)


def combined(work: Work, p: int, q: int, r: int, s: int, *, negative: bool) -> tuple[int, int]:
    """Write a sum or difference of fractions over their common denominator."""
    bottom = work.copy(q)
    if q != s:
        bottom = work.value(lcm(q, s))
        work.line(f"lcm({q},{s}) = {bottom}")
        p, r = widened(work, p, q, bottom), widened(work, r, s, bottom)
    symbol = "-" if negative else "+"
    return work.shows(f"{p}{symbol}{r}", p - r if negative else p + r), bottom


def widened(work: Work, top: int, bottom: int, target: int) -> int:
    """Write a fraction over a larger denominator and return its numerator."""
    if bottom == target:
        return top
    numerator = work.value(top * quotient(target, bottom))
    work.line(f"{fraction(top, bottom)} = {numerator}/{target}")
    return numerator
