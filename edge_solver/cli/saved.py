"""The user's history as the commands use it: opened with a word about damage, and written as lines of text.

A pure part, from runs to lines, as ``render`` is for events; and the opening, which may have something to say.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from itertools import starmap

from edge_solver.cli import output
from edge_solver.cli.status import cells, clip
from edge_solver.history import History, Run, State
from edge_solver.quantities import Kind, show
from edge_solver.wording import clean, joules

_HEADINGS = ("ID", "WHEN", "ANSWER", "PROBLEM", "STRATEGY", "SPENT")
_ANSWER, _PROBLEM, _LEAST = 18, 48, 12
"""Columns that an answer may take, a problem where nothing is known of the screen, and one on any screen."""


@contextlib.contextmanager
def opened() -> Iterator[History]:
    """Open the user's history; say where a damaged one went."""
    with History.open() as history:
        try:
            yield history
        finally:
            if history.notice:
                output.say(f"warning: {history.notice}")


def table(runs: list[Run], columns: int | None) -> list[str]:
    """Write runs as a table, one line each, to fit into so many columns if that is possible."""
    rows = [_HEADINGS, *map(_row, runs)]
    room = _PROBLEM
    if columns is not None:
        rest = sum(
            max(cells(row[at]) for row in rows) + 2 for at in range(len(_HEADINGS)) if _HEADINGS[at] != "PROBLEM"
        )
        room = max(_LEAST, columns - rest)
    rows = [(*row[:3], clip(row[3], room), *row[4:]) for row in rows]
    widths = [max(cells(row[at]) for row in rows) for at in range(len(_HEADINGS))]
    return ["  ".join(starmap(_padded, zip(row, widths, strict=True))).rstrip() for row in rows]


def when(run: Run) -> str:
    """Write when a run was begun, in local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(run.begun))


def _row(run: Run) -> tuple[str, ...]:
    answer = clean(run.answer) if run.answer is not None else "—"
    if run.state is not State.FINISHED:
        answer = f"{run.state.value}: {answer}" if run.answer is not None else run.state.value
    spent = "—"
    if run.spent is not None:
        spent = f"{show(run.spent.flops, Kind.FLOPS)} · {show(run.spent.seconds, Kind.SECONDS)}"
        if run.spent.joules.value is not None:
            spent += f" · {joules(run.spent.joules)}"
    problem = clean(run.problem[:500])  # no screen shows more
    return str(run.id), when(run), clip(answer, _ANSWER), problem, f"{run.strategy} {run.width}", spent


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cells(cell))
