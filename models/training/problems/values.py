"""Arithmetic expressions worked from the inside out, left to right, with exact fractions."""

from __future__ import annotations

from collections.abc import Callable

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


def worked(work: Work, tree: Tree, lookup: Lookup | None = None) -> Ratio:
    """Write one operation after another and return the value; letters and calls are asked of `lookup`."""
    match tree:
        case Number(value):
            return work.copy(value), 1
        case Minus(part):
            top, bottom = worked(work, part, lookup)
            return -top, bottom
        case Pair("**", left, Number(power)):
            base = worked(work, left, lookup)
            result = base
            for _ in range(power - 1):
                result = product(work, result, base)
            return result
        case Pair(sign, left, right) if sign != "**":
            return joined(work, sign, worked(work, left, lookup), right, lookup)
    if lookup is None:
        raise ValueError(f"not a number: {tree}")
    return lookup(work, tree)


def joined(work: Work, sign: str, left: Ratio, tree: Tree, lookup: Lookup | None) -> Ratio:
    """Work out the right side of an operation, then write the operation; `+ -3` is written `-3`."""
    negative = sign == "-"
    if sign in "+-" and isinstance(tree, Minus):
        negative, tree = not negative, tree.part
    right = worked(work, tree, lookup)
    if sign in "+-":
        return total(work, left, right, negative=negative)
    return (product if sign == "*" else ratio)(work, left, right)


def value_solver(text: str) -> Solver:
    """Return the solver of a question for the value of an expression."""
    tree = read(expression_of(text))
    return lambda work: shown(worked(work, tree))


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "arithmetic__add_sub_multiple": value_solver,
    "arithmetic__mixed": value_solver,
    "arithmetic__mul_div_multiple": value_solver,
}
