"""A report for the terminal: tables, and plots made of characters.

Drawn here because the plots are this small; a plotting library would be a dependency of every installation. Knows
nothing of colours or streams: text in, text out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from edge_solver.bench.findings import Frontier, Study
from edge_solver.bench.report import tables, words
from edge_solver.bench.report.table import Table, plain
from edge_solver.bench.report.tables import Names
from edge_solver.bench.statistics import Estimate
from edge_solver.quantities import Kind, show

_TOO_WIDE = {
    "runs": ("settings", "command", "version"),
    "cost": ("FLOPs", "seconds", "joules", "label", "scope", "answered"),  # most of it stands in the first table
    "headline": ("label",),
    "coverage-laws": ("typical miss",),
    "equal-compute": ("p, sign test",),
    "catch-up": ("its FLOPs",),
}
"""Columns that a terminal has no room for."""
_BAR = 40
_COLUMNS, _ROWS = 60, 15


def report(study: Study) -> Iterator[str]:
    """Write a study block by block."""
    names = Names(study.points)
    yield f"{plain(study.suite)}: problems {study.problems}, configurations {len(study.points)}"
    for table in every_table(study):
        if table.rows and table.key != "reliability":
            yield f"{table.title}\n{table.text(_TOO_WIDE.get(table.key, ()))}"
        if table.key == "headline":
            yield bars([(names.choice(p.choice), p.accuracy) for p in study.points])
            flops = study.frontier("flops")
            if flops and len(flops.series) > 1:
                yield scatter(study, flops, names)
    yield "What this shows\n" + "\n".join(f"- {sentence}" for sentence in words.shows(study))
    yield "What it cannot show\n" + "\n".join(f"- {sentence}" for sentence in words.cannot(study))


def every_table(study: Study) -> list[Table]:
    """Return all tables of a study, in the order of a report."""
    names = Names(study.points)
    return [
        tables.runs(study),
        tables.headline(study, names),
        *(tables.frontier(study, names, found) for found in study.frontiers),
        tables.sizes(study),
        tables.coverage(study, names),
        tables.laws(study, names),
        tables.equal_compute(study, names),
        tables.catch_ups(study, names),
        tables.saturation(study, names),
        tables.subjects(study, names),
        tables.cost(study, names),
        tables.calibration_error(study, names),
        tables.reliability(study, names),
        tables.differences(study, names),
    ]


def bars(estimates: Sequence[tuple[str, Estimate]]) -> str:
    """Draw shares as bars with their intervals: ``=`` up to the figure, ``-`` over the interval."""
    width = max(len(name) for name, _ in estimates)
    lines = ["accuracy: = to the figure, - over its 95 % interval"]
    for name, one in estimates:
        low, middle, high = (round(_BAR * part) for part in (one.low, one.value, one.high))
        cells = ["=" if i < low else "+" if i == middle else "-" if low <= i <= high else " " for i in range(_BAR + 1)]
        lines.append(f"{name:<{width}}  |{''.join(cells)}| {one.value:6.1%}")
    lines.append(f"{'':<{width}}  0 %{'100 %':>{_BAR}}")
    return "\n".join(lines)


def scatter(study: Study, found: Frontier, names: Names) -> str:
    """Draw accuracy against a cost: letters for the frontier, dots for the rest."""
    points = [(float(getattr(study.points[i], found.cost)), study.points[i].accuracy.value, i) for i in found.series]
    drawn = [(math.log10(cost), accuracy, i) for cost, accuracy, i in points if cost > 0]
    if not drawn:
        return ""
    left, right = min(x for x, _, _ in drawn), max(x for x, _, _ in drawn)
    low, high = min(y for _, y, _ in drawn), max(y for _, y, _ in drawn)
    grid = [[" "] * (_COLUMNS + 1) for _ in range(_ROWS + 1)]
    letters = dict(zip(found.points, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    # The frontier comes last, so that nothing covers its letters.
    for x, y, index in sorted(drawn, key=lambda point: point[2] in letters):
        column = round(_COLUMNS * (x - left) / (right - left)) if right > left else 0
        row = _ROWS - (round(_ROWS * (y - low) / (high - low)) if high > low else 0)
        grid[row][column] = letters.get(index, "·")
    axis = [high - (high - low) * row / _ROWS for row in range(_ROWS + 1)]
    lines = [f"accuracy against {tables.frontier_name(found)} (letters: frontier)"]
    lines += [
        f"{f'{level:.0%}' if row % 5 == 0 else '':>5} |{''.join(cells).rstrip()}"
        for row, (level, cells) in enumerate(zip(axis, grid, strict=True))
    ]
    kind = {"joules": Kind.JOULES, "seconds": Kind.SECONDS}.get(found.cost, Kind.FLOPS)
    start, end = show(10**left, kind), show(10**right, kind)
    lines.append(f"      +{'-' * (_COLUMNS + 1)}")
    lines.append(f"       {start}{end:>{_COLUMNS + 1 - len(start)}}")
    lines += [f"       {letter}  {names.choice(study.points[index].choice)}" for index, letter in letters.items()]
    return "\n".join(lines)
