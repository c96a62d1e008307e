"""Polynomials in one unknown: evaluating and differentiating them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .base import Problem, Work, plus
from .linear import LETTERS, joined, nonzero

EVALUATE = (
    "Let {f}({v}) = {p}. What is {f}({x})?", "Let {f}({v}) = {p}. Give {f}({x}).",
    "Let {f}({v}) = {p}. Calculate {f}({x}).",
    "Let {f}({v}) = {p}. Determine {f}({x}).", "If {f}({v}) = {p}, what is {f}({x})?", "Evaluate {p} at {v} = {x}.",
    "{f}({v}) = {p}, find {f}({x})", "What is {p} when {v} = {x}?",
)  # fmt: skip
DERIVE = (
    "Differentiate {p} with respect to {v}.", "What is the derivative of {p} wrt {v}?", "derivative of {p}",
    "Find the first derivative of {p} wrt {v}.", "What is the first derivative of {p}?", "d/d{v} ({p})",
    "Find the derivative of {p}.", "differentiate {p}",
)  # fmt: skip
DERIVE_TWICE = (
    "Find the second derivative of {p} wrt {v}.", "What is the second derivative of {p}?", "second derivative of {p}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notation:
    """How a person writes a term: `3*x**2`, `3x^2` or `3*x^2`."""

    letter: str
    star: str
    power: str

    def term(self, coefficient: int, degree: int) -> str:
        """Write one term."""
        if degree == 0:
            return str(coefficient)
        unknown = self.letter if degree == 1 else f"{self.letter}{self.power}{degree}"
        if coefficient in (1, -1):
            return unknown if coefficient == 1 else f"-{unknown}"
        return f"{coefficient}{self.star}{unknown}"

    def polynomial(self, terms: list[tuple[int, int]]) -> str:
        """Write terms in the order given; zero when there are none."""
        return joined([self.term(c, d) for c, d in terms]) if terms else "0"


def notation(rng: random.Random, letter: str) -> Notation:
    """Draw a way of writing."""
    star, power = rng.choice((("*", "**"), ("*", "**"), ("", "^"), ("*", "^")))
    return Notation(letter, star, power)


def draw_terms(rng: random.Random, degrees: list[int], limit: int) -> list[tuple[int, int]]:
    """Draw coefficients for degrees, highest first, sometimes shuffled."""
    terms = [(nonzero(rng, limit), degree) for degree in sorted(degrees, reverse=True)]
    if rng.random() < 0.3:
        rng.shuffle(terms)
    return terms


def evaluations(rng: random.Random) -> Problem:
    """Draw a polynomial of degree at most three and a small argument."""
    x = nonzero(rng, 9)
    top = rng.choice((1, 2, 2, 2, 3))
    degrees = [d for d in range(top) if rng.random() < 0.75] + [top]
    if len(degrees) == 1:
        degrees.append(0)
    terms = draw_terms(rng, degrees, 12 if top < 3 else 6)
    name, letter = rng.sample("fghjkpquvwxyz", 2)
    style = notation(rng, letter)

    def solve(work: Work) -> str:
        total: int | None = None
        for coefficient, degree in terms:
            product = evaluated(work, work.copy(coefficient), degree, work.copy(x))
            total = product if total is None else work.shows(plus(total, product), total + product)
        return str(total)

    text = rng.choice(EVALUATE).format(f=name, v=letter, p=style.polynomial(terms), x=x)
    return Problem(text, "polynomial", solve)


def evaluated(work: Work, coefficient: int, degree: int, x: int) -> int:
    """Write the value of one term: the power, then the product."""
    if degree == 0:
        return coefficient
    power = work.copy(x)
    if degree > 1:
        shown = f"({x})" if x < 0 else str(x)
        power = work.shows(f"{shown}^{degree}", power**degree)
    if coefficient == 1:
        return power
    return work.shows(f"{coefficient}*{power}", coefficient * power)


def derivatives(rng: random.Random) -> Problem:
    """Draw a polynomial to differentiate once, sometimes twice."""
    twice = rng.random() < 0.15
    count = rng.randint(1, 3)
    degrees = rng.sample(range(6), count)
    if max(degrees) == 0:
        degrees = [rng.randint(1, 5)]
    terms = draw_terms(rng, degrees, rng.choice((9, 20, 99)))
    letter = rng.choice(LETTERS)
    style = notation(rng, letter)

    def solve(work: Work) -> str:
        result = derived(work, style, terms)
        if twice:
            result = derived(work, style, result)
        return style.polynomial(result)

    wording = rng.choice(DERIVE_TWICE if twice else DERIVE)
    return Problem(wording.format(p=style.polynomial(terms), v=letter), "derivative", solve)


def derived(work: Work, style: Notation, terms: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Write one line a term, then drop what vanished."""
    result: list[tuple[int, int]] = []
    for coefficient, degree in terms:
        c, d = work.copy(coefficient), work.copy(degree)
        new = (work.value(c * d), d - 1) if d > 0 else (0, 0)
        work.line(f"d/d{style.letter} {style.term(c, d)} = {style.term(*new)}")
        if new[0]:
            result.append(new)
    return result
