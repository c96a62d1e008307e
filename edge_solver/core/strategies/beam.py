"""Beam search over steps (Snell et al. 2024, arXiv 2408.03314, section 5.2), with the sizes of search-and-learn.

Of N candidates the N/M best steps are kept and each is continued M wide, so that every layer has N candidates again (N
is the width, M the beam width). A solution that is finished keeps its place: the beam goes on with the width that is
left. Hugging Face's search-and-learn fills a beam that has become too small with copies, which then vote again; here
equal siblings share one place, a narrow beam is continued wider, and every leaf was drawn on its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from edge_solver.core.forecast import Forecast
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings, Strategy
from edge_solver.core.strategies.layer import affordable_width, best_first, evenly
from edge_solver.core.strategies.start import opening
from edge_solver.core.tree import Node, Tree


def plan(tree: Tree, forecast: Forecast, settings: SearchSettings) -> Plan:
    """Keep the best steps of the frontier and share the width that is left among them."""
    first = opening(tree, forecast, settings)
    if first is not None:
        return first
    frontier = tree.frontier()
    width, short_of = affordable_width(tree, forecast, settings)
    ranked = distinct(best_first(tree, frontier, settings))
    kept = [node.id for node in ranked[: math.ceil(width / settings.beam_width)]]
    widths = evenly(width, len(kept))
    return Plan(
        expand=tuple(Expansion(node, share) for node, share in zip(kept, widths, strict=True)),
        prune=tuple(node.id for node in frontier if node.id not in kept),
        short_of=short_of,
    )


def distinct(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes without those that say what a sibling before them says."""
    first: dict[tuple[int | None, str], Node] = {}
    for node in nodes:
        first.setdefault((node.parent, node.text), node)
    return list(first.values())


BEAM = Strategy("beam", "best steps, each continued M wide", plan, vote="weighted")
