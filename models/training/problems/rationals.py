"""Exact arithmetic on the pad: integers and fractions in lowest terms, the same written way wherever they occur."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

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
    bottom, p, q = over_one_denominator(work, a, b)
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


def over_one_denominator(work: Work, a: Ratio, b: Ratio) -> tuple[int, int, int]:
    """Write two fractions over their least common denominator; return it and both numerators.

    `8*3=24, 3*8=24`, then `5*3=15, 2*8=16`: what each part is multiplied by stands in sight before it is.
    """
    if a[1] == b[1]:
        return work.copy(a[1]), work.copy(a[0]), work.copy(b[0])
    factors = lacking(work, a[1], b[1])
    bottom = work.copy(max(a[1], b[1]))
    if 1 not in (a[1], b[1]):
        sides = list(zip((a[1], b[1]), factors, strict=True))
        if not all(easy_product(*side) for side in sides):
            sides = sides[:1]  # both are the same: a long one is worked once
        bottom = scaled(work, sides)[0]
    p, q = scaled(work, [(a[0], factors[0]), (b[0], factors[1])])
    return bottom, p, q


def lacking(work: Work, a: int, b: int) -> tuple[int, int]:
    """Return what two denominators lack of their least common multiple, in the head when both are small."""
    small, large = sorted((a, b))
    if large % small == 0 or large <= EASY_FACTOR:
        common = gcd(a, b)
        return work.value(b // common), work.value(a // common)
    common = euclid(work, work.copy(large), work.copy(small))
    return exact(work, work.copy(b), common), exact(work, work.copy(a), common)


def scaled(work: Work, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Write products of numbers, without their signs, and factors: those known by heart in one line."""
    found: list[int] = []
    easy: list[str] = []
    for number, factor in pairs:
        size = abs(number)
        if factor == 1:
            result = work.copy(size)
        elif easy_product(size, factor):
            result = work.value(size * factor)
            easy.append(f"{size}*{factor} = {result}")
        else:
            result = times(work, work.copy(size), work.copy(factor))
        found.append(-result if number < 0 else result)
    if easy:
        work.line(", ".join(easy))
    return found


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
