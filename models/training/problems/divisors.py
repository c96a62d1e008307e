"""Greatest common divisors and least common multiples by Euclid's algorithm."""

from __future__ import annotations

import random

from .base import Problem, Work, quotient

GCDS = (
    "Calculate the greatest common divisor of {a} and {b}.", "What is the greatest common divisor of {a} and {b}?",
    "Calculate the highest common factor of {a} and {b}.", "What is the highest common factor of {a} and {b}?",
    "What is the greatest common factor of {a} and {b}?", "gcd({a}, {b})", "gcd of {a} and {b}", "GCD of {a} and {b}?",
)  # fmt: skip
LCMS = (
    "Calculate the least common multiple of {a} and {b}.", "What is the least common multiple of {a} and {b}?",
    "Calculate the smallest common multiple of {a} and {b}.", "lcm({a}, {b})", "lcm of {a} and {b}",
    "What is the smallest common multiple of {a} and {b}?", "Calculate the lowest common multiple of {a} and {b}.",
)  # fmt: skip


def euclid(work: Work, a: int, b: int) -> int:
    """Write Euclid's divisions, larger number first: `84 = 36*2+12`."""
    a, b = max(a, b), min(a, b)
    for _ in range(12):
        if b == 0:
            return a
        times = work.value(a // b)
        rest = work.value(a - b * times)
        work.line(f"{a} = {b}*{times}+{rest}")
        a, b = b, rest
    return a


def gcds(rng: random.Random) -> Problem:
    """Draw two numbers with a common factor."""
    common = rng.choice((rng.randint(1, 9), rng.randint(2, 30)))
    a, b = common * rng.randint(1, 30), common * rng.randint(2, 30)
    if a == b:
        a *= 2

    def solve(work: Work) -> str:
        return str(euclid(work, work.copy(a), work.copy(b)))

    return Problem(rng.choice(GCDS).format(a=a, b=b), "gcd", solve)


def lcms(rng: random.Random) -> Problem:
    """Draw two numbers whose least common multiple stays small."""
    common = rng.choice((1, rng.randint(1, 6), rng.randint(2, 12)))
    a, b = common * rng.randint(1, 12), common * rng.randint(2, 12)
    if a == b:
        a *= 2

    def solve(work: Work) -> str:
        x, y = work.copy(a), work.copy(b)
        common = euclid(work, x, y)
        share = work.shows(f"{x}/{common}", quotient(x, common))
        return str(work.shows(f"{share}*{y}", share * y))

    return Problem(rng.choice(LCMS).format(a=a, b=b), "lcm", solve)
