"""``edge-solver models verify``: every file that is here is read again and compared with its checksum."""

from __future__ import annotations

import click

from edge_solver.cli import output
from edge_solver.errors import ExitCode

_WORDS = {True: "sound", False: "BROKEN", None: "unknown"}


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
def command(*, as_json: bool) -> int:
    """Read every model file that is here again, and compare it with its checksum.

    Exit code 3 says that a file is broken.
    """
    from edge_solver.catalog.shelf import verify

    rows = []
    for verdict in verify():
        holding = verdict.holding
        rows.append(
            {
                "name": holding.entry.name,
                "path": str(holding.path),
                "origin": holding.origin.value,
                "sound": verdict.sound,
                "reason": verdict.reason,
            }
        )
        if not as_json:
            reason = f" ({verdict.reason})" if verdict.reason else ""
            output.emit(f"{_WORDS[verdict.sound]:<8} {holding.entry.name}: {holding.path}{reason}")
    if as_json:
        output.emit_json(rows)
    return ExitCode.MODEL if any(row["sound"] is False for row in rows) else ExitCode.ANSWERED
