"""``edge-solver models remove NAME``: what was downloaded or converted is deleted."""

from __future__ import annotations

import click

from edge_solver.catalog.shelf import remove
from edge_solver.cli import output
from edge_solver.cli.models.names import find
from edge_solver.errors import ExitCode
from edge_solver.quantities import Kind, show


@click.command("remove")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str, *, as_json: bool) -> int:
    """Delete what was downloaded or converted of the model NAME, unfinished downloads included."""
    gone, freed = remove(find(name))
    if as_json:
        output.emit_json({"name": name, "removed": [str(path) for path in gone], "bytes_freed": freed})
        return ExitCode.ANSWERED
    for path in gone:
        output.emit(str(path))
    output.say(f"{show(freed, Kind.BYTES)} freed")
    return ExitCode.ANSWERED
