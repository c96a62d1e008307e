"""Long division: exact quotients and remainders."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from .arithmetic import multiply
from .base import Problem, Solver, Work, plus
from .columns import subtract

QUOTIENTS = (
    "What is {a} / {b}?", "Calculate {a} / {b}.", "{a}/{b}", "{a} / {b}", "Divide {a} by {b}.", "Work out {a} / {b}.",
    "What is {a} divided by {b}?", "{a} divided by {b}", "compute {a} / {b}", "{a} / {b} = ?",
)  # fmt: skip
REMAINDERS = (
    "Calculate the remainder when {a} is divided by {b}.", "What is the remainder when {a} is divided by {b}?",
    "What is {a} mod {b}?", "{a} mod {b}", "remainder of {a} divided by {b}", "Find the remainder of {a} / {b}.",
)  # fmt: skip

REMAINDER = re.compile(r"(?:Calculate|What is) the remainder when (\d+) is divided by (\d+)[.?]")
TABLE_UP_TO = 12
IN_THE_HEAD_BELOW = 100


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
    return Problem(rng.choice(REMAINDERS).format(a=a, b=b), "remainder", rest_of(a, b))


def rest_of(a: int, b: int) -> Solver:
    """Return the solver that writes a division and answers what is left."""

    def solve(work: Work) -> str:
        return str(divide(work, work.copy(a), work.copy(b))[1])

    return solve


def remainder(text: str) -> Solver:
    """Read a question for a remainder."""
    match = REMAINDER.fullmatch(text)
    if match is None:
        raise ValueError(f"no remainder asked: {text!r}")
    return rest_of(int(match[1]), int(match[2]))


def divide(work: Work, a: int, b: int) -> tuple[int, int]:
    """Write long division, the digits of the quotient one by one; return quotient and remainder.

    A number of two digits is divided at once. Otherwise a digit's line begins with what is still to be divided
    (`544: 54 = 6*9+0`), so that the next digit and the end of the division are seen in the line before.
    """
    digits = str(a)
    taken = len(digits) if a < IN_THE_HEAD_BELOW else 1
    while taken < len(digits) and int(digits[:taken]) < b:
        taken += 1
    part, result, places = int(digits[:taken]), 0, 0
    while True:
        left = digits[taken:]
        digit, rest = digit_of(work, part, b, f"{part}{left}: " if left else "")
        result, places = result * 10 + digit, places + 1
        if not left:
            break
        part = work.copy(rest * 10 + int(left[0]))
        taken += 1
    if places > 1 or not in_the_head(part, b):
        result = work.value(result)
        work.line(f"{a} = {plus(f'{b}*{result}', rest)}")
    return result, rest


def in_the_head(part: int, b: int) -> bool:
    """Say whether a digit of the quotient needs no lines besides its own."""
    return part <= b or b < IN_THE_HEAD_BELOW


def digit_of(work: Work, part: int, b: int, before: str) -> tuple[int, int]:
    """Write how often `b` goes into a part, and what is left: as much of the work as the numbers' sizes ask for."""
    digit = work.value(part // b)
    if part <= b or b <= TABLE_UP_TO or part < IN_THE_HEAD_BELOW:
        rest = work.value(part - b * digit)
        work.line(f"{before}{part} = {plus(f'{b}*{digit}', rest)}")
        return digit, rest
    if b < IN_THE_HEAD_BELOW:
        product = work.value(b * digit)
        rest = work.value(part - product)
        work.line(f"{before}{part}-{b}*{digit} = {part}-{product} = {rest}")
        return digit, rest
    work.line(f"{before}{part} >= {b}*{digit}")
    product = multiply(work, work.copy(b), work.copy(digit)) if digit > 1 else b
    return digit, subtract(work, work.copy(part), work.copy(product))


SOLVERS: dict[str, Callable[[str], Solver]] = {"numbers__div_remainder": remainder}
