"""Greatest common divisors and what needs them: least common multiples, quotients in lowest terms."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from .arithmetic import multiply
from .base import Problem, Solver, Work
from .division import divide

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
COMMON_DIVISOR = re.compile(
    r"(?:Calculate|What is) the (?:greatest|highest) common (?:divisor|factor) of (\d+) and (\d+)[.?]"
)
COMMON_MULTIPLE = re.compile(
    r"(?:Calculate|What is) the (?:least|lowest|smallest) common multiple of (\d+) and (\d+)[.?]"
)
COMMON_DENOMINATOR = re.compile(
    r"(?:Calculate|What is|Find) the common denominator of -?\d+(?:/(\d+))? and -?\d+(?:/(\d+))?[.?]"
)
QUOTIENT = re.compile(r"(?:(?:What is |Calculate )?(-?\d+) divided by (-?\d+)|Divide (-?\d+) by (-?\d+))[.?]?")


def euclid(work: Work, a: int, b: int) -> int:
    """Write Euclid's divisions, larger number first (`84 = 36*2+12`), until the remainder is 0 or 1."""
    a, b = max(a, b), min(a, b)
    while b > 1:
        _, rest = divide(work, a, b)
        a, b = b, rest
    return 1 if b == 1 else a


def lowest(work: Work, top: int, bottom: int) -> tuple[int, int]:
    """Write a fraction of positive numbers in lowest terms: Euclid, then both divided by the common divisor."""
    common = work.copy(euclid(work, top, bottom))
    if common == 1:
        return top, bottom
    return divide(work, top, common)[0], divide(work, bottom, common)[0]


def common_multiple(work: Work, a: int, b: int) -> int:
    """Write the least common multiple: the smaller number divided by the common divisor, times the larger."""
    large, small = max(a, b), min(a, b)
    common = work.copy(euclid(work, large, small))
    if common == small:
        work.line(f"lcm = {large}")
        return large
    if common == 1:
        work.line(f"lcm = {large}*{small}")
        return multiply(work, work.copy(large), work.copy(small))
    work.line(f"lcm = {small}/{common}*{large}")
    share, _ = divide(work, work.copy(small), common)
    return multiply(work, work.copy(large), share)


def gcd_of(a: int, b: int) -> Solver:
    """Return the solver of a greatest common divisor."""

    def solve(work: Work) -> str:
        return str(euclid(work, work.copy(a), work.copy(b)))

    return solve


def lcm_of(a: int, b: int) -> Solver:
    """Return the solver of a least common multiple."""

    def solve(work: Work) -> str:
        return str(common_multiple(work, work.copy(a), work.copy(b)))

    return solve


def quotient_of(a: int, b: int) -> Solver:
    """Return the solver of a division: an integer where it is exact, else a fraction in lowest terms."""

    def solve(work: Work) -> str:
        x, y = work.copy(abs(a)), work.copy(abs(b))
        negative = (a < 0) != (b < 0) and x != 0
        if a < 0 or b < 0:
            work.line(f"{a}/{b} = -({x}/{y})" if negative else f"{a}/{b} = {x}/{y}")
        answer = positive_quotient(work, x, y)
        return f"-{answer}" if negative else answer

    return solve


def positive_quotient(work: Work, a: int, b: int) -> str:
    """Write a quotient of natural numbers; its first division is also Euclid's first step."""
    if a == 0 or b == 1:
        return str(work.shows(f"{a}/{b}", a))
    if a < b:
        top, bottom = lowest(work, a, b)
        return f"{top}/{bottom}"
    whole, rest = divide(work, a, b)
    if rest == 0:
        return str(whole)
    common = work.copy(euclid(work, b, rest))
    if common == 1:
        return f"{a}/{b}"
    return f"{divide(work, a, common)[0]}/{divide(work, b, common)[0]}"


def gcds(rng: random.Random) -> Problem:
    """Draw two numbers with a common factor."""
    common = rng.choice((rng.randint(1, 9), rng.randint(2, 30)))
    a, b = common * rng.randint(1, 30), common * rng.randint(2, 30)
    if a == b:
        a *= 2
    return Problem(rng.choice(GCDS).format(a=a, b=b), "gcd", gcd_of(a, b))


def lcms(rng: random.Random) -> Problem:
    """Draw two numbers whose least common multiple stays small."""
    common = rng.choice((1, rng.randint(1, 6), rng.randint(2, 12)))
    a, b = common * rng.randint(1, 12), common * rng.randint(2, 12)
    if a == b:
        a *= 2
    return Problem(rng.choice(LCMS).format(a=a, b=b), "lcm", lcm_of(a, b))


def common_divisor(text: str) -> Solver:
    """Read a question for a greatest common divisor."""
    match = COMMON_DIVISOR.fullmatch(text)
    if match is None:
        raise ValueError(f"no common divisor asked: {text!r}")
    return gcd_of(int(match[1]), int(match[2]))


def multiple(text: str) -> Solver:
    """Read a question for a least common multiple or a common denominator, where only denominators count."""
    match = COMMON_MULTIPLE.fullmatch(text) or COMMON_DENOMINATOR.fullmatch(text)
    if match is None:
        raise ValueError(f"no common multiple asked: {text!r}")
    return lcm_of(int(match[1] or 1), int(match[2] or 1))


def division(text: str) -> Solver:
    """Read a question for a quotient."""
    match = QUOTIENT.fullmatch(text)
    if match is None:
        raise ValueError(f"no quotient asked: {text!r}")
    a, b = (int(number) for number in match.groups() if number)
    return quotient_of(a, b)


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "numbers__gcd": common_divisor,
    "numbers__lcm": multiple,
    "arithmetic__div": division,
}
