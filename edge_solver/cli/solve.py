"""``edge-solver solve``: one problem in, one answer out, with everything else on standard error.

Everything that the user got wrong is refused before an engine is loaded. While the search runs, the progress line and
the recorder listen to its events, and a signal cancels it instead of ending the program.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_solver.cli import output
from edge_solver.cli.engine_info import info_lines
from edge_solver.cli.interrupts import Interrupts
from edge_solver.cli.options import settings_options
from edge_solver.cli.problem import ProblemCommand, read_problem
from edge_solver.cli.progress import Progress
from edge_solver.cli.result import Detail, deliver
from edge_solver.config import Settings, resolve
from edge_solver.core.events import Event, Pulsed, Solved
from edge_solver.core.solution import Solution
from edge_solver.errors import ExitCode
from edge_solver.history import Saver
from edge_solver.quantities import Kind, show
from edge_solver.recording import Recorder
from edge_solver.solver import Search

if TYPE_CHECKING:
    from edge_solver.assembly import Assembly
    from edge_solver.engines.capacity import Announced

WORTH_SAYING = 2**30
"""Bytes of memory from which on it is announced."""
BEAT = 0.02
"""Seconds between two calls of a simulated model on a terminal: a pace that an eye can follow."""


@click.command("solve", cls=ProblemCommand)
@click.argument("problem", nargs=-1, required=True, metavar="PROBLEM")
@settings_options
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as one JSON document.")
@click.option(
    "--events",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Record the run as JSON Lines for 'replay'; what FILE held is replaced when the search begins.",
)
@click.option("--history/--no-history", default=None, help="Save the run for 'history', or do not.  [default: save]")
@click.option("--engine-info", is_flag=True, help="Say first how and where the models run, and why.")
@click.option("--quiet", is_flag=True, help="Say nothing on standard error but errors.")
@click.option("--demo", "simulate", is_flag=True, help="Use a simulated model, to see how a search looks.")
def command(
    problem: tuple[str, ...],
    *,
    as_json: bool,
    events: Path | None,
    engine_info: bool,
    quiet: bool,
    simulate: bool,
    **flags: object,
) -> int:
    """Solve PROBLEM (- reads it from standard input) and print the answer.

    The answer goes to standard output, everything else to standard error. Ctrl-C stops the search and prints the best
    answer so far. Exit codes: 0 answered, 1 no answer within the budget, 2 usage, 3 model missing or broken, 130
    interrupted.

    \b
    edge-solver solve "What is 15% of 240?" --max-joules 20
    edge-solver solve "Solve 3x + 7 = 22 for x." --strategy majority --width 8
    echo "What is 3/4 + 1/6?" | edge-solver solve - --json
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    text = read_problem(problem)
    settings = resolve(flags)
    watched = output.is_terminal(sys.stderr) and not quiet
    progress = Progress(sys.stderr, colour=output.colours(sys.stderr)) if watched else None
    recorder = Recorder(events) if events else None
    saver = Saver() if settings.history else None
    solution = _solve(text, settings, progress, recorder, saver, simulate=simulate, quiet=quiet, info=engine_info)
    if recorder and recorder.failure:
        output.say(f"warning: {recorder.path} holds only the beginning of the run: {recorder.failure}")
    for words in saver.warnings if saver else ():
        output.say(f"warning: {words}")
    if saver and saver.run and watched:
        output.say(click.style(f"saved as run {saver.run}; see 'edge-solver history show {saver.run}'", dim=True))
    code = deliver(solution, as_json=as_json, detail=Detail.NONE if quiet else Detail.LONG if watched else Detail.BRIEF)
    return ExitCode.INTERRUPTED if solution.stopped_by == "cancelled" else code


def _solve(
    problem: str,
    settings: Settings,
    progress: Progress | None,
    recorder: Recorder | None,
    saver: Saver | None,
    *,
    simulate: bool,
    quiet: bool,
    info: bool,
) -> Solution:
    """Run the search under everything that listens to it, and return its result."""
    with contextlib.ExitStack() as stack:
        listeners: list[Callable[[Event], None]] = []
        if recorder:
            listeners.append(stack.enter_context(recorder).write)
        if saver:
            listeners.append(stack.enter_context(saver))
        interrupts = stack.enter_context(Interrupts())
        if progress:
            listeners.append(progress)
            stack.callback(progress.clear)
            progress.note("loading the models")
        from edge_solver.assembly import Assembly  # only now: a wrong flag is refused before an engine is loaded

        assembly = stack.enter_context(Assembly(settings, demo=simulate))
        if not quiet:
            _say_notes(assembly.notes, progress)
        if info:
            _say_info(assembly, progress)
        search = assembly.search(problem)
        if not quiet and (words := _memory(assembly.announced)):
            _say_notes([words], progress)
        if simulate and progress:
            listeners.append(_in_human_time)
        interrupts.call(lambda: _stop(search, progress))
        return _watch(search, listeners)


def _say_notes(notes: Iterable[str], progress: Progress | None) -> None:
    for note in notes:
        if progress:
            progress.note("")  # the note takes the line; the next drawing begins a new one
        output.say(f"note: {note}")


def _memory(announced: Announced | None) -> str | None:
    """Say what memory the search will take, where that is much or less than it would like."""
    if announced is None or not (announced.is_narrow or announced.total > WORTH_SAYING):
        return None
    words = f"memory: at most {show(announced.total, Kind.BYTES)}, {show(announced.cache, Kind.BYTES)} of it for "
    words += f"{announced.cells} tokens of keys and values"
    return words + ("; what does not fit at once is evaluated again" if announced.is_narrow else "")


def _say_info(assembly: Assembly, progress: Progress | None) -> None:
    if progress:
        progress.note("")  # as above
    for line in info_lines(assembly.engine_info):
        output.say(line)


def _stop(search: Search, progress: Progress | None) -> None:
    search.cancel()
    if progress:
        progress.stopping()


def _in_human_time(event: Event) -> None:
    if isinstance(event, Pulsed):
        time.sleep(BEAT)


def _watch(events: Iterable[Event], listeners: list[Callable[[Event], None]]) -> Solution:
    solution: Solution | None = None
    for event in events:
        for listen in listeners:
            listen(event)
        if isinstance(event, Solved):
            solution = event.solution
    assert solution is not None, "a search ends with its solution"
    return solution
