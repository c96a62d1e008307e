"""Which figures a study has, and what each shows: one function a figure, from plain data to a drawn plot.

Every mark with an error bar has a 95 % interval, and every figure has a table with its values in the report. A colour
is a strategy and a marker is a model, the same in all figures that compare strategies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edge_solver.bench.evidence import Choice
from edge_solver.bench.findings import Coverage, Frontier, Point, Reliability, Saturation, Study
from edge_solver.bench.report.canvas import INK, MUTED, Canvas, Label, Picture, colour_of, marker_of
from edge_solver.bench.report.tables import Names, frontier_name
from edge_solver.bench.statistics import Estimate
from edge_solver.bench.study import widest
from edge_solver.quantities import Kind

MOST_DIFFERENCES = 20
_KINDS = {"flops": Kind.FLOPS, "flops_paper": Kind.FLOPS, "joules": Kind.JOULES, "seconds": Kind.SECONDS}
_ROOM = 0.25
"""Of the height of a frontier plot, for the labels above its highest point."""


def figures(study: Study) -> Iterator[Picture]:
    """Draw every figure that the study has data for.

    Raises:
        UsageError: matplotlib is not installed.
    """
    names, look = Names(study.points), _Look(study.points)
    flops = study.frontier("flops")
    if flops:
        yield frontier_plot(study, flops, names, look)
        yield curves("accuracy-flops", study, flops, names, look)
    joules = [found for found in study.frontiers if found.cost == "joules"]
    for number, found in enumerate(joules, start=1):
        yield curves("accuracy-joules" + (f"-{number}" if number > 1 else ""), study, found, names, look)
    if study.coverage:
        yield coverage(study.coverage, names)
    owners = list(dict.fromkeys(_owner(found.choice) for found in study.saturation))
    for number, owner in enumerate(owners, start=1):
        some = [found for found in study.saturation if _owner(found.choice) == owner]
        yield saturation(f"saturation-{number}", some, owner[0] if len(owners) > 1 else "")
    owners = list(dict.fromkeys(_owner(study.points[found.point].choice) for found in study.reliability))
    for number, owner in enumerate(owners, start=1):
        mine = [found for found in study.reliability if _owner(study.points[found.point].choice) == owner]
        yield reliability(f"reliability-{number}", study, mine, owner[0] if len(owners) > 1 else "", names, look)
    if study.differences:
        yield differences(study, names)


class _Look:
    """The colour of every strategy and the marker of every model."""

    def __init__(self, points: Sequence[Point]) -> None:
        strategies = list(dict.fromkeys(point.choice.strategy for point in points))
        models = list(dict.fromkeys(point.choice.model for point in points))
        self._colours = {name: colour_of(index) for index, name in enumerate(strategies)}
        self._markers = {name: marker_of(index) for index, name in enumerate(models)}

    def colour(self, choice: Choice) -> str:
        return self._colours[choice.strategy]

    def marker(self, choice: Choice) -> str:
        return self._markers[choice.model]


def frontier_plot(study: Study, found: Frontier, names: Names, look: _Look) -> Picture:
    """Draw every configuration, and a line through those that nothing cheaper beats."""
    best = [study.points[index] for index in found.points]
    canvas = Canvas(
        "frontier",
        "Compute-optimal frontier",
        f"Accuracy against {frontier_name(found)} of a problem. {len(best)} of {len(found.series)} configurations are "
        f"on the frontier: {', '.join(names.choice(point.choice) for point in best)}.",
    )
    for index in found.series:
        point = study.points[index]
        _mark(canvas, [point], found.cost, look, faint=index not in found.points)
    costs = [float(getattr(point, found.cost)) for point in best]
    canvas.axes.step(
        costs,
        [point.accuracy.value for point in best],
        where="post",
        color=INK,
        linewidth=1.2,
        linestyle="--",
        zorder=1.5,
    )
    canvas.axis(x="executed FLOPs a problem", kind=_KINDS[found.cost])
    low, high = canvas.axes.get_ylim()
    canvas.axes.set_ylim(max(low, -0.03), high + _ROOM * (high - low))
    canvas.name_points(
        [
            Label(cost, p.accuracy.value, text, INK)
            for cost, p, text in zip(costs, best, _in_turn([p.choice for p in best], names), strict=True)
        ]
    )
    return canvas.finish()


def curves(key: str, study: Study, found: Frontier, names: Names, look: _Look) -> Picture:
    """Draw accuracy against a cost: one line for every model and strategy, over its widths."""
    grouped: dict[tuple[str, ...], list[Point]] = {}
    for index in found.series:
        grouped.setdefault(study.points[index].choice.series, []).append(study.points[index])
    what = "joules" if found.cost == "joules" else "FLOPs"
    canvas = Canvas(
        key,
        f"Accuracy against {what}",
        f"Accuracy against {frontier_name(found)} of a problem, one line for every strategy over its widths: "
        + ", ".join(
            f"{names.series(points[0].choice)} up to {points[-1].accuracy.value:.1%}" for points in grouped.values()
        )
        + ".",
    )
    for points in grouped.values():
        points.sort(key=lambda point: point.choice.width)
        _mark(canvas, points, found.cost, look)
    canvas.axis(x=f"{frontier_name(found)}, a problem", kind=_KINDS[found.cost])
    canvas.name_ends(
        [
            Label(
                float(getattr(points[-1], found.cost)),
                points[-1].accuracy.value,
                names.series(points[-1].choice),
                look.colour(points[-1].choice),
            )
            for points in grouped.values()
        ]
    )
    return canvas.finish()


def coverage(found: Sequence[Coverage], names: Names) -> Picture:
    """Draw pass@k of every policy as dots, and the fitted laws as lines."""
    canvas = Canvas(
        "coverage",
        "Coverage of k samples",
        "pass@k against the number of samples k, with the fitted law exp(a k^-b) as a line: "
        + ", ".join(f"{names.series(c.choice)} reaches {c.values[-1].value:.1%} at k = {c.samples}" for c in found)
        + ".",
    )
    labels = []
    for index, curve in enumerate(found):
        colour = colour_of(index)
        dots = curve.powers_of_two()
        _errors(canvas, [curve.ks[i] for i in dots], [curve.values[i] for i in dots], colour, marker_of(index), "none")
        if curve.law:
            ks = np.geomspace(1, curve.samples, 60)
            canvas.axes.plot(ks, [curve.law.at(float(k)) for k in ks], color=colour, linewidth=1.4)
        labels.append(Label(curve.samples, curve.values[-1].value, names.series(curve.choice), colour))
    canvas.axis(x="")
    canvas.counts([curve.samples for curve in found], x="k, samples a problem (dots: pass@k; line: law)")
    canvas.name_ends(labels)
    return canvas.finish()


def saturation(key: str, found: Sequence[Saturation], model: str) -> Picture:
    """Draw accuracy against votes for each rule, and the limit that it tends to as a band."""
    canvas = Canvas(
        key,
        f"Where voting saturates{f': {model}' if model else ''}",
        "Accuracy against the number of votes, with the predicted limit as a dashed line in a band: "
        + ", ".join(
            f"{s.rule} tends to {s.limit.limit.value:.1%} ({s.limit.limit.low:.1%} to {s.limit.limit.high:.1%})"
            for s in found
        )
        + ".",
    )
    labels = []
    most = max(point.votes for s in found for point in s.limit.curve)
    for index, one in enumerate(found):
        colour, limit = colour_of(index), one.limit.limit
        canvas.axes.axhspan(limit.low, limit.high, color=colour, alpha=0.12, linewidth=0)
        canvas.axes.axhline(limit.value, color=colour, linestyle="--", linewidth=1.1)
        votes = [point.votes for point in one.limit.curve]
        canvas.axes.plot(votes, [point.accuracy for point in one.limit.curve], color=colour, linewidth=1.4)
        _errors(
            canvas,
            [m.width for m in one.measured],
            [m.accuracy for m in one.measured],
            colour,
            marker_of(index),
            "none",
        )
        labels.append(Label(most, limit.value, f"{one.rule} limit", colour))
    canvas.axis(x="")
    canvas.counts([most, *(m.width for s in found for m in s.measured)], x="votes (line: redrawn; dots: measured)")
    canvas.name_ends(labels)
    return canvas.finish()


def reliability(key: str, study: Study, found: Sequence[Reliability], model: str, names: Names, look: _Look) -> Picture:
    """Draw how often answers of a confidence are right, beside the line where both agree."""
    canvas = Canvas(
        key,
        f"Can the confidence be trusted?{f' {model}' if model else ''}",
        "Share of right answers against mean confidence; on the dashed diagonal confidence is honest, below it too "
        "high. Expected calibration errors: "
        + ", ".join(f"{names.choice(study.points[r.point].choice)} {r.calibration.error.value:.1%}" for r in found)
        + ".",
    )
    canvas.axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1.1)
    labels = []
    for one in found:
        choice, bins = study.points[one.point].choice, one.calibration.bins
        _errors(
            canvas,
            [part.confidence for part in bins],
            [part.accuracy for part in bins],
            look.colour(choice),
            look.marker(choice),
        )
        labels.append(Label(bins[-1].confidence, bins[-1].accuracy.value, choice.strategy, look.colour(choice)))
    canvas.axis(x="mean confidence of the answers", y="right")
    canvas.axes.set_xlim(-0.03, 1.03)
    canvas.axes.set_ylim(-0.03, 1.03)
    canvas.axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    canvas.name_ends(labels)
    return canvas.finish()


def differences(study: Study, names: Names) -> Picture:
    """Draw paired differences between the largest widths, the largest difference first."""
    last = set(widest([point.choice for point in study.points]))
    wanted = [d for d in study.differences if d.a in last and d.b in last]
    wanted.sort(key=lambda d: -abs(d.gap.estimate.value))
    shown = wanted[:MOST_DIFFERENCES]
    pairs = [(study.points[d.a].choice, study.points[d.b].choice) for d in shown]
    rows = [f"{names.choice(a)} − {names.choice(b)}" for a, b in pairs]
    told = sum(d.gap.apart for d in shown)
    canvas = Canvas(
        "differences",
        "Paired differences in accuracy",
        f"Difference in accuracy of {len(shown)} pairs of strategies on the same problems, each at its largest width; "
        f"{told} of them can be told apart.",
        rows=len(shown),
    )
    canvas.axes.axvline(0, color=INK, linewidth=1)
    for row, one in enumerate(shown):
        sure, estimate = one.gap.apart, one.gap.estimate
        middle = estimate.value
        canvas.axes.errorbar(
            100 * middle,
            row,
            xerr=[[100 * max(0, middle - estimate.low)], [100 * max(0, estimate.high - middle)]],
            color=colour_of(0) if sure else MUTED,
            marker="o" if sure else "|",
            markersize=6,
            capsize=3,
        )
    canvas.axes.set_xlabel("percentage points")
    canvas.name_rows(rows)
    return canvas.finish()


def _in_turn(choices: Sequence[Choice], names: Names) -> Iterator[str]:
    """Name configurations in a row: where the series stays the same, the width says enough."""
    before: tuple[str, ...] | None = None
    for choice in choices:
        yield f"@{choice.width}" if choice.series == before else names.choice(choice)
        before = choice.series


def _owner(choice: Choice) -> tuple[str, str, str]:
    return choice.model, choice.setup, choice.device


def _mark(canvas: Canvas, points: Sequence[Point], cost: str, look: _Look, *, faint: bool = False) -> None:
    """Draw configurations of one strategy and model with their intervals."""
    choice = points[0].choice
    _errors(
        canvas,
        [float(getattr(point, cost)) for point in points],
        [point.accuracy for point in points],
        look.colour(choice),
        look.marker(choice),
        faint=faint,
    )


def _errors(
    canvas: Canvas,
    x: Sequence[float],
    estimates: Sequence[Estimate],
    colour: str,
    marker: str,
    line: str = "-",
    *,
    faint: bool = False,
) -> None:
    """Draw estimates with their intervals."""
    if not x:
        return
    middles = [one.value for one in estimates]
    below = [max(0.0, one.value - one.low) for one in estimates]
    above = [max(0.0, one.high - one.value) for one in estimates]
    _, caps, bars = canvas.axes.errorbar(
        x,
        middles,
        yerr=[below, above],
        color=colour,
        marker=marker,
        markersize=4 if faint else 5.5,
        linestyle=line,
        linewidth=1.4,
        capsize=2,
        elinewidth=0.8,
        alpha=0.35 if faint else 1.0,
    )
    for part in (*caps, *bars):
        part.set_alpha(0.2 if faint else 0.5)
