"""How a tree is begun: the first steps, shared by the strategies.

All of them at once where the budget allows it, else as many as can be finished; what is missing is made up later, when
there is something left to pay for it.
"""

from __future__ import annotations

from edge_solver.core.forecast import Forecast
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings
from edge_solver.core.tree import ROOT, Finish, Tree


def opening(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan | None:
    """Plan what comes before any growth: missing first steps, or room for them; ``None`` when it is time to grow."""
    frontier = tree.frontier()
    if can_start(tree):
        first = start(tree, forecast, settings)
        if first.expand or not frontier:
            return first
    return astray(tree, forecast)


def astray(tree: Tree, forecast: Forecast) -> Plan | None:
    """Plan to give up a branch without end, so that there is room for a fresh one; ``None`` where there is none."""
    lost = tuple(node.id for node in tree.frontier() if forecast.is_astray(node.id))
    return Plan(prune=lost) if lost else None


def can_start(tree: Tree) -> bool:
    """Say whether new first steps would stand in line with what is open."""
    return all(node.depth == 1 for node in tree.frontier())


def start(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan:
    """Draft the first steps that are missing; the plan is empty where none is, or none can be paid for.

    A unit of width is used up by an answer, by an open branch and by one that was closed by its length, not by one that
    the budget cut short. A first layer is topped up only when that at least doubles it: small additions would cost a
    whole layer's calls.
    """
    open_now = len(tree.frontier())
    answers = len(tree.answers())
    closed = sum(node.finish is Finish.LENGTH for node in tree)
    missing = settings.width - answers - open_now - closed
    if missing <= 0:
        return Plan()
    affordable, cap = forecast.affordable([ROOT])
    room = missing if affordable >= missing + open_now else int(affordable) - open_now
    short_of = cap if room < missing else None
    if not answers and tree.fragments():
        return Plan(short_of=cap)  # the one branch that may always go on was cut: one more can only bring fragments
    if room < max(1, open_now):
        return Plan(short_of=short_of)
    return Plan(expand=(Expansion(ROOT, room),), short_of=short_of)
