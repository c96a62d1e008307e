"""Requests as a person types them: `3x + 7 = 22`, `12 - 5*(3 + 4)`, `derivative of 3x^3 - 2x`, `simplify 12/18 + 5/6`.

The wordings are ours, the ways to solve are the ones of the benchmark's questions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from .base import Problem, Work, sign
from .equations import one_unknown, two_unknowns
from .monomials import derivative, joined, read_terms, simplified, written
from .rationals import lowest, shown
from .statements import horner
from .values import worked
from .written import read

LETTERS = "abcdfghijkmnopqrstuvwxyz"
VALUE = ("What is {e}?", "Calculate {e}.", "{e}", "{e}", "Evaluate {e}.", "Work out {e}.", "compute {e}", "{e} = ?",
         "What is the value of {e}?", "{e} =", "what is {e}", "evaluate {e}", "How much is {e}?")  # fmt: skip
SIMPLIFY = ("Simplify {e}.", "simplify {e}", "Write {e} in lowest terms.", "Reduce {e} to lowest terms.", "reduce {e}")
EQUATION = ("Solve {e} for {v}.", "{e}", "{e}", "Solve {e}.", "solve {e}", "Find {v} if {e}.", "What is {v} in {e}?",
            "If {e}, what is {v}?", "solve for {v}: {e}", "{e}, {v} = ?")  # fmt: skip
SYSTEM = ("Solve {e}, {f} for {v}.", "{e} and {f}. What is {v}?", "{e}, {f}. Find {v}.", "If {e} and {f}, what is {v}?",
          "solve {e}, {f} for {v}", "Solve {e} and {f} for {v}.")  # fmt: skip
EVALUATE = (
    "Let {f}({v}) = {p}. What is {f}({x})?", "If {f}({v}) = {p}, what is {f}({x})?",
    "Evaluate {p} at {v} = {x}.", "{f}({v}) = {p}, find {f}({x})", "What is {p} when {v} = {x}?", "{p} for {v} = {x}",
    "Find the value of {p} if {v} = {x}.",
)  # fmt: skip
DERIVE = (
    ("derivative of {p}", "d/d{v} ({p})", "differentiate {p}", "Find the derivative of {p}.", "Differentiate {p}.",
     "What is the derivative of {p}?", "derivative of {p} with respect to {v}", "first derivative of {p}"),
    ("second derivative of {p}", "What is the second derivative of {p}?", "Find the second derivative of {p}."),
    ("third derivative of {p}", "What is the third derivative of {p}?"),
)  # fmt: skip
COLLECT = ("Simplify {p}.", "simplify {p}", "Collect the terms in {p}.", "collect terms: {p}", "{p}")


def small(rng: random.Random) -> int:
    """Draw a number of one or two digits, small ones more often."""
    return rng.choice((rng.randint(1, 9), rng.randint(1, 20), rng.randint(1, 99)))


def nonzero(rng: random.Random, limit: int) -> int:
    """Draw an integer other than zero."""
    return rng.choice((-1, 1, 1)) * rng.randint(1, limit)


@dataclass(frozen=True, slots=True)
class Style:
    """How a person writes: `3*x**2`, `3x^2`, `3*x^2`; with spaces around plus and minus or without."""

    star: str
    power: str
    space: str

    def term(self, coefficient: int, letter: str = "", degree: int = 1) -> str:
        """Write one term."""
        if not letter or not degree:
            return str(coefficient)
        unknown = letter if degree == 1 else f"{letter}{self.power}{degree}"
        return {1: unknown, -1: f"-{unknown}"}.get(coefficient, f"{coefficient}{self.star}{unknown}")

    def sum(self, terms: list[str]) -> str:
        """Join signed terms."""
        return joined(terms, self.space)


def style(rng: random.Random) -> Style:
    """Draw a way of writing."""
    star, power = rng.choice((("*", "**"), ("", "^"), ("", "^"), ("*", "^")))
    return Style(star, power, rng.choice((" ", " ", "")))


def grown(rng: random.Random, operations: int) -> str:
    """Draw an expression with brackets where they change something, numbers small."""
    if operations == 0:
        number = small(rng)
        return f"({-number})" if rng.random() < 0.1 else str(number)
    left = rng.randrange(operations)
    sign_drawn = rng.choice("+-*+-*+-*/")
    one, two = grown(rng, left), grown(rng, operations - 1 - left)
    if sign_drawn in "*/":
        one, two = (f"({part})" if set(part.lstrip("(-")) & set("+-") and not part.isdigit() else part
                    for part in (one, two))  # fmt: skip
        one = one if one.count("(") == one.count(")") else f"({one})"
    if (sign_drawn == "/" and not two.isdigit()) or (
        sign_drawn == "-" and set(two) & set("+-") and not two.startswith("(")
    ):
        two = f"({two})"
    return f"{one}{sign_drawn}{two}"


def spaced(rng: random.Random, expression: str) -> str:
    """Put spaces around operators between operands, sometimes only around plus and minus."""
    kind = rng.random()
    if kind < 0.35:
        return expression
    wanted = "+-" if kind < 0.75 else "+-*/"
    out = ""
    for i, character in enumerate(expression):
        binary = character in wanted and i > 0 and expression[i - 1] not in "(*/"
        out += f" {character} " if binary else character
    return out


def expressions(rng: random.Random) -> Problem:
    """Draw an expression of one to four operations."""
    while True:
        expression = grown(rng, rng.choice((1, 2, 2, 2, 3, 3, 4)))
        try:
            top, bottom = worked(Work(), read(expression))
        except ZeroDivisionError:
            continue
        if abs(top) < 2000 and bottom < 200:
            break
    tree = read(expression)
    text = rng.choice(VALUE).format(e=spaced(rng, expression))
    return Problem(text, "expression", lambda work: shown(worked(work, tree)))


def part(rng: random.Random) -> str:
    """Draw a fraction as written."""
    bottom = rng.choice((rng.randint(2, 10), rng.randint(2, 20)))
    factor = rng.choice((1, 1, rng.randint(2, 6)))
    return f"{rng.randint(1, bottom + 3) * factor}/{bottom * factor}"


def fractions(rng: random.Random) -> Problem:
    """Draw an operation on two fractions, or on a fraction and a whole number."""
    one, two = part(rng), part(rng)
    if rng.random() < 0.15:
        one = str(rng.randint(1, 12))
    elif rng.random() < 0.15:
        two = str(rng.randint(1, 12))
    operator = rng.choice("+-+-*/")
    right = f"({two})" if operator == "/" and "/" in two else two
    loose = rng.choice((" ", " ", ""))
    expression = f"{one}{loose}{operator}{loose}{right}"
    tree = read(expression)
    text = rng.choice((*VALUE, *SIMPLIFY[:2], *SIMPLIFY[:2])).format(e=expression)
    return Problem(text, "fraction", lambda work: shown(worked(work, tree)))


def simplifications(rng: random.Random) -> Problem:
    """Draw one fraction to be reduced."""
    factor = rng.choice((rng.randint(2, 9), rng.randint(2, 30)))
    top, bottom = factor * rng.randint(1, 20), factor * rng.randint(2, 20)
    text = rng.choice(SIMPLIFY).format(e=f"{top}/{bottom}")
    return Problem(text, "fraction", lambda work: shown(lowest(work, work.copy(top), work.copy(bottom))))


def equations(rng: random.Random) -> Problem:
    """Draw a linear equation with a whole solution, the unknown on one side or both."""
    x, a, b = nonzero(rng, 20), nonzero(rng, 15), nonzero(rng, 90)
    both = rng.random() < 0.4
    c = nonzero(rng, 15) if both else 0
    while a == c:
        a = nonzero(rng, 15)
    letter, how = rng.choice("xxxxyyzn" + LETTERS), style(rng)
    left = [how.term(a, letter), str(b)] if rng.random() < 0.9 else [how.term(a, letter)]
    rest = (a - c) * x + (b if len(left) > 1 else 0)
    right = ([how.term(c, letter)] if c else []) + ([str(rest)] if rest or not c else [])
    for side in (left, right):
        if rng.random() < 0.25:
            side.reverse()
    sides = [how.sum(left), how.sum(right)]
    if rng.random() < 0.2:
        sides.reverse()
    equation = " = ".join(sides) if rng.random() < 0.9 else "=".join(sides)
    text = rng.choice(EQUATION).format(e=equation, v=letter)
    return Problem(text, "linear", lambda work: shown(one_unknown(work, equation, {}, letter)))


def systems(rng: random.Random) -> Problem:
    """Draw two equations in two unknowns; one of them is asked for."""
    x, y = rng.randint(-9, 9), rng.randint(-9, 9)
    a, b, c, d = (nonzero(rng, 7) for _ in range(4))
    while a * d == b * c:
        d = nonzero(rng, 7)
    first, second = rng.choice(("xy", "xy", "ab", "mn", "".join(rng.sample(LETTERS, 2))))
    how = style(rng)
    one = f"{how.sum([how.term(a, first), how.term(b, second)])} = {a * x + b * y}"
    two = f"{how.sum([how.term(c, first), how.term(d, second)])} = {c * x + d * y}"
    asked, other = rng.sample((first, second), 2)
    text = rng.choice(SYSTEM).format(e=one, f=two, v=asked)
    return Problem(
        text, "system", lambda work: shown(two_unknowns(work, (one, two), {}, [asked, other], [asked])[asked])
    )


def polynomial(rng: random.Random, letter: str, how: Style, *, highest: int, limit: int) -> str:
    """Draw a polynomial of one to four terms as a person writes it."""
    degrees = rng.sample(range(highest + 1), rng.randint(1, min(4, highest + 1)))
    if max(degrees) == 0:
        degrees.append(rng.randint(1, highest))
    degrees.sort(reverse=rng.random() < 0.8)
    return how.sum([how.term(nonzero(rng, limit), letter, d) for d in degrees])


def evaluations(rng: random.Random) -> Problem:
    """Draw a polynomial of degree at most three and a small argument."""
    name, letter = rng.choice(("fx", "fx", "gx", "pt", "".join(rng.sample(LETTERS, 2))))
    body = polynomial(rng, letter, style(rng), highest=rng.choice((1, 2, 2, 3)), limit=rng.choice((6, 12)))
    x = nonzero(rng, 9)
    terms = simplified(Work(), read_terms(read(body)))
    text = rng.choice(EVALUATE).format(f=name, v=letter, p=body, x=x)
    return Problem(text, "polynomial", lambda work: str(horner(work, terms, work.copy(x))))


def derivatives(rng: random.Random) -> Problem:
    """Draw a polynomial to differentiate once, sometimes more often."""
    letter = rng.choice("xxxxyt" + LETTERS)
    body = polynomial(rng, letter, style(rng), highest=6, limit=rng.choice((9, 20, 99)))
    order = rng.choice((1, 1, 1, 1, 2, 3))
    monomials = read_terms(read(body))
    text = rng.choice(DERIVE[order - 1]).format(p=body, v=letter)

    def solve(work: Work) -> str:
        return written(derivative(work, simplified(work, monomials), letter, order))

    return Problem(text, "derivative", solve)


def collections(rng: random.Random) -> Problem:
    """Draw a sum with like terms to be collected."""
    letter, how = rng.choice("xxxyab"), style(rng)
    terms = [(nonzero(rng, rng.choice((9, 30))), rng.choice((0, 1, 1, 2))) for _ in range(rng.randint(3, 5))]
    if all(degree == 0 for _, degree in terms):
        terms[0] = (terms[0][0], 1)
    body = how.sum([how.term(c, letter, d) for c, d in terms])
    monomials = read_terms(read(body))
    text = rng.choice(COLLECT).format(p=body)
    return Problem(text, "collect", lambda work: written(simplified(work, monomials)))


def facts(rng: random.Random) -> Problem:
    """Draw one operation on small numbers: what every longer solution is made of."""
    a, b = small(rng), small(rng)
    operator = rng.choice("++--*/")
    if operator == "*":
        b = rng.randint(2, 9)
    if operator == "/":
        b = rng.randint(2, 9)
        a = b * rng.randint(2, 20)
    a = sign(rng, a, 0.15)
    expression = f"{a}{operator}{b}"
    tree = read(expression)
    text = rng.choice(VALUE).format(e=spaced(rng, expression))
    return Problem(text, "fact", lambda work: shown(worked(work, tree)))
