"""Diverse verifier tree search: N/M trees beside each other, each of them grown greedily and M wide.

From Hugging Face's search-and-learn (Beeching et al. 2024, "Scaling test-time compute with open models"): of M
candidates each tree goes on with the best alone, so that no tree can crowd out another (N is the width, M the beam
width). There a tree ends with its first solution and hands in its last M candidates, finished or not. Here a tree has M
places: a finished solution keeps one, and the best open step is continued as wide as there are places left.
"""

from __future__ import annotations

from edge_solver.core.forecast import Forecast
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings, Strategy
from edge_solver.core.strategies.layer import best_first, reward, width_left
from edge_solver.core.strategies.start import opening
from edge_solver.core.tree import ROOT, Finish, Node, Tree


def plan(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan:
    """Continue the best open step of every tree; where that is too dear, narrower, and then fewer of them."""
    first = opening(tree, forecast, settings)
    if first is not None:
        return first
    frontier = tree.frontier()
    open_ids = {node.id for node in frontier}
    grown: list[tuple[Node, int]] = []
    for nodes in subtrees(tree, settings.beam_width):
        candidates = best_first(tree, (node for node in nodes if node.id in open_ids), settings)
        if candidates:
            finished = sum(node.finish is Finish.ANSWER for node in nodes)
            grown.append((candidates[0], max(1, min(width_left(nodes), settings.beam_width - finished))))
    grown.sort(key=lambda row: (-reward(tree, row[0], settings), row[0].id))
    left = min(sum(places for _, places in grown), settings.width - len(tree.answers()))
    affordable, cap = forecast.affordable(open_ids)
    width = max(1, int(min(left, affordable)))
    widths = in_turn([places for _, places in grown], width)
    kept = [(node, share) for (node, _), share in zip(grown, widths, strict=True) if share]
    return Plan(
        expand=tuple(Expansion(node.id, share) for node, share in kept),
        prune=tuple(sorted(open_ids - {node.id for node, _ in kept})),
        short_of=cap if width < left else None,
    )


def subtrees(tree: Tree, beam_width: int) -> list[list[Node]]:
    """Return the steps of each tree, oldest first: every M first steps, in the order they were drawn, begin one."""
    tree_of = {first: rank // beam_width for rank, first in enumerate(tree.children(ROOT))}
    groups: dict[int, list[Node]] = {}
    for node in tree.steps:
        if node.parent is not None and node.parent != ROOT:
            tree_of[node.id] = tree_of[node.parent]
        groups.setdefault(tree_of[node.id], []).append(node)
    return [groups[group] for group in sorted(groups)]


def in_turn(places: list[int], width: int) -> list[int]:
    """Share out a width by one unit in turn, the first in line first, and to nobody more than its places."""
    widths = [0] * len(places)
    while sum(widths) < min(width, sum(places)):
        for j, most in enumerate(places):
            if widths[j] < most and sum(widths) < width:
                widths[j] += 1
    return widths


DVTS = Strategy("dvts", "N/M greedy trees side by side", plan, vote="weighted")
