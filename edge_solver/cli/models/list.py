"""``edge-solver models list``: one line for every model. It opens no model and no network."""

from __future__ import annotations

import click

from edge_solver.catalog import ModelEntry, registry
from edge_solver.catalog.shelf import runnable, state
from edge_solver.cli import output
from edge_solver.core.events import plain
from edge_solver.errors import ExitCode
from edge_solver.quantities import Kind, show

_HEADINGS = ("NAME", "KIND", "SIZE", "HERE", "LICENCE", "SUMMARY")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
def command(*, as_json: bool) -> int:
    """List every model that has a name, and say which are on this machine."""
    entries = registry().values()
    if as_json:
        output.emit_json([{**plain(entry), "state": state(entry), "here": bool(runnable(entry))} for entry in entries])
        return ExitCode.ANSWERED
    rows = [_HEADINGS, *(_row(entry) for entry in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        output.emit("  ".join(cells).rstrip())
    return ExitCode.ANSWERED


def _row(entry: ModelEntry) -> tuple[str, ...]:
    size = show(entry.bytes or None, Kind.BYTES)
    return entry.name, entry.kind.value, size, state(entry), entry.licence, entry.summary
