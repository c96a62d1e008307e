"""Memory that a search really takes, beside what was announced before it began.

``python -m edge_solver.bench.footprint MODEL --width 16`` runs a search and prints one JSON document, in bytes;
``peak`` is the most that the process has had in memory at one time, as Linux counts it (VmHWM): weights, mapped files,
cache, program and all.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from edge_solver.assembly import Assembly
from edge_solver.config import resolve
from edge_solver.errors import EdgeSolverError, UsageError

STATUS = Path("/proc/self/status")
PROBLEM = "What is 3 + 4?"
_FIGURES = {"own": "RssAnon", "mapped_file": "RssFile", "peak": "VmHWM"}


def footprint(model: str, width: int, **choices: object) -> dict[str, Any]:
    """Load models, search at a width, and look.

    Args:
        model: The policy.
        width: Solutions side by side.
        **choices: Other settings of the search.

    Raises:
        EdgeSolverError: A model cannot be used, or the system does not say what a process takes.
    """
    with Assembly(resolve({"strategy": "majority", **choices, "model": model, "width": width})) as assembly:
        loaded = _figures()
        search, announced = assembly.search(PROBLEM), assembly.announced
        assert announced is not None  # the search was made
        opened = _figures()
        for _ in search:
            pass
        done = _figures()
        solution = search.solution()
        return {
            "model": assembly.engines.drafter.profile.name,
            "width": width,
            "kv_bytes_per_token": assembly.engines.drafter.profile.shape.kv_bytes_per_token,
            "announced": {**asdict(announced), "total": announced.total},
            "loaded": loaded,
            "open": opened,
            "done": done,
            "peak_of_announced": round(done["peak"] / announced.total, 4),
            "tokens": solution.spent.tokens_generated,
            "tokens_evaluated": solution.spent.tokens_evaluated,
            "tokens_again": solution.spent.tokens_again,
            "seconds": round(solution.spent.seconds, 2),
            "finished": sum(candidate.votes for candidate in solution.candidates),
            "stopped_by": solution.stopped_by,
        }


def _figures() -> dict[str, int]:
    try:
        text = STATUS.read_text(encoding="ascii")
    except OSError:
        raise UsageError("this system does not say what memory a process takes; use Linux") from None
    found = {name: re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE) for name, key in _FIGURES.items()}
    return {name: int(match[1]) * 1024 for name, match in found.items() if match}


@click.command()
@click.argument("model")
@click.option("--width", default=16, show_default=True, metavar="N")
@click.option("--strategy", metavar="NAME", help="How to search.  [default: majority]")
@click.option("--format", metavar="NAME")
@click.option("--max-memory", metavar="X")
@click.option("--max-tokens", metavar="N", help="Stop there.")
def main(model: str, width: int, **choices: str | None) -> None:
    """Print the memory that a search with the policy MODEL takes at a width, as JSON."""
    try:
        given = {name: value for name, value in choices.items() if value is not None}
        click.echo(json.dumps(footprint(model, width, **given), indent=2))
    except EdgeSolverError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
