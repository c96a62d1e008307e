"""Monte Carlo tree search as the paper's baseline (Wu et al. 2024, arXiv 2408.00724, appendix C), under a budget.

From the root down, the child with the largest ``UCT(s) = V(s) + C·sqrt(ln N(parent) / N(s))`` is followed to a step
that has not been continued, and that step is given two children. The reward model's score of a new step takes the
place of a rollout and is backed up: N(s) is how many steps at or below s were scored, V(s) their mean reward. Both are
read off the tree, so there is no other state. The settings are the paper's: C = 1; 4, 8 or 16 first steps, two children
elsewhere, and 32, 64 or 128 expansions, for which the width stands here.

The paper ends there and counts the solutions that happen to be complete, often few. A search that owes an answer goes
on: when the expansions, or the budget for more branches, are used up, the best open steps are continued one wide until
the width is reached.
"""

from __future__ import annotations

import math
from dataclasses import replace

from edge_solver.core.forecast import Forecast
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings, Strategy
from edge_solver.core.strategies.layer import best_first, reward
from edge_solver.core.strategies.start import astray, can_start, start
from edge_solver.core.tree import ROOT, Finish, Tree

EXPLORATION = 1.0  # C in the paper
CHILDREN = 2
"""Of every step but the root."""
FIRST_STEPS = 4, 16
"""Least and most children of the root; in between it is an eighth of the width."""
EXPANSIONS = 8
"""Per child of the root."""


def plan(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan:
    """Begin, expand the step that UCT leads to, or finish what is worth finishing."""
    missing = settings.width - len(tree.answers())
    if missing <= 0:
        return Plan()
    frontier = tree.frontier()
    begun = _begin(tree, forecast, settings)
    if begun is not None and (begun.expand or not frontier):
        return begun
    if (lost := astray(tree, forecast)) is not None:
        return lost
    affordable, cap = forecast.affordable(node.id for node in frontier)
    children = min(CHILDREN, missing)
    expanded = sum(bool(tree.children(node.id)) for node in tree)
    explored = expanded >= EXPANSIONS * first_steps(settings.width)
    if not explored and len(frontier) - 1 + children <= affordable:
        return Plan(expand=(Expansion(select(tree, settings), children),))
    wanted = min(len(frontier), missing)
    ranked = best_first(tree, frontier, settings)
    keep = max(1, int(min(wanted, affordable)))
    return Plan(
        expand=tuple(Expansion(node.id, 1) for node in ranked[:keep]),
        prune=tuple(node.id for node in ranked[keep:]),
        short_of=cap if keep < wanted else None,
    )


def first_steps(width: int) -> int:
    """Return how many children the root is given at first."""
    least, most = FIRST_STEPS
    return min(width, max(least, min(most, width // EXPANSIONS)))


def select(tree: Tree, settings: SearchSettings) -> int:
    """Follow the largest UCT value from the root to a step that can be continued; ties go to the older step."""
    visits, value = statistics(tree, settings)
    alive = {step.id for leaf in tree.frontier() for step in tree.path(leaf.id)}
    node = ROOT
    while children := [child for child in tree.children(node) if child in alive]:
        spread = EXPLORATION * math.sqrt(math.log(visits[node]))
        node = max(children, key=lambda child: (value[child] + spread / math.sqrt(visits[child]), -child))
    return node


def statistics(tree: Tree, settings: SearchSettings) -> tuple[dict[int, int], dict[int, float]]:
    """Return N(s), how many whole steps stand at or below a node, and V(s), their mean reward."""
    visits = {node.id: 0 for node in tree}
    total = {node.id: 0.0 for node in tree}
    for node in reversed(tree.steps):  # a parent is always older than its children
        if node.finish in (Finish.STEP, Finish.ANSWER):
            visits[node.id] += 1
            total[node.id] += reward(tree, node, settings)
        if node.parent is not None:
            visits[node.parent] += visits[node.id]
            total[node.parent] += total[node.id]
    return visits, {node: total[node] / count for node, count in visits.items() if count}


def _begin(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan | None:
    """Plan the children of the root, or all that is missing once nothing is open; ``None`` where neither is due."""
    begun = tree.children(ROOT)
    if begun and not tree.frontier():
        return start(tree, forecast, settings)
    first = first_steps(settings.width)
    if len(begun) < first and can_start(tree):
        return start(tree, forecast, replace(settings, width=first))
    return None


MCTS = Strategy("mcts", "UCT search, the paper's baseline", plan, vote="weighted")
