"""Tree search against sampling at equal compute: the paper's question, asked of results that are there.

Sampling is a curve, accuracy over executed FLOPs, known at the widths that were run. A tree search spends what it
spends; at that cost the curve is read between two widths, linearly in the logarithm of FLOPs and problem by problem, so
that the comparison stays paired. No curve is drawn out beyond its ends: a search cheaper than all sampling has no
partner, one dearer than all sampling is set beside the widest, which then is given fewer FLOPs than the search had.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_solver.bench.findings import CatchUp, EqualCompute, Point
from edge_solver.bench.samples import INDEPENDENT
from edge_solver.bench.statistics import Floats, paired_difference

_FIRST = ("weighted", "best-of-n", "majority")
"""Which sampling strategy stands for a model, from the first that was run; the paper's is weighted."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One sampling strategy over its widths, from the cheapest up."""

    points: tuple[int, ...]
    flops: tuple[float, ...]

    def between(self, flops: float) -> tuple[int, int, float] | None:
        """Return the points on either side of a cost and the share of the second; ``None`` below the cheapest."""
        if flops < self.flops[0]:
            return None
        last = len(self.flops) - 1
        i = next((i for i in range(last) if flops < self.flops[i + 1]), last)
        if i == last:
            return self.points[last], self.points[last], 0.0
        share = math.log(flops / self.flops[i]) / math.log(self.flops[i + 1] / self.flops[i])
        return self.points[i], self.points[i + 1], share


def curves(points: Sequence[Point]) -> list[Curve]:
    """Return one sampling curve for each model, setup and device: of the first of the strategies that was run there."""
    series: dict[tuple[str, str, str], dict[tuple[str, str], list[int]]] = {}
    for index, point in enumerate(points):
        choice = point.choice
        if choice.strategy in _FIRST and point.flops > 0:
            own = series.setdefault((choice.model, choice.setup, choice.device), {})
            own.setdefault((choice.strategy, choice.prm), []).append(index)
    found = []
    for own in series.values():
        chosen = next(name for name in _FIRST if any(strategy == name for strategy, _ in own))
        for (strategy, _), indices in own.items():
            if strategy == chosen:
                by_cost = {points[i].flops: i for i in indices}
                found.append(Curve(tuple(by_cost[cost] for cost in sorted(by_cost)), tuple(sorted(by_cost))))
    return found


def equal_compute(points: Sequence[Point], success: Floats, weights: Floats) -> Iterator[EqualCompute]:
    """Compare every tree search, at its own FLOPs, with sampling by the same model and by larger ones.

    Args:
        points: All configurations.
        success: Share of right runs, shape (problems, points).
        weights: Bootstrap weights from ``statistics.draws``.
    """
    for curve in curves(points):
        for index, point in enumerate(points):
            if not _is_search(point) or not _comparable(point, points[curve.points[0]]):
                continue
            place = curve.between(point.flops)
            if place is None:
                continue
            low, high, share = place
            sampled = (1 - share) * success[:, low] + share * success[:, high]
            yield EqualCompute(index, low, high, paired_difference(success[:, index], sampled, weights))


def catch_ups(points: Sequence[Point]) -> Iterator[CatchUp]:
    """Say how many times fewer FLOPs a search needs for what sampling reaches at its widest."""
    series: dict[tuple[str, ...], list[int]] = {}
    for index, point in enumerate(points):
        if _is_search(point):
            series.setdefault(point.choice.series, []).append(index)
    for curve in curves(points):
        widest = curve.points[-1]
        for indices in series.values():
            if not _comparable(points[indices[0]], points[widest]):
                continue
            reached = [i for i in indices if points[i].accuracy.value >= points[widest].accuracy.value]
            first = min(reached, key=lambda i: points[i].flops, default=None)
            best = max(indices, key=lambda i: (points[i].accuracy.value, -points[i].flops))
            times = None if first is None else points[widest].flops / points[first].flops
            yield CatchUp(best if first is None else first, widest, times)


def _is_search(point: Point) -> bool:
    return point.choice.strategy not in INDEPENDENT and point.choice.width > 1 and point.flops > 0


def _comparable(search: Point, sampling: Point) -> bool:
    """Say whether the question is the paper's: the same model without search, or a larger one."""
    ours, theirs = search.choice, sampling.choice
    alike = (ours.setup, ours.device) == (theirs.setup, theirs.device) and theirs.prm in ("", ours.prm)
    larger = (sampling.parameters or 0.0) > (search.parameters or 0.0)
    return alike and (ours.model == theirs.model or larger)
