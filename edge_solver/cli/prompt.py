"""``edge-solver --no-tui``: one problem after the other in plain lines, each said once and never redrawn.

A screen reader reads every line as it comes; nothing here moves the cursor or needs colours.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from edge_solver.cli import output
from edge_solver.cli.app import saved
from edge_solver.cli.interrupts import Interrupts
from edge_solver.cli.render import leading
from edge_solver.cli.result import Detail, deliver
from edge_solver.config import Settings, resolve
from edge_solver.core.events import Event, Leading, Solved
from edge_solver.core.strategies import strategy_named
from edge_solver.errors import EdgeSolverError, ExitCode

if TYPE_CHECKING:
    from edge_solver.assembly import Assembly

HELP = """Type a problem and press Enter. Ctrl-C stops a search and keeps its answer; quit, or Ctrl-D, leaves.
strategy NAME    how to search
width N          how many solutions to grow
seconds 10s, joules 50J, flops 2e12, tokens 500    a cap; 'none' takes it away
settings         say what is set
help             say this again"""
_CAPS = ("seconds", "joules", "flops", "tokens")
_LEAVE = {"quit", "exit", "q"}
_WORDS = {"strategy", "width", *_CAPS}


def ask_and_answer(*, demo: bool) -> int:
    """Answer problems until there are no more; return the exit code."""
    chosen: dict[str, object] = {}
    settings = resolve(chosen)
    output.say(HELP)
    with contextlib.ExitStack() as stack:
        assembly: Assembly | None = None
        while (line := _line()) is not None and line not in _LEAVE:
            try:
                if _is_setting(line):
                    settings = _with(line, chosen)
                    output.say(_said(settings))
                elif line in {"help", "settings"}:
                    output.say(HELP if line == "help" else _said(settings))
                elif line:
                    assembly = _solve(line, settings, assembly, stack, demo=demo)
            except EdgeSolverError as error:  # noqa: PERF203 - what is wrong with one line does not end the others
                output.say(f"error: {error}")
    return ExitCode.ANSWERED


def _line() -> str | None:
    """Return what was typed, ``None`` at the end."""
    output.say("problem:")
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        return None
    return line.strip() if line else None


def _is_setting(line: str) -> bool:
    words = line.split()
    return len(words) == 2 and words[0] in _WORDS  # noqa: PLR2004 - a name and a value


def _with(line: str, chosen: dict[str, object]) -> Settings:
    """Return the settings with one more chosen."""
    name, value = line.split()
    key = f"max_{name}" if name in _CAPS else name
    tried = {**chosen, key: None if value == "none" else value}
    settings = resolve(tried)
    chosen.update(tried)
    return settings


def _said(settings: Settings) -> str:
    caps = ", ".join(f"{cap.value} {settings.budget.of(cap):g}" for cap in settings.budget.caps) or "no caps"
    return f"strategy {settings.strategy}, width {settings.search.width}, {caps}"


def _solve(
    problem: str, settings: Settings, assembly: Assembly | None, stack: contextlib.ExitStack, *, demo: bool
) -> Assembly:
    """Solve one problem; return the engines, for the next one."""
    from edge_solver.assembly import Assembly

    strategy = strategy_named(settings.strategy)
    if assembly is None or settings.search.width > assembly.settings.search.width:
        stack.close()
        output.say("loading the models")
        widest = replace(settings, strategy=settings.strategy if strategy.scored else "weighted")
        assembly = stack.enter_context(Assembly(widest, demo=demo))
    output.say("searching")
    record = saved(_warn) if settings.history else contextlib.nullcontext(_keep_nothing)
    with Interrupts() as interrupts, record as keep:
        search = assembly.search(
            problem, budget=settings.budget, seed=settings.seed, width=settings.search.width, strategy=strategy
        )
        interrupts.call(search.cancel)
        for event in search:
            keep(event)
            if isinstance(event, Leading):
                output.say(leading(event).strip())
            elif isinstance(event, Solved):
                deliver(event.solution, as_json=False, detail=Detail.BRIEF)
    return assembly


def _warn(words: str) -> None:
    output.say(f"warning: {words}")


def _keep_nothing(_event: Event) -> None:
    return
