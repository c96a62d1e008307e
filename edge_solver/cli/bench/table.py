"""The final table of a benchmark, one line per strategy and width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge_solver.bench.summary import Row
from edge_solver.core.meter import EnergyLabel
from edge_solver.core.solution import Energy
from edge_solver.quantities import Kind, show
from edge_solver.wording import joules

_HEADINGS = ("strategy", "width", "n", "accuracy", "95 % interval", "coverage", "FLOPs", "tokens", "time", "energy")
_TEXT = {0}
"""Columns that are aligned to the left."""


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines; costs are means for one problem."""
    cells = [_HEADINGS, *map(_cells, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    return [
        "  ".join(
            cell.ljust(width) if column in _TEXT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def whole_runs(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for every figure that a battery gave for many problems together; it says nothing of one problem."""
    lines = []
    for entry in entries:
        energy = entry["joules"]
        if energy["label"] == EnergyLabel.MEASURED_BATTERY.value and energy["value"] is not None:
            figure = joules(Energy(energy["value"], energy["label"], energy["scope"]))
            lines.append(
                f"{entry['strategy']}, width {entry['width']}, seed {entry['seed']}: {figure} for {entry['problems']} "
                f"problems in {show(energy['window_seconds'], Kind.SECONDS)} ({energy['label']}: {energy['scope']}; a "
                "gauge sees no single problem)"
            )
    return lines


def _cells(row: Row) -> tuple[str, ...]:
    low, high = row.ci95
    return (
        row.strategy,
        str(row.width),
        str(row.n),
        f"{row.accuracy:.1%}",
        f"{low:.1%} – {high:.1%}",
        f"{row.coverage:.1%}",
        show(row.flops_mean, Kind.FLOPS).removesuffix("FLOP").rstrip(),
        f"{row.tokens_mean:,.0f}",
        show(row.seconds_mean, Kind.SECONDS),
        joules(Energy(row.joules_mean, row.joules_label, row.joules_scope, error=row.joules_error)),
    )
