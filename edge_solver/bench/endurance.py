"""Whether memory stays where it is over many problems: ``python -m edge_solver.bench.endurance --problems 1000``.

Solves short problems one after the other in one process and looks at its resident memory now and then. The first
hundred fill caches (the tokenizer's pieces, the allocator's pools, what Python imports late); after them it should not
grow any more. Prints one JSON document, in bytes.
"""

from __future__ import annotations

import json
import time
from itertools import product
from typing import Any

import click

from edge_solver import memory
from edge_solver.assembly import Assembly
from edge_solver.config import resolve
from edge_solver.core.events import Solved
from edge_solver.errors import EdgeSolverError, UsageError

_WARM = 100
"""Problems before the first look that counts."""


def endurance(problems: int, every: int, **choices: object) -> dict[str, Any]:
    """Solve so many problems and return the resident memory on the way.

    Raises:
        EdgeSolverError: A model cannot be used, or the system does not say what a process takes.
    """
    begun = time.monotonic()
    looks: list[dict[str, int]] = []
    answered = 0
    with Assembly(resolve(choices)) as assembly:
        numbers = product(range(2, 100), range(2, 100))
        for solved, (first, second) in zip(range(1, problems + 1), numbers, strict=False):
            for event in assembly.search(f"What is {first} + {second}?"):
                if isinstance(event, Solved):
                    answered += event.solution.answer is not None
            if solved % every == 0 or solved == _WARM:
                looks.append({"problems": solved, "resident": _resident()})
    warm = next((look for look in looks if look["problems"] >= _WARM), looks[0])
    return {
        "problems": problems,
        "answered": answered,
        "seconds": round(time.monotonic() - begun, 1),
        "looks": looks,
        "grown": looks[-1]["resident"] - warm["resident"],
        "grown_since_problem": warm["problems"],
    }


def _resident() -> int:
    found = memory.resident()
    if found is None:
        raise UsageError("this system does not say what memory a process takes; use Linux")
    return found


@click.command()
@click.option("--problems", default=1000, show_default=True, type=click.IntRange(1, 9000), metavar="N")
@click.option("--every", default=100, show_default=True, type=click.IntRange(1), metavar="N", help="How often to look.")
@click.option("--model", default="builtin", show_default=True, metavar="NAME|PATH")
@click.option("--strategy", default="rebase", show_default=True, metavar="NAME")
@click.option("--width", default=4, show_default=True, metavar="N")
def main(problems: int, every: int, **choices: object) -> None:
    """Solve many problems in one process and print how its memory goes, as JSON."""
    try:
        click.echo(json.dumps(endurance(problems, min(every, problems), **choices), indent=2))
    except EdgeSolverError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
