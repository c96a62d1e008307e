"""One step expanded by hand: another strategy, with its plan replaced by what a person asked for."""

from __future__ import annotations

from dataclasses import replace

from edge_solver.core.forecast import Forecast
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings, Strategy
from edge_solver.core.tree import Tree


def by_hand(strategy: Strategy, node: int, width: int, end: int) -> Strategy:
    """Return a strategy that drafts ``width`` children of one node and is done.

    Args:
        strategy: Votes and scores as this one does.
        node: A whole step, or the root.
        width: How many children.
        end: ``Tree.next_id`` before; the plan is carried out once the tree has grown beyond it.
    """

    def plan(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan:
        del forecast, settings
        return Plan() if tree.next_id > end else Plan(expand=(Expansion(node, width),))

    return replace(strategy, plan=plan, width=None, independent=False)
