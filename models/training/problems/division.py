"""Long division: exact quotients and remainders."""

from __future__ import annotations

import random

from .base import Problem, Work

QUOTIENTS = (
    "What is {a} / {b}?", "Calculate {a} / {b}.", "{a}/{b}", "{a} / {b}", "Divide {a} by {b}.", "Work out {a} / {b}.",
    "What is {a} divided by {b}?", "{a} divided by {b}", "compute {a} / {b}", "{a} / {b} = ?",
)  # fmt: skip
REMAINDERS = (
    "Calculate the remainder when {a} is divided by {b}.", "What is the remainder when {a} is divided by {b}?",
    "What is {a} mod {b}?", "{a} mod {b}", "remainder of {a} divided by {b}", "Find the remainder of {a} / {b}.",
)  # fmt: skip


def divisor(rng: random.Random) -> int:
    """Draw a divisor, small ones more often."""
    return rng.choice((rng.randint(2, 9), rng.randint(2, 12), rng.randint(11, 40)))


def quotients(rng: random.Random) -> Problem:
    """Draw an exact division."""
    b, q = divisor(rng), rng.choice((rng.randint(2, 60), rng.randint(10, 400)))
    a = b * q
    negative_a, negative_b = rng.random() < 0.08, rng.random() < 0.08
    text = rng.choice(QUOTIENTS).format(a=-a if negative_a else a, b=-b if negative_b else b)

    def solve(work: Work) -> str:
        result, _ = divide(work, work.copy(a), work.copy(b))
        return str(-result if negative_a != negative_b else result)

    return Problem(text, "division", solve)


def remainders(rng: random.Random) -> Problem:
    """Draw a remainder of a number of up to four digits."""
    b = divisor(rng)
    a = rng.choice((rng.randint(b, 99 + b), rng.randint(100, 999), rng.randint(1000, 4999)))

    def solve(work: Work) -> str:
        return str(divide(work, work.copy(a), work.copy(b))[1])

    return Problem(rng.choice(REMAINDERS).format(a=a, b=b), "remainder", solve)


def divide(work: Work, a: int, b: int) -> tuple[int, int]:
    """Write long division, a line per digit of the quotient: `45 = 23*1+22`."""
    digits = str(a)
    taken = 1
    while taken < len(digits) and int(digits[:taken]) < b:
        taken += 1
    part = int(digits[:taken])
    result = 0
    while True:
        digit = work.value(part // b)
        rest = work.value(part - b * digit)
        work.line(f"{part} = {b}*{digit}" + (f"+{rest}" if rest >= 0 else f"{rest}"))
        result = result * 10 + digit
        if taken == len(digits):
            return result, rest
        part = work.copy(rest * 10 + int(digits[taken]))
        taken += 1
