"""Polynomials with rational roots: factored and solved, a root at a time by Horner's scheme, a quadratic at sight."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from math import gcd, isqrt, lcm

import numpy as np

from .base import Solver, Work, quotient
from .division import TABLE_UP_TO
from .equations import written_term
from .monomials import joined, read_terms, written, written_powers
from .rationals import easy_product, exact, shown, times
from .statements import step
from .written import letters, read

ASKED = re.compile(
    r"(Factor) (?P<a>.+)|Suppose (?P<b>.+)\. (?:What is|Calculate) [a-z]|Let (?P<c>.+)\. (?:What is|Calculate) [a-z]"
    r"|Find [a-z](?:, given| such) that (?P<d>.+)|Determine [a-z](?:, given that| so that) (?P<e>.+)"
    r"|What is [a-z] in (?P<f>.+)|Solve (?P<g>.+?)(?: for [a-z])?"
)
QUADRATIC = 2
SEEN = (10, 2, 3, 5, 7, 11, 13)
"""Factors that one sees in several numbers at once, in the order tried."""
HEAD_BELOW = 1000
MOST_PAIRS = 12
LARGEST_LISTED = 1200
"""Pairs of factors that are listed at most, and of what number at most."""


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
    """Write the polynomial without sign, lowest power and content; return content, power and the rest.

    The content goes out one small factor after another: whether all numbers are even is seen, their greatest common
    divisor is not. Of large numbers, whose division takes many lines, a small content goes out at once.
    """
    power = next(i for i, n in enumerate(numbers) if n)
    rest = numbers[power:]
    sign = -1 if rest[-1] < 0 else 1
    rest = [work.copy(sign * n) for n in rest]
    letters_out = f"{written_powers(((letter, power),))}*" if power else ""
    if power or sign < 0:
        work.line(f"{'-' if sign < 0 else ''}{letters_out}({polynomial(rest, letter)})")
    size = 1
    while (content := gcd(*rest)) > 1:
        whole = max(map(abs, rest)) >= HEAD_BELOW and content <= TABLE_UP_TO
        factor = work.value(content if whole else next((n for n in SEEN if content % n == 0), content))
        size = work.value(size * factor)
        rest = [work.value(n // factor) if easy_quotient(n, factor) else exact(work, n, factor) for n in rest]
        work.line(f"{sign * size}*{letters_out}({polynomial(rest, letter)})")
    return sign * size, power, rest


def easy_quotient(number: int, factor: int) -> bool:
    """Say whether an exact division is done in the head: of up to three digits by a small factor, or by ten."""
    return factor == SEEN[0] or (factor in SEEN and abs(number) < HEAD_BELOW) or easy_product(factor, number // factor)


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
        listed(work, rest, letter)
        one, two = ([work.copy(n) for n in factor] for factor in (one, two))
        work.line(f"({polynomial(one, letter)})*({polynomial(two, letter)})")
        roots[-QUADRATIC:] = [Fraction(-f[0], f[1]) for f in (one, two)]
    return roots


def listed(work: Work, numbers: list[int], letter: str) -> None:
    """Write how a quadratic splits: pairs of factors of `a*c`, each with its sum or difference, until that is `b`.

    `6: 1*6 -> 5, 2*3 -> 1`. Where the square's coefficient is not one, its middle term is then written as two. Large
    numbers get no list: there are too many pairs.
    """
    constant, middle, square = numbers
    product = square * constant
    size, wanted = abs(product), abs(middle)
    if size > LARGEST_LISTED:
        return
    pairs = [(d, size // d) for d in range(1, isqrt(size) + 1) if size % d == 0]
    combined = [b + a if product > 0 else b - a for a, b in pairs]
    if wanted not in combined or combined.index(wanted) >= MOST_PAIRS:
        return
    if square != 1:
        product = times(work, work.copy(square), work.copy(constant))
        size = work.copy(abs(product))
    shown_pairs = []
    for (a, b), value in zip(pairs, combined, strict=True):
        shown_pairs.append(f"{work.value(a)}*{work.value(b)} -> {work.value(value)}")
        if value == wanted:
            break
    work.line(f"{size}: {', '.join(shown_pairs)}")
    if square != 1:
        grouped(work, (square, work.copy(b if middle >= 0 else -b), constant), middle, letter)


def grouped(work: Work, numbers: tuple[int, int, int], middle: int, letter: str) -> None:
    """Write `a*x**2+b*x+c` with its middle term in two, then what each pair of terms has in common."""
    square, large, constant = numbers
    small = work.value(middle - large)
    work.line(joined([polynomial([0, large, square], letter), polynomial([constant, small], letter)], ""))
    outer = work.value(gcd(square, large))
    factor = f"({polynomial([large // outer, square // outer], letter)})"
    inner = work.value(quotient(small, square // outer))
    work.line(joined([f"{written_term(outer, letter)}*{factor}", f"{inner}*{factor}"], ""))


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
    parts = [written_powers(((letter, power),))] if power else []
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
