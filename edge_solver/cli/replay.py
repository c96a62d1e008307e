"""``edge-solver replay``: print a recorded run again, without a model.

The run is read as it is printed, so a file that was cut in the middle is shown as far as it goes. A step is printed
once its reward is known, that is at the end of its round.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import click

from edge_solver.cli import output, render
from edge_solver.cli.result import Detail, deliver
from edge_solver.core.events import Billed, Drafted, Leading, Planned, Pulsed, Scored, Solved, Started
from edge_solver.core.solution import Solution
from edge_solver.errors import ExitCode
from edge_solver.recording import read

LONGEST_PAUSE = 60.0
"""Seconds; a recorded round may claim any length."""


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document, as solve does.")
@click.option("--speed", type=float, metavar="X", help="Pace: 1 as it was, 2 twice as fast.  [default: no pauses]")
def command(file: Path, *, as_json: bool, speed: float | None) -> int:
    """Print the run in FILE, which was recorded by 'solve --events FILE', again.

    The steps, their rewards and the summary go to standard error, the answer to standard output. The exit code is 0
    where the run has an answer and 1 where it has none or was cut short.
    """
    if speed is not None and not (math.isfinite(speed) and speed > 0):
        raise click.BadParameter(f"{speed} is no pace; give a positive number", param_hint="'--speed'")
    solution, last_line = _play(file, speed)
    if solution is None:
        output.say(f"error: {file}:{last_line}: the run was cut short after this line; it has no result")
        return ExitCode.NO_ANSWER
    return deliver(solution, as_json=as_json, detail=Detail.LONG)


def _play(file: Path, speed: float | None) -> tuple[Solution | None, int]:
    """Print the run's lines; return its result, ``None`` where it was cut short, and the last line's number."""
    drafted: list[Drafted] = []
    rewards: dict[int, float] = {}
    seconds, number = 0.0, 0
    for number, event in read(file):
        match event:
            case Started():
                output.say(render.opening(event))
            case Drafted():
                drafted.append(event)
            case Scored():
                rewards[event.node] = event.reward
            case Leading():
                drafted = _print_round(drafted, rewards)
                output.say(render.leading(event))
            case Billed():
                _wait(event.spent.seconds - seconds, speed)
                seconds = event.spent.seconds
                drafted = _print_round(drafted, rewards)
            case Solved():
                _print_round(drafted, rewards)
                return event.solution, number
            case Planned() | Pulsed():
                pass
    _print_round(drafted, rewards)
    return None, number


def _print_round(drafted: list[Drafted], rewards: dict[int, float]) -> list[Drafted]:
    """Print what was drafted, oldest node first; return what is left to print: nothing."""
    for event in sorted(drafted, key=lambda event: event.node):
        output.say(render.step(event, rewards.get(event.node)))
    return []


def _wait(seconds: float, speed: float | None) -> None:
    if speed is not None:
        time.sleep(min(max(seconds / speed, 0.0), LONGEST_PAUSE))
