"""``edge-solver models verify``: every file that is here is read again and compared with its checksum."""

from __future__ import annotations

import sys
import time

import click

from edge_solver.catalog.shelf import Holding, verify
from edge_solver.cli import output
from edge_solver.cli.status import StatusLine
from edge_solver.errors import ExitCode

INTERVAL = 0.2  # seconds between two drawings
_WORDS = {True: "sound", False: "BROKEN", None: "unknown"}


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
def command(*, as_json: bool) -> int:
    """Read every model file that is here again, and compare it with its checksum.

    Exit code 3 says that a file is broken.
    """
    rows = []
    watch = _Watch()
    for verdict in verify(watch):
        watch.clear()
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


class _Watch:
    """Shows on a terminal which file is being read."""

    def __init__(self) -> None:
        self._line: StatusLine | None = None
        self._drawn = 0.0

    def __call__(self, holding: Holding, done: int) -> None:
        now = time.monotonic()
        if now - self._drawn < INTERVAL or not output.is_terminal(sys.stderr):
            return
        self._drawn = now
        self._line = self._line or StatusLine(sys.stderr, colour=False)
        share = done / max(1, holding.path.stat().st_size)
        self._line.draw([(f"reading {holding.path.name}", None), (f"{share:.0%}", None)])

    def clear(self) -> None:
        """Take the line away; the next file gets a new one."""
        if self._line is not None:
            self._line.clear()
            self._line = None
