"""Linear equations: one unknown by gathering terms, two by Cramer's rule.

First the unknowns go left and the constants right (`5*x-3*x = -6-10`), so that signs are settled while copying. Then
gathering is written a letter a line (`x: 5-3 = 2`; the constants stand behind `1:`), then the equation that is left
(`2*x = -16`), then its solution.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .base import Work, plus
from .columns import easy_sum, subtract, turned
from .rationals import Ratio, bracketed, chain, easy_product, exact, ratio, shown, times
from .written import Letter, Minus, Number, Pair, Tree, addends, read


@dataclass(slots=True)
class Gathered:
    """The terms of an equation: coefficients by letter brought to the left, what belongs to no letter to the right."""

    coefficients: dict[str, list[int]] = field(default_factory=dict)
    constants: list[int] = field(default_factory=list)


Term = tuple[int, str]
"""A coefficient and its unknown, empty for a constant."""


def parts(equation: str) -> tuple[Tree, Tree]:
    """Read both sides of an equation."""
    left, right = equation.split("=")
    return read(left), read(right)


def term_of(tree: Tree, known: dict[str, int]) -> tuple[int, str]:
    """Return coefficient and unknown (empty for a constant) of a product of whole numbers and letters."""
    match tree:
        case Number(value):
            return value, ""
        case Letter(name):
            return (known[name], "") if name in known else (1, name)
        case Minus(part):
            coefficient, name = term_of(part, known)
            return -coefficient, name
        case Pair("*", left, right):
            (a, one), (b, two) = term_of(left, known), term_of(right, known)
            if one and two:
                raise ValueError("not linear")
            return a * b, one or two
    raise ValueError(f"not a term: {tree}")


def written_term(coefficient: int, name: str) -> str:
    """Write `3*x`, `-x` or a number."""
    if not name:
        return str(coefficient)
    return {1: name, -1: f"-{name}"}.get(coefficient, f"{coefficient}*{name}")


def written_sum(terms: list[Term]) -> str:
    """Join terms into a sum without spaces, zero when there are none."""
    text = ""
    for coefficient, name in terms:
        term = written_term(coefficient, name)
        text += term if not text or term.startswith("-") else f"+{term}"
    return text or "0"


def side(work: Work, tree: Tree, known: dict[str, int]) -> list[Term]:
    """Return the terms of one side as numbers read off the problem."""
    found = []
    for negative, addend in addends(tree):
        coefficient, name = term_of(addend, known)
        found.append((work.copy(-coefficient if negative else coefficient), name))
    return found


def moved_over(work: Work, left: list[Term], right: list[Term]) -> tuple[list[Term], list[Term]]:
    """Bring unknowns to the left and numbers to the right, with the other sign; zeros are left out."""
    left, right = ([term for term in terms if term[0]] for terms in (left, right))
    unknown = [term for term in left if term[1]] + [(-work.copy(n), name) for n, name in right if name]
    constant = [term for term in right if not term[1]] + [(-work.copy(n), name) for n, name in left if not name]
    return unknown, constant


def gathered(work: Work, equation: str, known: dict[str, int]) -> Gathered:
    """Write an equation with its unknowns on the left, known letters' values put in, and gather its terms."""
    left, right = (side(work, tree, known) for tree in parts(equation))
    if not any(name for _, name in left):
        left, right = right, left
    line = f"{written_sum(left)} = {written_sum(right)}"
    if line != equation.replace(" ", "").replace("=", " = "):
        work.line(line)
    unknown, constant = moved_over(work, left, right)
    moved = f"{written_sum(unknown)} = {written_sum(constant)}"
    if moved != line:
        work.line(moved)
    result = Gathered(constants=[n for n, _ in constant])
    for coefficient, name in unknown:
        result.coefficients.setdefault(name, []).append(coefficient)
    return result


def reduced(work: Work, equation: str, known: dict[str, int], unknowns: list[str]) -> list[int]:
    """Write the equation with one term a letter and return its coefficients and, last, the right side."""
    terms = gathered(work, equation, known)
    several = len(unknowns) > 1  # written one below the other, they come into one order for both equations
    numbers = [gathered_up(work, name, terms.coefficients.get(name, []), always=several) for name in unknowns]
    numbers.append(gathered_up(work, "1", terms.constants, always=several))
    left = written_sum([(n, name) for n, name in zip(numbers, unknowns, strict=False) if n])
    if not set(terms.coefficients) <= set(unknowns):
        raise ValueError("more unknowns than asked for")
    line = f"{left} = {numbers[-1]}"
    if not work.steps or work.steps[-1] != line:
        work.line(line)
    return numbers


def gathered_up(work: Work, label: str, numbers: list[int], *, always: bool) -> int:
    """Write the sum of an unknown's coefficients, or of the constants, where there are several, or always."""
    return chain(work, label, numbers) if always or len(numbers) > 1 else sum(numbers)


def one_unknown(work: Work, equation: str, known: dict[str, int], name: str) -> Ratio:
    """Write the solution of an equation in one unknown."""
    coefficient, constant = reduced(work, equation, known, [name])
    return solved(work, name, constant, coefficient)


def solved(work: Work, name: str, top: int, bottom: int) -> Ratio:
    """Write `x = top/bottom` with its value; zero by zero is an error."""
    if bottom == 0:
        raise ZeroDivisionError
    line = f"{name} = {top}/{bracketed(bottom)}"
    if top % bottom == 0 and easy_product(bottom, top // bottom):
        return work.shows(line, top // bottom), 1
    if top % bottom == 0:
        size = exact(work, abs(top), abs(bottom))
        return work.shows(line, size if (top < 0) == (bottom < 0) else -size), 1
    value = ratio(work, (top, 1), (bottom, 1))
    work.line(f"{name} = {shown(value)}")
    return value


def two_unknowns(
    work: Work, equations: tuple[str, str], known: dict[str, int], names: list[str], asked: list[str]
) -> dict[str, Ratio]:
    """Write the solution of two equations in two unknowns, of those asked for."""
    a, b, e = reduced(work, equations[0], known, names)
    c, d, f = reduced(work, equations[1], known, names)
    determinant = crossed(work, "D", (a, d), (b, c))
    values: dict[str, Ratio] = {}
    for name in asked:
        top = crossed(work, "E", (e, d), (b, f)) if name == names[0] else crossed(work, "E", (a, f), (e, c))
        values[name] = solved(work, name, top, determinant)
    return values


def crossed(work: Work, label: str, first: tuple[int, int], second: tuple[int, int]) -> int:
    """Write a difference of two products behind a label."""
    products: list[int] = []
    for a, b in (first, second):
        x, y = work.copy(a), work.copy(b)
        products.append(work.value(x * y) if easy_product(x, y) else times(work, x, y))
    left, right = products
    line = f"{label}: {first[0]}*{bracketed(first[1])}-{bracketed(second[0])}*{bracketed(second[1])} = "
    line += f"{left}{plus('', -right)}"
    if easy_sum(left, right):
        return work.shows(f"{line}{turned(left, -right)}", left - right)
    work.line(line)
    result = subtract(work, left, right)
    work.line(f"{label} = {result}")
    return result
