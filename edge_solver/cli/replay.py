"""``edge-solver replay``: print a recorded or saved run again, without a model.

The run is read as it is printed, so a file that was cut in the middle is shown as far as it goes. A step is printed
once its reward is known, that is at the end of its round.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from edge_solver.cli import output, render
from edge_solver.cli.result import Detail, deliver
from edge_solver.cli.saved import opened
from edge_solver.core.events import Billed, Drafted, Event, Leading, Planned, Pulsed, Scored, Solved, Started, Voted
from edge_solver.core.solution import Solution
from edge_solver.errors import ExitCode
from edge_solver.recording import read

LONGEST_PAUSE = 60.0
"""Seconds; a recorded round may claim any length."""

_LONGEST_ID = 18  # digits
_Function = TypeVar("_Function", bound=Callable[..., Any])

Run = Iterable[tuple[int, Event]]
"""Events with their numbers, read while they are printed."""

_FORMATS = (
    click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document, as solve does."),
    click.option("--speed", type=float, metavar="X", help="Pace: 1 as it was, 2 twice as fast.  [default: no pauses]"),
)


def replay_options(function: _Function) -> _Function:
    """Give a command the flags of a replay."""
    for option in reversed(_FORMATS):
        function = option(function)
    return function


@click.command("replay")
@click.argument("run", metavar="FILE|ID")
@replay_options
def command(run: str, *, as_json: bool, speed: float | None) -> int:
    """Print a run again: of FILE, which 'solve --events FILE' recorded, or the one saved as ID.

    A number is a FILE where there is one of that name; 'edge-solver history' lists the IDs. The steps, their rewards
    and the summary go to standard error, the answer to standard output. The exit code is 0 where the run has an answer
    and 1 where it has none or was cut short.
    """
    with contextlib.ExitStack() as stack:
        if run.isdecimal() and len(run) <= _LONGEST_ID and not Path(run).exists():
            history = stack.enter_context(opened())
            return play_again(history.load(int(run)), f"run {run}", as_json=as_json, speed=speed)
        return play_again(read(Path(run)), run, as_json=as_json, speed=speed)


def play_again(run: Run, name: str, *, as_json: bool, speed: float | None) -> ExitCode:
    """Print a run, and its result as ``solve`` does."""
    if speed is not None and not (math.isfinite(speed) and speed > 0):
        raise click.BadParameter(f"{speed} is no pace; give a positive number", param_hint="'--speed'")
    solution, last = _play(run, speed)
    if solution is None:
        output.say(f"error: {name}:{last}: the run was cut short after this line; it has no result")
        return ExitCode.NO_ANSWER
    return deliver(solution, as_json=as_json, detail=Detail.LONG)


def _play(run: Run, speed: float | None) -> tuple[Solution | None, int]:
    """Print the run's lines; return its result, ``None`` where it was cut short, and the last event's number."""
    drafted: list[Drafted] = []
    rewards: dict[int, float] = {}
    seconds, number = 0.0, 0
    for number, event in run:
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
            case Planned() | Pulsed() | Voted():
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
