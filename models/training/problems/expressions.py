"""Mixed expressions with parentheses, worked from the inside out."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .base import Problem, Work, minus, plus, quotient

WORDINGS = (
    "What is {e}?", "Calculate {e}.", "{e}", "Evaluate {e}.", "What is the value of {e}?", "Work out {e}.",
    "Let {v} = {e}. What is {v}?", "compute {e}", "{e} = ?", "What is {e} equal to?",
)  # fmt: skip
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True, slots=True)
class Node:
    """An operation on two parts, each a node or a number."""

    operator: str
    left: Node | int
    right: Node | int


def value(part: Node | int) -> int:
    """Evaluate; divisions are exact by construction."""
    if isinstance(part, int):
        return part
    a, b = value(part.left), value(part.right)
    return {"+": a + b, "-": a - b, "*": a * b}[part.operator] if part.operator != "/" else quotient(a, b)


def grow(rng: random.Random, depth: int) -> Node | int:
    """Draw a tree whose values stay below a thousand."""
    if depth == 0:
        number = rng.choice((rng.randint(1, 9), rng.randint(1, 20), rng.randint(1, 60)))
        return -number if rng.random() < 0.12 else number
    while True:
        operator = rng.choice("+-*+-*/")
        lean = rng.random()
        left = grow(rng, depth - 1 if lean < 0.6 else rng.randint(0, depth - 1))
        right = grow(rng, depth - 1 if lean >= 0.6 else rng.randint(0, min(depth - 1, 1)))
        a, b = value(left), value(right)
        if operator == "*" and (abs(a) > 60 or abs(b) > 12):
            continue
        if operator == "/" and (b in (0, 1, -1) or a % b or not a):
            continue
        if abs(a) < 600 and abs(b) < 600:
            return Node(operator, left, right)


def written(part: Node | int, *, inside: int = 0, right: bool = False) -> str:
    """Write a tree with the parentheses it needs."""
    if isinstance(part, int):
        return f"({part})" if part < 0 and (right or inside == 2) else str(part)
    level = PRECEDENCE[part.operator]
    left = written(part.left, inside=level)
    text = f"{left}{part.operator}{written(part.right, inside=level, right=True)}"
    needs = level < inside or (level == inside and right)
    return f"({text})" if needs else text


def spaced(expression: str, rng: random.Random) -> str:
    """Put spaces around operators between operands, sometimes."""
    if rng.random() < 0.5:
        return expression
    out: list[str] = []
    for i, character in enumerate(expression):
        binary = character in "+-*/" and i > 0 and expression[i - 1] != "("
        out.append(f" {character} " if binary else character)
    return "".join(out)


def expressions(rng: random.Random) -> Problem:
    """Draw an expression of two to four operations."""
    tree = grow(rng, rng.choice((2, 2, 2, 3)))
    while isinstance(tree, int) or (isinstance(tree.left, int) and isinstance(tree.right, int)):
        tree = grow(rng, 2)
    wording = rng.choice(WORDINGS)
    text = wording.format(e=spaced(written(tree), rng), v=rng.choice("abcdfghkmnpqrstuvwxyz"))

    def solve(work: Work) -> str:
        return str(reduce(work, tree))

    return Problem(text, "expression", solve)


def reduce(work: Work, part: Node | int) -> int:
    """Write one line an operation, innermost and left first."""
    if isinstance(part, int):
        return work.copy(part)
    a, b = reduce(work, part.left), reduce(work, part.right)
    match part.operator:
        case "+":
            return work.shows(plus(a, b), a + b)
        case "-":
            return work.shows(minus(a, b), a - b)
        case "*":
            return work.shows(f"{a}*{b}", a * b)
        case _:
            return work.shows(f"{a}/{b}", quotient(a, b))
