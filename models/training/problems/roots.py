"""Polynomials with rational roots: factored and solved, a root at a time by Horner's scheme, a quadratic at sight."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from .base import Solver, Work
from .monomials import read_terms, written
from .rationals import easy_product, exact, shown, times
from .statements import step
from .written import letters, read

ASKED = re.compile(
    r"(Factor) (?P<a>.+)|Suppose (?P<b>.+)\. (?:What is|Calculate) [a-z]|Let (?P<c>.+)\. (?:What is|Calculate) [a-z]"
    r"|Find [a-z](?:, given| such) that (?P<d>.+)|Determine [a-z](?:, given that| so that) (?P<e>.+)"
    r"|What is [a-z] in (?P<f>.+)|Solve (?P<g>.+?)(?: for [a-z])?"
)
QUADRATIC = 2


def coefficients(text: str) -> tuple[str, list[Fraction]]:
    """Read a polynomial in one letter: the letter, and coefficients from the constant up."""
    tree = read(text)
    (letter,) = letters(tree)
    terms = {sum(p for _, p in powers): Fraction(*c) for c, powers in read_terms(tree)}
    return letter, [terms.get(i, Fraction(0)) for i in range(max(terms) + 1)]


def rational_roots(numbers: list[int]) -> list[Fraction]:
    """Return all rational roots with multiplicity, near zero first, of whole coefficients from the constant up."""
    found: list[Fraction] = []
    rest = [Fraction(n) for n in numbers]
    while len(rest) > 1:
        approximate = np.roots([float(c) for c in reversed(rest)])
        leading = abs(int(rest[-1] * lcm(*(c.denominator for c in rest))))
        root = next((r for r in candidates(approximate, leading) if not value_at(rest, r)), None)
        if root is None:
            break
        found.append(root)
        rest = divided(rest, root)
    return sorted(found, key=lambda r: (abs(r), -r))


def candidates(approximate: np.ndarray[tuple[int], np.dtype[np.complex128]], leading: int) -> list[Fraction]:
    """Return fractions near the real parts of approximate roots, whose denominators divide the leading coefficient."""
    bottoms = [d for d in range(1, min(leading, 3000) + 1) if leading % d == 0]
    return [
        Fraction(round(float(root.real) * bottom) + nudge, bottom)
        for bottom in bottoms
        for root in approximate
        for nudge in (0, 1, -1)
    ]


def value_at(numbers: list[Fraction], x: Fraction) -> Fraction:
    """Evaluate a polynomial."""
    value = Fraction(0)
    for number in reversed(numbers):
        value = value * x + number
    return value


def divided(numbers: list[Fraction], root: Fraction) -> list[Fraction]:
    """Divide by `x - root`, exactly."""
    out: list[Fraction] = []
    carry = Fraction(0)
    for number in reversed(numbers):
        carry = carry * root + number
        out.append(carry)
    return out[-2::-1]


def polynomial(numbers: list[int], letter: str, space: str = "") -> str:
    """Write whole coefficients, given from the constant up, highest power first."""
    terms = {((letter, i),) if i else (): (n, 1) for i, n in reversed(list(enumerate(numbers))) if n}
    return written(terms, space)


def linear_factor(root: Fraction) -> list[int]:
    """Return the coefficients of `q*x - p`, from the constant up."""
    return [-root.numerator, root.denominator]


def over_one(work: Work, numbers: list[int], letter: str) -> tuple[int, int, list[int]]:
    """Write the polynomial without its content and its lowest power; return content, power and the rest."""
    power = next(i for i, n in enumerate(numbers) if n)
    numbers = numbers[power:]
    common = gcd(*numbers) * (-1 if numbers[-1] < 0 else 1)
    rest = numbers
    if common != 1:
        common = work.value(common)
        size = abs(common)
        rest = [
            work.value(n // common) if easy_product(size, n // size) else exact(work, n if common > 0 else -n, size)
            for n in numbers
        ]
    if common != 1 or power:
        front = "" if common == 1 else "-" if common == -1 else f"{common}*"
        front += "" if not power else f"{letter}*" if power == 1 else f"{letter}**{power}*"
        work.line(f"{front}({polynomial(rest, letter)})")
    return common, power, rest


def split(work: Work, numbers: list[int], letter: str) -> list[Fraction]:
    """Write the division by one linear factor after another; return the roots."""
    roots = rational_roots(numbers)
    if len(roots) != len(numbers) - 1:
        raise ValueError("not all roots are rational")
    rest = numbers
    for i, root in enumerate(roots[:-QUADRATIC] if len(roots) > QUADRATIC else []):
        top, bottom = work.copy(root.numerator), root.denominator
        work.line(f"root {shown((top, bottom))}")
        factor = linear_factor(Fraction(top, bottom))
        rest = synthetic(work, rest, Fraction(top, bottom))
        work.line(f"({polynomial(factor, letter)})*({polynomial(rest, letter)})")
        roots[i] = Fraction(top, bottom)
    if len(roots) >= QUADRATIC:
        one, two = (linear_factor(root) for root in roots[-QUADRATIC:])
        one, two = ([work.copy(n) for n in factor] for factor in (one, two))
        work.line(f"({polynomial(one, letter)})*({polynomial(two, letter)})")
        roots[-QUADRATIC:] = [Fraction(-f[0], f[1]) for f in (one, two)]
    return roots


def synthetic(work: Work, numbers: list[int], root: Fraction) -> list[int]:
    """Write Horner's scheme at a root `p/q` and return the quotient by `q*x - p`, from the constant up."""
    p, q = root.numerator, root.denominator
    value = numbers[-1] if q == 1 else work.value(numbers[-1] // q)
    out = [value]
    for number in reversed(numbers[:-1]):
        value = step(work, value, p, work.copy(number))
        if q != 1 and len(out) < len(numbers) - 1:
            value = work.shows(f"{value}/{q}", value // q)
        out.append(value)
    return out[-2::-1]


def factored(front: Fraction, letter: str, power: int, roots: list[Fraction]) -> str:
    """Write a product of powers of linear factors, a rational factor around it."""
    parts = [] if not power else [letter if power == 1 else f"{letter}**{power}"]
    for root in sorted(set(roots), reverse=True):
        times_there = roots.count(root)
        factor = f"({polynomial(linear_factor(root), letter, ' ')})"
        parts.append(factor if times_there == 1 else f"{factor}**{times_there}")
    head = {1: "", -1: "-"}.get(front.numerator, f"{front.numerator}*")
    return head + "*".join(parts) + (f"/{front.denominator}" if front.denominator != 1 else "")


def root_solver(text: str) -> Solver:
    """Return the solver of `Factor …` or of a polynomial equation with zero on its right."""
    match = ASKED.fullmatch(text.strip().rstrip(".?"))
    if match is None:
        raise ValueError(f"not understood: {text!r}")
    body = next(part for name, part in match.groupdict().items() if part is not None)
    left, _, right = body.partition(" = ")
    if right not in ("", "0"):
        raise ValueError("not zero on the right")
    letter, given = coefficients(left)

    def solve(work: Work) -> str:
        bottom = lcm(*(c.denominator for c in given))
        numbers = [work.copy(c.numerator) for c in given]
        if bottom != 1:
            bottom = work.value(bottom)
            numbers = [
                n * (bottom // c.denominator)
                if easy_product(n, bottom // c.denominator)
                else times(work, n, bottom // c.denominator)
                for n, c in zip(numbers, given, strict=True)
            ]
            work.line(f"1/{bottom}*({polynomial(numbers, letter)})")
        common, power, rest = over_one(work, numbers, letter)
        roots = split(work, rest, letter)
        if match["a"] is not None:
            return factored(Fraction(common, bottom), letter, power, roots)
        if power:
            roots.append(Fraction(0))
        return ", ".join(str(root) for root in sorted(set(roots)))

    return solve


SOLVERS: dict[str, Callable[[str], Solver]] = {"algebra__polynomial_roots": root_solver}
