"""Repeated sampling: whole solutions drawn independently, told apart only by how they vote.

Majority, best-of-N and weighted voting share one plan, so a benchmark can score one set of samples three ways
(Wu et al. 2024, section 3.1; Brown et al. 2024, arXiv 2407.21787). Under a cap only as many solutions are started as
can be finished.
"""

from __future__ import annotations

from edge_solver.core.forecast import Forecast
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings, Strategy
from edge_solver.core.strategies.start import opening
from edge_solver.core.tree import Node, Tree


def plan(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan:
    """Continue every open sample; start those that are missing."""
    first = opening(tree, forecast, settings)
    if first is not None:
        return first
    frontier = tree.frontier()
    affordable, cap = forecast.affordable(node.id for node in frontier)
    keep = max(1, int(min(len(frontier), affordable)))
    by_age = sorted(frontier, key=_nearest_to_the_end)
    return Plan(
        expand=tuple(Expansion(node.id, 1) for node in by_age[:keep]),
        prune=tuple(node.id for node in by_age[keep:]),
        short_of=cap if keep < len(frontier) else None,
    )


def _nearest_to_the_end(node: Node) -> tuple[int, int]:
    return -node.depth, node.id


MAJORITY = Strategy(
    "majority", "independent samples, one vote each", plan, vote="majority", scored=False, independent=True
)
BEST_OF_N = Strategy("best-of-n", "independent samples, the best wins", plan, vote="best-of-n", independent=True)
WEIGHTED = Strategy("weighted", "independent samples, vote by reward", plan, vote="weighted", independent=True)
