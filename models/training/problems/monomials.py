"""Polynomials in several letters as terms: reading, collecting, multiplying, differentiating, writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import perm

from .base import Solver, Work
from .rationals import Ratio, chain, easy_product, product, shown, times, total
from .written import Letter, Minus, Number, Pair, Tree, addends, letters, read

Powers = tuple[tuple[str, int], ...]
"""Letters in alphabetical order with their exponents; empty for a constant."""

Terms = dict[Powers, Ratio]
"""A polynomial with one coefficient a power, in the order of the text."""

Monomial = tuple[Ratio, Powers]


def monomial(tree: Tree) -> Monomial:
    """Read a product of numbers and powers of letters."""
    match tree:
        case Number(value):
            return (value, 1), ()
        case Letter(name):
            return (1, 1), ((name, 1),)
        case Minus(part):
            (top, bottom), powers = monomial(part)
            return (-top, bottom), powers
        case Pair("**", Letter(name), Number(power)):
            return (1, 1), ((name, power),) if power else ()
        case Pair("*", left, right):
            ((a, b), one), ((c, d), two) = monomial(left), monomial(right)
            return (a * c, b * d), merged(one, two)
        case Pair("/", left, Number(value)):
            (a, b), powers = monomial(left)
            return (a, b * value), powers
    raise ValueError(f"not a monomial: {tree}")


def merged(one: Powers, two: Powers) -> Powers:
    """Multiply powers: exponents add."""
    found = dict(one)
    for name, power in two:
        found[name] = found.get(name, 0) + power
    return tuple(sorted(found.items()))


def read_terms(tree: Tree) -> list[Monomial]:
    """Read a sum of monomials in the order written."""
    found = []
    for negative, addend in addends(tree):
        (top, bottom), powers = monomial(addend)
        found.append(((-top if negative else top, bottom), powers))
    return found


def written_powers(powers: Powers) -> str:
    """Write `x**2*y`, empty for a constant."""
    return "*".join(name if power == 1 else f"{name}**{power}" for name, power in powers)


def written_monomial(coefficient: Ratio, powers: Powers) -> str:
    """Write a term as the benchmark does: `-3*x**2/4`."""
    top, bottom = coefficient
    body = written_powers(powers)
    if not body:
        return shown(coefficient)
    head = {1: "", -1: "-"}.get(top, f"{top}*")
    return f"{head}{body}" + (f"/{bottom}" if bottom != 1 else "")


def joined(terms: Sequence[str], space: str = " ") -> str:
    """Join terms that carry their signs: `4*x`, `-3` become `4*x - 3`."""
    text = terms[0]
    for term in terms[1:]:
        head, body = ("-", term[1:]) if term.startswith("-") else ("+", term)
        text += f"{space}{head}{space}{body}"
    return text


def written(terms: Terms, space: str = " ") -> str:
    """Write a polynomial in the order of its terms."""
    found = [written_monomial(coefficient, powers) for powers, coefficient in terms.items() if coefficient[0]]
    return joined(found, space) if found else "0"


def ordered(terms: Terms) -> Terms:
    """Sort by total degree, highest first."""
    return dict(sorted(terms.items(), key=lambda item: (-sum(p for _, p in item[0]), item[0])))


def labelled(work: Work, monomials: list[Monomial]) -> list[Monomial]:
    """Write a sum as a list, `x**2: 4, 1: 3, x**2: -2`, and return what was written.

    What is looked for stands before what is wanted there: a network that reads from left to right, and has come to a
    coefficient, does not know its power yet.
    """
    copied = [((work.copy(top), bottom), powers) for (top, bottom), powers in monomials]
    work.line(", ".join(f"{written_powers(powers) or '1'}: {shown(coefficient)}" for coefficient, powers in copied))
    return copied


def simplified(work: Work, monomials: list[Monomial]) -> Terms:
    """Write like terms as a list, then together, a line a power: `x**2: 3-5 = -2`; single terms need no line."""
    monomials = [(coefficient, powers) for coefficient, powers in monomials if coefficient[0]]
    if len({powers for _, powers in monomials}) < len(monomials):
        monomials = labelled(work, monomials)
    grouped: dict[Powers, list[Ratio]] = {}
    for coefficient, powers in monomials:
        grouped.setdefault(powers, []).append(coefficient)
    result: Terms = {}
    for powers, coefficients in grouped.items():
        if len(coefficients) == 1:
            value = coefficients[0]
        elif all(bottom == 1 for _, bottom in coefficients):
            value = chain(work, written_powers(powers) or "1", [top for top, _ in coefficients]), 1
        else:
            value = coefficients[0]
            for coefficient in coefficients[1:]:
                value = total(work, value, coefficient)
        if value[0]:
            result[powers] = value
    return result


def derivative(work: Work, terms: Terms, letter: str, order: int) -> Terms:
    """Write the derivative of some order of every term: that of its letter's power first, then the whole term.

    `d/dx 5*x**4*y: x**4 -> 4*x**3: 20*x**3*y`; the product has lines of its own where it is not easy.
    """
    result: Terms = {}
    sign = f"d/d{letter}" if order == 1 else f"d{order}/d{letter}{order}"
    for powers, coefficient in terms.items():
        exponent = dict(powers).get(letter, 0)
        line = f"{sign} {written_monomial((work.copy(coefficient[0]), coefficient[1]), powers)}: "
        if exponent < order:
            work.line(f"{line}0")
            continue
        factor, lower = work.value(perm(exponent, order)), exponent - order
        left = tuple((n, lower if n == letter else p) for n, p in powers if n != letter or lower)
        line += f"{written_powers(((letter, exponent),))} -> {power_of((factor, 1), letter, lower)}"
        if coefficient[1] == 1 and easy_product(coefficient[0], factor):
            result[left] = work.value(coefficient[0] * factor), 1
            work.line(f"{line}: {written_monomial(result[left], left)}")
            continue
        work.line(line)
        result[left] = scaled(work, coefficient, factor)
        work.line(written_monomial(result[left], left))
    return result


def power_of(coefficient: Ratio, letter: str, exponent: int) -> str:
    """Write a multiple of a power of one letter."""
    return written_monomial(coefficient, ((letter, exponent),) if exponent else ())


def scaled(work: Work, coefficient: Ratio, factor: int) -> Ratio:
    """Multiply a coefficient by an exponent, in the head when it is easy."""
    top, bottom = coefficient
    if bottom == 1:
        if easy_product(top, factor):
            return work.value(top * factor), 1
        return times(work, top, factor), 1
    return product(work, coefficient, (factor, 1))


def multiplied(work: Work, one: Terms, two: Terms) -> list[Monomial]:
    """Write every term times every term, a line each."""
    found: list[Monomial] = []
    for a_powers, a in one.items():
        for b_powers, b in two.items():
            powers = merged(a_powers, b_powers)
            coefficient = scaled(work, a, b[0])
            right = written_monomial(b, b_powers)
            left = f"{written_monomial(a, a_powers)}*{f'({right})' if right.startswith('-') else right}"
            line = f"{left} = {written_monomial(coefficient, powers)}"
            if not work.steps or work.steps[-1] != line:
                work.line(line)
            found.append((coefficient, powers))
    return found


def expanded(work: Work, tree: Tree) -> Terms:
    """Write a sum of monomials and products of brackets as one polynomial."""
    found: list[Monomial] = []
    for negative, addend in addends(tree):
        sign = -1 if negative else 1
        try:
            (top, bottom), powers = monomial(addend)
            found.append(((sign * top, bottom), powers))
        except ValueError:
            parts = factor_terms(work, addend)
            found += [((sign * top, bottom), powers) for (top, bottom), powers in parts]
    return simplified(work, found)


def factor_terms(work: Work, tree: Tree) -> list[Monomial]:
    """Return the terms of a product of brackets."""
    match tree:
        case Pair("*", left, right):
            return multiplied(work, bracket(work, left), bracket(work, right))
        case Pair("**", base, Number(power)):
            inner = bracket(work, base)
            result = inner
            for _ in range(power - 1):
                result = ordered(simplified(work, multiplied(work, result, inner)))
            return [(c, p) for p, c in result.items()]
        case Minus(part):
            return [((-top, bottom), powers) for (top, bottom), powers in factor_terms(work, part)]
    return [(c, p) for p, c in bracket(work, tree).items()]


def bracket(work: Work, tree: Tree) -> Terms:
    """Work out one factor; more than a monomial gets a line with its simplified form."""
    try:
        coefficient, powers = monomial(tree)
    except ValueError:
        before = len(work.steps)
        terms = expanded(work, tree)
        if len(work.steps) > before:
            work.line(f"({written(terms, '')})")
        return terms
    return {powers: coefficient}


def behind(opening: str, text: str) -> str:
    """Return what a request names behind its opening words."""
    if not text.startswith(opening):
        raise ValueError(f"not understood: {text!r}")
    return text.removeprefix(opening).rstrip(".")


def collect_solver(text: str) -> Solver:
    """Return the solver of `Collect the terms in …`."""
    terms = read_terms(read(behind("Collect the terms in ", text)))
    return lambda work: written(simplified(work, terms))


def expand_solver(text: str) -> Solver:
    """Return the solver of `Expand …`."""
    tree = read(behind("Expand ", text))
    return lambda work: written(expanded(work, tree))


def differentiate_solver(text: str) -> Solver:
    """Return the solver of a question for a first, second or third derivative."""
    body = text.rstrip(".?")
    if "derivative" not in body and not body.startswith("Differentiate"):
        raise ValueError(f"not understood: {text!r}")
    order = 3 if "third" in body else 2 if "second" in body else 1
    body = body.replace(" with respect to ", " wrt ")
    start = body.index(" of ") + 4 if " of " in body else len("Differentiate ")
    expression, _, letter = body[start:].partition(" wrt ")
    tree = read(expression)
    name = letter or "".join(letters(tree)) or "x"

    def solve(work: Work) -> str:
        return written(derivative(work, simplified(work, read_terms(tree)), name, order))

    return solve


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "calculus__differentiate": differentiate_solver,
    "polynomials__collect": collect_solver,
    "polynomials__expand": expand_solver,
}
