"""Arithmetic expressions worked from the inside out, left to right, with exact fractions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .base import Solver, Work
from .rationals import Ratio, product, ratio, shown, total
from .written import Minus, Number, Pair, Tree, read

WORDINGS = ("Calculate ", "What is the value of ", "What is ", "Evaluate ", "Work out ")


def expression_of(text: str) -> str:
    """Strip the words around an expression."""
    text = text.strip().rstrip("?.")
    for wording in WORDINGS:
        if text.startswith(wording):
            return text.removeprefix(wording)
    return text


Lookup = Callable[[Work, Tree], Ratio]
"""Works out what is not arithmetic: a letter that stands for a number, a function's value."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number, whole or a fraction in lowest terms, with its sign."""

    ratio: Ratio


@dataclass(frozen=True, slots=True)
class Operation:
    """Two parts joined by one of `+ - * /`."""

    sign: str
    left: Part
    right: Part


Part = Value | Operation


def worked(work: Work, tree: Tree, lookup: Lookup | None = None) -> Ratio:
    """Write the expression, then one operation after another, each time with the expression that is left.

    The next operation is always the first from the left whose two sides are numbers, so that a line follows from the
    two before it and nothing has to be remembered.
    """
    part = read_off(work, tree, lookup)
    if operations(part) > 1:
        work.line(written(part))
    while isinstance(part, Operation):
        part = reduced_once(work, part)
        text = written(part)
        if operations(part) > 1 and work.steps[-1] != text:
            work.line(text)
    return part.ratio


def read_off(work: Work, tree: Tree, lookup: Lookup | None) -> Part:
    """Copy an expression with its signs drawn into the numbers; letters and calls are asked of `lookup`."""
    match tree:
        case Number(value):
            return Value((work.copy(value), 1))
        case Minus(part):
            inner = read_off(work, part, lookup)
            return Value((-inner.ratio[0], inner.ratio[1])) if isinstance(inner, Value) else minus_one(inner)
        case Pair("**", left, Number(power)):
            base = read_off(work, left, lookup)
            result = base
            for _ in range(power - 1):
                result = Operation("*", result, base)
            return result
        case Pair(sign, left, right) if sign != "**":
            return Operation(sign, read_off(work, left, lookup), read_off(work, right, lookup))
    if lookup is None:
        raise ValueError(f"not a number: {tree}")
    return Value(lookup(work, tree))


def minus_one(part: Operation) -> Part:
    """Put a minus before a product's first number, or take a sum from zero."""
    if part.sign in "*/":
        left = part.left
        head = Value((-left.ratio[0], left.ratio[1])) if isinstance(left, Value) else minus_one(left)
        return Operation(part.sign, head, part.right)
    return Operation("-", Value((0, 1)), part)


def operations(part: Part) -> int:
    """Count the operations that are left."""
    return 0 if isinstance(part, Value) else 1 + operations(part.left) + operations(part.right)


def reduced_once(work: Work, part: Operation) -> Part:
    """Write the first operation whose sides are numbers and put its value in its place."""
    if isinstance(part.left, Operation):
        return replace(part, left=reduced_once(work, part.left))
    if isinstance(part.right, Operation):
        return replace(part, right=reduced_once(work, part.right))
    left, right = part.left.ratio, part.right.ratio
    if part.sign in "+-":
        negative = part.sign == "-"
        if right[0] < 0:
            negative, right = not negative, (-right[0], right[1])
        return Value(total(work, left, right, negative=negative))
    return Value((product if part.sign == "*" else ratio)(work, left, right))


def written(part: Part) -> str:
    """Write an expression without blanks; brackets stand where reading from the left would not do."""
    if isinstance(part, Value):
        return shown(part.ratio)
    left, right, sign = written(part.left), written(part.right), part.sign
    if sign in "+-":
        if isinstance(part.right, Value) and part.right.ratio[0] < 0:
            return left + ("-" if sign == "+" else "+") + right[1:]
        is_sum = isinstance(part.right, Operation) and (part.right.sign in "+-" or right.startswith("-"))
        return f"{left}{sign}({right})" if is_sum else left + sign + right
    if isinstance(part.left, Operation) and part.left.sign in "+-":
        left = f"({left})"
    if isinstance(part.right, Operation) or right.startswith("-") or "/" in right:
        right = f"({right})"
    return left + sign + right


def value_solver(text: str) -> Solver:
    """Return the solver of a question for the value of an expression."""
    tree = read(expression_of(text))
    return lambda work: shown(worked(work, tree))


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "arithmetic__add_sub_multiple": value_solver,
    "arithmetic__mixed": value_solver,
    "arithmetic__mul_div_multiple": value_solver,
}
