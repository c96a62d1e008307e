"""Memory that a policy really takes once a problem is open, to check the estimate of ``models show`` against.

``python -m edge_solver.bench.footprint FILE.gguf --width 16`` prints one JSON document, in bytes. Only Linux tells a
process's own memory from the pages of a mapped file, which the kernel takes back when it needs them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from edge_solver.assembly import Assembly
from edge_solver.config import resolve
from edge_solver.errors import EdgeSolverError, UsageError

STATUS = Path("/proc/self/status")
PROBLEM = "What is 3 + 4?"
_FIGURES = {"own": "RssAnon", "mapped_file": "RssFile", "peak": "VmHWM"}


def footprint(model: str, width: int, step_format: str | None = None) -> dict[str, Any]:
    """Load a policy, open a problem at a width, and look.

    Raises:
        EdgeSolverError: The model cannot be used, or the system does not say what a process takes.
    """
    choices = {"model": model, "strategy": "majority", "width": width, "format": step_format}
    with Assembly(resolve(choices)) as assembly:
        loaded, drafter = _figures(), assembly.engines.drafter
        drafter.open(0, PROBLEM)
        return {
            "model": drafter.profile.name,
            "width": width,
            "kv_bytes_per_token": drafter.profile.shape.kv_bytes_per_token,
            "loaded": loaded,
            "open": _figures(),
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
@click.option("--format", "step_format", metavar="NAME")
def main(model: str, width: int, step_format: str | None) -> None:
    """Print the memory that the policy MODEL takes at a width, as JSON."""
    try:
        click.echo(json.dumps(footprint(model, width, step_format), indent=2))
    except EdgeSolverError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
