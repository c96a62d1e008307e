"""How a step reads on the screen: on one line in the tree, and in full below it."""

from __future__ import annotations

from edge_solver.wording import clean


def inline(source: str) -> str:
    """Return a step or an answer on one line."""
    return clean(source)


def block(source: str) -> tuple[str, ...]:
    """Return the lines of a step in full."""
    return tuple(clean(line) for line in source.strip().splitlines())
