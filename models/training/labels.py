"""Exact labels for the steps a policy wrote.

The canonical path is the only form the policy is taught, so a step is right when the solution up to it is a prefix of
the canonical one. One more way to be right: every line holds when recomputed with exact fractions and the answer is the
canonical one (another order of the same work). After the first wrong step all later ones are wrong.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from fractions import Fraction

from .corrupt import first_difference
from .template import ANSWER_PREFIX

OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
PLAIN = re.compile(r"[0-9+\-*/^(). ]+")


def evaluated(expression: str) -> Fraction | None:
    """Compute an expression of integers exactly; `None` when it is not one."""
    if not PLAIN.fullmatch(expression):
        return None
    try:
        return _value(ast.parse(expression.strip().replace("^", "**"), mode="eval").body)
    except (SyntaxError, ZeroDivisionError, ValueError, OverflowError):
        return None


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int(number)):
            return Fraction(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))) if power <= 6:
            return _value(left) ** power
        case ast.BinOp(left=left, op=sign, right=right):
            if type(sign) in OPERATIONS:
                return OPERATIONS[type(sign)](_value(left), _value(right))
    raise ValueError("not arithmetic")


def holds(line: str) -> bool | None:
    """Say whether a line is true: chains of equalities with commas between, perhaps behind a label.

    `None` when some part is not plain arithmetic.
    """
    chains = [[evaluated(part) for part in chain.split("=")] for chain in line.rpartition(": ")[2].split(", ")]
    if any(len(values) < 2 or None in values for values in chains):
        return None
    return all(len(set(values)) == 1 for values in chains)


def first_wrong(canonical: tuple[str, ...], lines: tuple[str, ...]) -> int | None:
    """Return the index of the first wrong line (the answer line included), or `None` when all are right."""
    first = first_difference(canonical, lines)
    if first is None or lines[-1] != canonical[-1]:
        return first
    if all(holds(line) for line in lines[:-1]):
        return None
    return first


def outcome(canonical: tuple[str, ...], lines: tuple[str, ...]) -> bool:
    """Say whether the answer given is the right one."""
    return bool(lines) and lines[-1].startswith(ANSWER_PREFIX) and lines[-1] == canonical[-1]
