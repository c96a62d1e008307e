"""``edge-solver engine-info``: which model runs where and how, and why it runs so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from edge_solver.cli import output
from edge_solver.cli.options import settings_options
from edge_solver.config import resolve
from edge_solver.errors import ExitCode

if TYPE_CHECKING:
    from edge_solver.loading import EngineInfo


@click.command("engine-info")
@settings_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, as_json: bool, **flags: object) -> int:
    """Say how a search with these settings would run its models, and why. Nothing is solved."""
    settings = resolve(flags)
    from edge_solver.assembly import Assembly  # only now: a wrong flag is refused before an engine is loaded

    with Assembly(settings) as assembly:
        found = assembly.engine_info
    if as_json:
        output.emit_json({"schema": 1, "engines": [asdict(info) for info in found]})
    else:
        for line in info_lines(found):
            output.emit(line)
    return ExitCode.ANSWERED


def info_lines(found: Iterable[EngineInfo]) -> Iterator[str]:
    """Yield what is known of every model as lines to read."""
    for info in found:
        yield f"{info.model} ({info.engine}) runs on: {info.runs_on}"
        for choice in info.choices:
            yield f"  {choice.name}: {choice.value} – {choice.reason}"
