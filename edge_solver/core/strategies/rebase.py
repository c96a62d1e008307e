"""REBASE, reward-balanced search (Wu et al. 2024, arXiv 2408.00724, section 3.2), under a budget.

At every depth the width that is left, ``B_i = B_{i-1} - C_i``, is shared among the open steps by the softmax of their
rewards; a completed solution keeps its unit of width, a branch closed without an answer gives it back. With no cap this
is the paper's algorithm. Under a cap the width is never larger than the number of branches that can still be finished;
when the tree is done and the budget is not, the width that is missing begins a new tree beside it.
"""

from __future__ import annotations

from edge_solver.core.allocate import ROUNDINGS
from edge_solver.core.forecast import Forecast
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings, Strategy
from edge_solver.core.strategies.layer import affordable_width, reward
from edge_solver.core.strategies.start import opening
from edge_solver.core.tree import Tree


def plan(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan:
    """Grow the frontier by the width that is left, or start what is missing."""
    first = opening(tree, forecast, settings)
    if first is not None:
        return first
    frontier = tree.frontier()
    width, short_of = affordable_width(tree, forecast, settings)
    rewards = [reward(tree, node, settings) for node in frontier]
    widths = ROUNDINGS[settings.rounding](rewards, width, settings.balance)
    ranked = sorted(zip(rewards, frontier, widths, strict=True), key=lambda row: (-row[0], row[1].id))
    return Plan(
        expand=tuple(Expansion(node.id, share) for _, node, share in ranked if share),
        prune=tuple(node.id for _, node, share in ranked if not share),
        short_of=short_of,
    )


REBASE = Strategy("rebase", "reward-balanced tree search", plan, vote="weighted")
