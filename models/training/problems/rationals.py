"""Exact arithmetic on the pad: integers and fractions in lowest terms, the same written way wherever they occur."""

from __future__ import annotations

from math import lcm

from .arithmetic import multiply
from .base import Work, plus
from .columns import add, easy_sum, subtract, turned
from .division import divide
from .divisors import euclid

Ratio = tuple[int, int]
"""Numerator and positive denominator, without common factor."""

EASY_FACTOR = 20
SMALL_PRIMES = (2, 3, 5, 7, 11, 13)
EASY_TIMES = 10
PAIR = 2


def shown(number: Ratio) -> str:
    """Write `3/4`, or `3` for a whole number."""
    return str(number[0]) if number[1] == 1 else f"{number[0]}/{number[1]}"


def bracketed(number: Ratio | int) -> str:
    """Write a number that follows an operator: negative ones and, after `/` or `*`, fractions keep apart."""
    text = shown(number) if isinstance(number, tuple) else str(number)
    return f"({text})" if text.startswith("-") or "/" in text else text


def easy_product(a: int, b: int) -> bool:
    """Say whether a product is known by heart: one digit times a number below twenty or a round one below a hundred."""
    small, large = sorted((abs(a), abs(b)))
    if small < EASY_TIMES and large < 10 * EASY_TIMES and large % 10 == 0:
        return True
    return small <= 1 or (small < EASY_TIMES and large < EASY_FACTOR)


def times(work: Work, a: int, b: int) -> int:
    """Write a product of integers."""
    if easy_product(a, b):
        return work.shows(f"{a}*{bracketed(b)}", a * b)
    return multiply(work, a, b)


def exact(work: Work, a: int, b: int) -> int:
    """Return `a / b` for a divisor `b > 0` of `a`, by long division where it is long."""
    if b == 1:
        return a
    quotient, _ = divide(work, abs(a), b)
    return -quotient if a < 0 else quotient


def cancelled(work: Work, top: int, bottom: int) -> Ratio:
    """Write the small primes out of a fraction, one after another: `84/126 = 42/63 = 14/21 = 2/3`."""
    line = f"{top}/{bottom}"
    for prime in SMALL_PRIMES:
        while top % prime == bottom % prime == 0 and bottom:
            top, bottom = work.value(top // prime), work.value(bottom // prime)
            line += f" = {shown((top, bottom))}"
    if "=" in line:
        work.line(line)
    return top, bottom


def lowest(work: Work, top: int, bottom: int) -> Ratio:
    """Write a fraction with positive denominator in lowest terms: small primes first, Euclid for what is left."""
    if bottom == 1 or top == 0:
        return top, 1
    if top % bottom == 0 and easy_product(bottom, top // bottom):
        return work.shows(f"{top}/{bottom}", top // bottom), 1
    top, bottom = cancelled(work, top, bottom)
    if min(abs(top), bottom) <= SMALL_PRIMES[-1]:
        return top, bottom
    if abs(top) >= bottom and top % bottom == 0:
        return exact(work, top, bottom), 1
    common = euclid(work, work.copy(abs(top)), work.copy(bottom))
    if common == 1:
        return top, bottom
    result = exact(work, top, common), exact(work, bottom, common)
    work.line(f"{top}/{bottom} = {shown(result)}")
    return result


def product(work: Work, a: Ratio, b: Ratio, *, left: str = "") -> Ratio:
    """Write a product of fractions: numerators, denominators, lowest terms; `left` is what it is written for."""
    left = left or f"{shown(a)}*{bracketed(b)}"
    if a[0] == 0 or b[0] == 0:
        return work.shows(left, 0), 1
    whole = a[1] == b[1] == 1
    if easy_product(a[0], b[0]) and easy_product(a[1], b[1]):
        top, bottom = work.value(a[0] * b[0]), work.value(a[1] * b[1])
    else:
        top = times(work, work.copy(a[0]), work.copy(b[0]))
        bottom = times(work, work.copy(a[1]), work.copy(b[1])) if 1 not in (a[1], b[1]) else work.copy(a[1] * b[1])
        if whole and left == f"{shown(a)}*{bracketed(b)}":
            return top, bottom
    work.line(f"{left} = {top}" + ("" if whole else f"/{bottom}"))
    return lowest(work, top, bottom)


def ratio(work: Work, a: Ratio, b: Ratio) -> Ratio:
    """Write a quotient: of whole numbers as a fraction with its sign in front, else times the other way up."""
    if a[0] == 0:
        return work.shows(f"0/{bracketed(b)}", 0), 1
    top, bottom = b[1], b[0]
    if bottom < 0:
        top, bottom = -top, -bottom
    left = f"{shown(a)}/{bracketed(b)}"
    if a[1] == b[1] == 1:
        over = work.copy(a[0] * top)
        if b[0] < 0:
            work.line(f"{left} = {over}/{bottom}")
        return lowest(work, over, bottom)
    return product(work, a, (work.copy(top), work.copy(bottom)), left=left)


def total(work: Work, a: Ratio, b: Ratio, *, negative: bool = False) -> Ratio:
    """Write a sum, or a difference, over the least common denominator."""
    if a[1] == b[1] == 1:
        return (subtract if negative else add)(work, a[0], b[0]), 1
    left = f"{shown(a)}{'-' if negative else '+'}{f'({shown(b)})' if b[0] < 0 else shown(b)}"
    bottom = common_denominator(work, a[1], b[1])
    p, q = (widened(work, part, bottom) for part in (a, b))
    if negative:
        q = -q
    line = (
        f"{left} = "
        if (a[1], b[1]) == (bottom, bottom) and not (negative or q < 0)
        else (f"{left} = {p}/{bottom}{'-' if q < 0 else '+'}{abs(q)}/{bottom}")
    )
    if easy_sum(p, q):
        top = work.value(p + q)
        work.line(line.removesuffix(" = ") + f" = {top}/{bottom}")
        return lowest(work, top, bottom)
    if not line.endswith(" = "):
        work.line(line)
    top = add(work, work.copy(p), work.copy(q))
    work.line(f"{left} = {top}/{bottom}")
    return lowest(work, top, bottom)


def common_denominator(work: Work, a: int, b: int) -> int:
    """Return the least common multiple of two denominators, in the head when both are small."""
    a, b = max(a, b), min(a, b)
    if a % b == 0 or a <= EASY_FACTOR:
        return lcm(a, b)
    common = euclid(work, work.copy(a), work.copy(b))
    return times(work, work.copy(a), exact(work, work.copy(b), common))


def widened(work: Work, number: Ratio, bottom: int) -> int:
    """Return the numerator of a fraction over a larger denominator."""
    top, own = number
    if own == bottom:
        return work.copy(top)
    factor = bottom // own
    if easy_product(top, factor):
        return work.value(top * factor)
    return times(work, work.copy(top), exact(work, work.copy(bottom), own))


def chain(work: Work, label: str, numbers: list[int]) -> int:
    """Write a sum of integers behind a label: all of them, then one addition after another.

    `x: 3-5+4`, then `x: 3-5=-(5-3)=-2, -2+4=4-2=2`.
    """
    numbers = [work.copy(n) for n in numbers if n] or [0]
    if len(numbers) != PAIR:
        work.line(f"{label}: {numbers[0]}" + "".join(plus("", n) for n in numbers[1:]))
    partial, sums = numbers[0], []
    for i, number in enumerate(numbers[1:], start=1):
        left, middle = plus(partial, number), turned(partial, number)
        if partial == -number or easy_sum(partial, number):
            partial = work.value(partial + number)
            sums.append(f"{left}{middle} = {partial}")
            continue
        if sums:
            work.line(f"{label}: {', '.join(sums)}")
            sums = []
        partial = add(work, partial, number)
        if i == len(numbers) - 1:
            work.line(f"{label}: {left} = {partial}")
    if sums:
        work.line(f"{label}: {', '.join(sums)}")
    return partial
