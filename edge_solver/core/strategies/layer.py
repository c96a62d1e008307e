"""The newest layer of a tree: what the strategies that grow layer by layer know of their open steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from edge_solver.core.budget import Cap
from edge_solver.core.forecast import Forecast
from edge_solver.core.reward import aggregate
from edge_solver.core.strategies.base import SearchSettings
from edge_solver.core.tree import Finish, Node, Tree


def width_left(nodes: Sequence[Node]) -> int:
    """Return B_i: the width of the latest layer of these nodes (oldest first) less the solutions that it completed.

    A branch that was closed without an answer gives its unit of width back; a solution keeps it.
    """
    layer = takewhile(lambda node: node.depth == nodes[-1].depth, reversed(nodes))
    return sum(node.finish is not Finish.ANSWER for node in layer)


def affordable_width(tree: Tree, forecast: Forecast, settings: SearchSettings) -> tuple[int, Cap | None]:
    """Return how wide the next layer may be, at least one, and the cap that made it narrower than it should be."""
    left = min(width_left(tuple(tree)), settings.width - len(tree.answers()))
    affordable, cap = forecast.affordable(node.id for node in tree.frontier())
    width = max(1, int(min(left, affordable)))
    return width, cap if width < left else None


def best_first(tree: Tree, nodes: Iterable[Node], settings: SearchSettings) -> list[Node]:
    """Return steps by the reward of the path to them, the best first; ties go to the older step."""
    return sorted(nodes, key=lambda node: (-reward(tree, node, settings), node.id))


def reward(tree: Tree, node: Node, settings: SearchSettings) -> float:
    """Return the reward of the path to a step, by the rule that the settings name."""
    return aggregate(settings.aggregate, tree.rewards(node.id))


def evenly(width: int, shares: int) -> list[int]:
    """Share out a width as evenly as whole numbers can, larger shares first."""
    whole, over = divmod(width, shares)
    return [whole + (place < over) for place in range(shares)]
