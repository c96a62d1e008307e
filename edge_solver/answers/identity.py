"""Two expressions in letters that differ at a point are not the same: most wrong answers are told apart by that alone.

An expression that is written out in full (``3*x**2 - 4*x/7``) is evaluated at a fixed point of a finite field, and
once more with ``i`` as a root of -1, since nobody knows which was meant: what differs either way differs. Equal values
prove nothing here and stay somebody else's question; what is not written out, or holds an ``e``, which may be a number,
is not read at all (Schwartz 1980 for the idea: a polynomial that is not zero seldom vanishes).
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

from edge_solver.answers.exact import MAX_CHARS
from edge_solver.answers.normal import normalise

PRIME = 2**61 - 31
"""The largest below 2**61 that leaves 1 when divided by 4, so that -1 has a root."""
ROOT = pow(7, (PRIME - 1) // 4, PRIME)
"""Of -1: 7 is no square."""
MOST_POWER = 1000
_OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a * _inverse(b),
}
_CONSTANTS = frozenset("eE")
"""Letters that may stand for a number of their own, whose decimals are nobody's to tell from others."""
_WRITTEN_OUT = re.compile(r"(?:[-+*/^(). 0-9]|(?<![0-9A-Za-z])[A-Za-z](?![0-9A-Za-z]))+")
"""Numerals, single letters and what stands between them: about some other texts Python warns on the screen."""


def differ(first: str, second: str) -> bool:
    """Say whether two answers are certainly different expressions; ``False`` where this module cannot tell."""
    one, two = _values(normalise(first)), _values(normalise(second))
    return one is not None and two is not None and all(a != b for a, b in zip(one, two, strict=True))


@lru_cache(maxsize=4096)
def _values(normal: str) -> tuple[int, int] | None:
    """Return the expression's value with ``i`` as a letter and as a root, or ``None`` if it is not one read here."""
    if len(normal) > MAX_CHARS or not _WRITTEN_OUT.fullmatch(normal):
        return None
    try:
        body = ast.parse(normal.replace("^", "**"), mode="eval").body
        return _evaluate(body, _of_letter("i")), _evaluate(body, ROOT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of_letter(letter: str) -> int:
    """Return a coordinate with nothing special about it; capitals share it, since both spellings are used."""
    return pow(0x9E3779B97F4A7C15, ord(letter.lower()), PRIME)


def _evaluate(node: ast.expr, i: int) -> int:
    match node:
        case ast.Constant(value=int() | float()):
            exact = Fraction(str(node.value))
            found = exact.numerator * _inverse(exact.denominator)
        case ast.Name(id=letter) if len(letter) == 1 and letter not in _CONSTANTS:
            found = i if letter in "iI" else _of_letter(letter)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
            found = -_evaluate(inner, i) if isinstance(sign, ast.USub) else _evaluate(inner, i)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))) if 0 <= power <= MOST_POWER:
            found = pow(_evaluate(left, i), power, PRIME)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            found = _OPERATORS[type(op)](_evaluate(left, i), _evaluate(right, i))
        case _:
            raise ValueError
    return found % PRIME


def _inverse(value: int) -> int:
    """Return 1 / value; a division by zero raises ``ValueError``."""
    return pow(value, -1, PRIME)
