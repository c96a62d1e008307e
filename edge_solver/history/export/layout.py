"""Where the nodes of a tree stand in a picture: one column a step, one row a branch.

Every branch that ends takes the next row, a narrow one where it was given up, and a node stands in the middle of its
children, so no lines cross.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_solver.core.tree import ROOT, Tree

NARROW = 0.45
"""Rows that a branch takes which was given up."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Every node's row, by id."""

    row: dict[int, float]
    """Where the middle of a node is, in rows from the top."""
    ends: dict[int, int]
    """How many branches end at or below a node."""
    rows: float
    """The height of the whole."""


def layout(tree: Tree) -> Layout:
    """Place every node of a tree."""
    row: dict[int, float] = {}
    ends: dict[int, int] = {}
    rows = 0.0
    waiting = [(ROOT, False)]
    while waiting:  # no recursion: a tree may be a thousand steps deep
        node, children_placed = waiting.pop()
        children = tree.children(node)
        if not children:
            height = NARROW if tree.is_pruned(node) else 1.0
            row[node], ends[node] = rows + height / 2, 1
            rows += height
        elif children_placed:
            row[node] = (row[children[0]] + row[children[-1]]) / 2
            ends[node] = sum(ends[child] for child in children)
        else:
            waiting.append((node, True))
            waiting.extend((child, False) for child in reversed(children))
    return Layout(row, ends, rows)
