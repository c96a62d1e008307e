"""Sums, differences and products of integers."""

from __future__ import annotations

import random

from .base import Problem, Work, number_of_digits, sign
from .columns import add, subtract

SUMS = (
    "What is {a} + {b}?", "Calculate {a} + {b}.", "{a} + {b}", "{a}+{b}", "Add {a} and {b}.", "Work out {a} + {b}.",
    "Add together {a} and {b}.", "What is the sum of {a} and {b}?", "Total of {a} and {b}.", "{a} + {b} = ?",
    "What is {a} plus {b}?", "Put together {a} and {b}.", "Sum {a} and {b}.", "compute {a} + {b}",
)  # fmt: skip
DIFFERENCES = (
    "What is {a} - {b}?", "Calculate {a} - {b}.", "{a} - {b}", "{a}-{b}", "Subtract {b} from {a}.",
    "Work out {a} - {b}.", "What is {a} minus {b}?", "What is {a} take away {b}?", "What is {b} less than {a}?",
    "What is the difference between {a} and {b}?", "{a} - {b} = ?", "compute {a} - {b}",
)  # fmt: skip
PRODUCTS = (
    "What is {a} * {b}?", "Calculate {a}*{b}.", "{a}*{b}", "{a} * {b}", "Multiply {a} and {b}.", "Work out {a} * {b}.",
    "What is {a} times {b}?", "What is the product of {a} and {b}?", "Product of {a} and {b}.", "{a} x {b}",
    "compute {a} * {b}", "{a} times {b}", "{a} * {b} = ?",
)  # fmt: skip

EASY_PARTS = 2
NEAR = 30
LONG_SHARE = 0.3
"""Of products: those whose shorter factor has three digits too."""


def sums(rng: random.Random) -> Problem:
    """Draw a sum or a difference of up to five digits."""
    a = sign(rng, number_of_digits(rng, 1, 5), 0.2)
    b = sign(rng, number_of_digits(rng, 1, 5), 0.2)
    return combined(rng, a, b)


def near(rng: random.Random) -> Problem:
    """Draw a sum or a difference of two numbers of nearly the same size, where it takes a look which is larger."""
    size = number_of_digits(rng, 2, 5)
    return combined(rng, sign(rng, size, 0.5), sign(rng, max(1, size + rng.randint(-NEAR, NEAR)), 0.5))


def combined(rng: random.Random, a: int, b: int) -> Problem:
    """Ask for the sum or the difference of two numbers."""
    subtracting = rng.random() < 0.5
    wording = rng.choice(DIFFERENCES if subtracting else SUMS)
    if "difference between" in wording and a < b:
        a, b = b, a

    def solve(work: Work) -> str:
        x, y = work.copy(a), work.copy(b)
        return str(subtract(work, x, y) if subtracting else add(work, x, y))

    return Problem(wording.format(a=a, b=b), "add_sub", solve)


def products(rng: random.Random) -> Problem:
    """Draw a product of up to three by three digits, mostly by fewer."""
    a = number_of_digits(rng, 1, 3)
    b = number_of_digits(rng, 3, 3) if rng.random() < LONG_SHARE else number_of_digits(rng, 1, 2)
    if rng.random() < 0.5:
        a, b = b, a
    a, b = sign(rng, a, 0.1), sign(rng, b, 0.1)

    def solve(work: Work) -> str:
        return str(multiply(work, work.copy(a), work.copy(b)))

    return Problem(rng.choice(PRODUCTS).format(a=a, b=b), "multiplication", solve)


def multiply(work: Work, a: int, b: int) -> int:
    """Write a product: signs first, then the longer number times each digit of the shorter."""
    if a < 0 or b < 0:
        negative = (a < 0) != (b < 0)
        x, y = abs(a), abs(b)
        work.line(f"{a}*{b} = -({x}*{y})" if negative else f"{a}*{b} = {x}*{y}")
        product = multiply(work, work.copy(x), work.copy(y))
        return -product if negative else product
    if a < b:
        a, b = b, a
    if b < 10:
        return by_digit(work, a, b)
    unit = 10 ** (len(str(b)) - 1)
    high, rest = b - b % unit, b % unit
    if not rest:
        return by_round(work, a, high)
    work.line(f"{a}*{b} = {a}*{high}+{a}*{rest}")
    large = by_round(work, work.copy(a), work.copy(high))
    small = multiply(work, work.copy(a), work.copy(rest))
    return add(work, large, small)


def by_round(work: Work, a: int, number: int) -> int:
    """Write a product with one digit and zeros."""
    digit = int(str(number)[0])
    product = by_digit(work, a, work.copy(digit))
    return work.shows(f"{a}*{number}", product * (number // digit))


def by_digit(work: Work, a: int, digit: int) -> int:
    """Write a product with one digit: place by place, then the places added."""
    if a < 20 or digit == 1:
        return work.shows(f"{a}*{digit}", a * digit)
    places = [int(d) * 10**i for i, d in enumerate(reversed(str(a))) if d != "0"][::-1]
    parts = [work.value(place * digit) for place in places]
    if len(parts) == 1:
        return work.shows(f"{a}*{digit}", parts[0])
    written = f"{a}*{digit} = {'+'.join(map(str, parts))}"
    if len(parts) == EASY_PARTS:
        return work.shows(written, sum(parts))
    work.line(written)
    total = parts[0]
    for part in parts[1:]:
        total = work.shows(f"{total}+{part}", total + part)
    return total
