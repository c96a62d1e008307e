"""Linear equations in one unknown, and pairs of them in two."""

from __future__ import annotations

import random

from .base import Problem, Work, minus, quotient

LETTERS = "abcdfghijkmnopqrstuvwxyz"
EQUATIONS = ("Solve {e} for {v}.", "Solve {e} for {v}.", "{e}", "Solve {e}.", "solve {e}", "Find {v} if {e}.",
             "What is {v} in {e}?", "If {e}, what is {v}?")  # fmt: skip
SYSTEMS = ("Solve {e}, {f} for {v}.", "Solve {e}, {f} for {v}.", "{e} and {f}. What is {v}?", "{e}, {f}. Find {v}.",
           "If {e} and {f}, what is {v}?")  # fmt: skip


def term(coefficient: int, letter: str, star: str) -> str:
    """Write `3*x`, `x` or `-x`."""
    if coefficient in (1, -1):
        return letter if coefficient == 1 else f"-{letter}"
    return f"{coefficient}{star}{letter}"


def joined(terms: list[str]) -> str:
    """Join signed terms into a sum, spaced."""
    text = terms[0]
    for t in terms[1:]:
        text += f" - {t[1:]}" if t.startswith("-") else f" + {t}"
    return text


def nonzero(rng: random.Random, limit: int) -> int:
    """Draw an integer other than zero."""
    return rng.choice((-1, 1, 1)) * rng.randint(1, limit)


def one_sided(rng: random.Random) -> Problem:
    """Draw `a*x + b = c` with an integer solution."""
    x, a, b = nonzero(rng, 20), nonzero(rng, 15), nonzero(rng, 90)
    if a in (1, -1):
        a *= 3
    c = a * x + b
    letter, star = rng.choice(LETTERS), rng.choice(("*", "*", ""))
    left = [term(a, letter, star), str(b)]
    if rng.random() < 0.25:
        left.reverse()
    sides = [joined(left), str(c)]
    if rng.random() < 0.25:
        sides.reverse()

    def solve(work: Work) -> str:
        p, q, r = work.copy(a), work.copy(b), work.copy(c)
        right = work.value(r - q)
        work.line(f"{term(p, letter, star)} = {minus(r, q)} = {right}")
        return str(work.shows(f"{letter} = {right}/{work.copy(p)}", quotient(right, p)))

    return Problem(rng.choice(EQUATIONS).format(e=" = ".join(sides), v=letter), "linear", solve)


def two_sided(rng: random.Random) -> Problem:
    """Draw `a*x + b = c*x + d` with an integer solution."""
    x, a, c, b = nonzero(rng, 15), nonzero(rng, 20), nonzero(rng, 20), rng.randint(-60, 60)
    while a == c:
        c = nonzero(rng, 20)
    d = (a - c) * x + b
    letter, star = rng.choice(LETTERS), rng.choice(("*", "*", ""))
    left = [term(a, letter, star)] + ([str(b)] if b else [])
    right = [term(c, letter, star)] + ([str(d)] if d else [])
    for side in (left, right):
        if rng.random() < 0.3:
            side.reverse()

    def solve(work: Work) -> str:
        p, q = work.copy(a), work.copy(c)
        coefficient = work.value(p - q)
        work.line(f"{minus(p, q)} = {coefficient}")
        r, s = work.copy(d), work.copy(b)
        constant = work.value(r - s)
        work.line(f"{minus(r, s)} = {constant}")
        work.line(f"{term(coefficient, letter, star)} = {constant}")
        return str(work.shows(f"{letter} = {constant}/{coefficient}", quotient(constant, coefficient)))

    return Problem(rng.choice(EQUATIONS).format(e=f"{joined(left)} = {joined(right)}", v=letter), "linear", solve)


def systems(rng: random.Random) -> Problem:
    """Draw two equations in two unknowns; one of them is asked for."""
    x, y = rng.randint(-9, 9), rng.randint(-9, 9)
    a, b, c, d = (nonzero(rng, 7) for _ in range(4))
    while a * d == b * c:
        d = nonzero(rng, 7)
    e, f = a * x + b * y, c * x + d * y
    first, second = rng.sample(LETTERS, 2)
    star = rng.choice(("*", "*", ""))
    one = f"{joined([term(a, first, star), term(b, second, star)])} = {e}"
    two = f"{joined([term(c, first, star), term(d, second, star)])} = {f}"
    asked_first = rng.random() < 0.5
    asked = first if asked_first else second

    def solve(work: Work) -> str:
        determinant = crossed(work, a, d, c, b)
        top = crossed(work, e, d, f, b) if asked_first else crossed(work, a, f, c, e)
        return str(work.shows(f"{asked} = {top}/{determinant}", quotient(top, determinant)))

    return Problem(rng.choice(SYSTEMS).format(e=one, f=two, v=asked), "system", solve)


def crossed(work: Work, a: int, b: int, c: int, d: int) -> int:
    """Write `a*b - c*d` in two lines: the products, then their difference."""
    a, b, c, d = work.copy(a), work.copy(b), work.copy(c), work.copy(d)
    left, right = work.value(a * b), work.value(c * d)
    work.line(f"{a}*{b}-{c}*{d} = {minus(left, right)}")
    return work.shows(minus(left, right), left - right)
