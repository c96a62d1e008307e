"""``edge-solver bench solve``: a suite under several strategies and widths, every result kept.

Everything that the user got wrong is refused before a model is loaded. A signal ends the run between two calls; the
same command goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from edge_solver.cli import output
from edge_solver.cli.interrupts import Interrupts
from edge_solver.cli.options import settings_options
from edge_solver.config import READERS, resolve
from edge_solver.core.budget import Budget
from edge_solver.errors import ExitCode, UsageError
from edge_solver.quantities import Kind, parse

_PER_ARM = {"strategy", "width", "seed"}
"""Flags of ``solve`` that take a list here, under another name."""


@click.command("solve")
@click.option(
    "--suite",
    required=True,
    metavar="NAME|FILE.jsonl",
    help="builtin, deepmind-easy, deepmind-interpolate, gsm8k, math500, or JSON Lines.",
)
@click.option(
    "--strategies", default="greedy,majority,weighted,rebase", show_default=True, metavar="A,B", help="How to search."
)
@click.option("--widths", default="1,4,16", show_default=True, metavar="N,N", help="Solutions side by side.")
@click.option("--seeds", default="0", show_default=True, metavar="N,N", help="Solve everything once with each.")
@settings_options
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N problems.")
@click.option("--skip-bad", is_flag=True, help="Leave out lines that are no problem with an answer, and count them.")
@click.option(
    "--in-flight",
    type=click.IntRange(1, 128),
    metavar="N",
    help="Problems whose branches a call has places for; further ones begin where those have ended, up to half as "
    "many again.  [default: 8, or 1 for a small model, where more are no faster]",
)
@click.option("--suite-flops", metavar="X", help="Most FLOPs for the whole suite, for each strategy, width and seed.")
@click.option("--suite-joules", metavar="X", help="Most energy for the same.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where results go."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
@click.option("--quiet", is_flag=True, help="Say nothing on standard error but errors.")
@click.option("--demo", is_flag=True, hidden=True, help="Use a simulated model.")
def command(*, out: Path, as_json: bool, quiet: bool, **choices: Any) -> int:  # noqa: ANN401 - flags as they were typed
    """Solve a suite with several strategies and widths, and keep every result in DIR.

    A suite is JSON Lines of {"id", "problem", "answer"}, optionally "subject" and "level"; gsm8k and math500 are
    downloaded (about 0.5 MB each) the first time they are asked for. The same command goes on where it was stopped.
    Strategies that draw independent samples share them: majority, best-of-n and weighted at all widths cost one run.

    \b
    edge-solver bench solve --suite builtin --out results
    edge-solver bench solve --suite gsm8k --limit 50 --strategies weighted,rebase --widths 16 --out gsm
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    from edge_solver.bench.summary import Row
    from edge_solver.cli.bench.table import table, whole_runs

    order = _order(choices, quiet=quiet)
    document = _run(order, out, quiet=quiet)
    if as_json:
        output.emit_json(document)
    else:
        for line in (*table([Row(**row) for row in document["rows"]]), *whole_runs(document["energy"])):
            output.emit(line)
    if document["complete"]:
        return ExitCode.ANSWERED
    output.say(f"stopped by you; the same command goes on: {shlex.join(order.command)}")
    return ExitCode.INTERRUPTED


command.params = [parameter for parameter in command.params if parameter.name not in _PER_ARM]


def _order(choices: dict[str, Any], *, quiet: bool) -> Any:  # noqa: ANN401 - an Order, whose module is heavy
    """Check everything that was typed."""
    from edge_solver.bench import suites
    from edge_solver.bench.order import Order

    strategies = _listed("strategy", choices.pop("strategies"), "--strategies")
    widths = _listed("width", choices.pop("widths"), "--widths")
    seeds = _listed("seed", choices.pop("seeds"), "--seeds")
    budget = _suite_budget(choices.pop("suite_flops"), choices.pop("suite_joules"))
    wanted, limit, skip_bad = choices.pop("suite"), choices.pop("limit"), choices.pop("skip_bad")
    in_flight, demo = choices.pop("in_flight"), choices.pop("demo")
    settings = resolve(choices)
    suite = suites.load(wanted, skip_bad=skip_bad, announce=None if quiet else output.say)
    for complaint in suite.left_out[:3]:
        output.say(f"warning: left out: {complaint}")
    if len(suite.left_out) > 3:  # noqa: PLR2004 - as many as are shown
        output.say(f"warning: {len(suite.left_out)} lines were left out")
    return Order(
        suite.first(limit),
        settings,
        strategies,
        widths,
        seeds,
        in_flight=in_flight,
        suite_budget=budget,
        demo=demo,
        command=("edge-solver", *sys.argv[1:]),
    )


def _run(order: Any, out: Path, *, quiet: bool) -> dict[str, Any]:  # noqa: ANN401 - an Order
    from edge_solver.bench.runner import Runner
    from edge_solver.cli.bench.live import Live

    runner = Runner(order, out)
    with _showing(order, quiet=quiet) as live, Interrupts() as interrupts:

        def stop() -> None:
            runner.cancel()
            if isinstance(live, Live):
                live.stopping()

        interrupts.call(stop)
        return runner.run(live)


class _Silence:
    """Shows nothing."""

    def begin(self, lines: object) -> None:
        """Take earlier results."""

    def noted(self, note: object) -> None:
        """Keep a note to itself."""

    def finished(self, lines: object) -> None:
        """Take results."""

    def beat(self) -> None:
        """Go on."""


@contextlib.contextmanager
def _showing(order: Any, *, quiet: bool) -> Iterator[Any]:  # noqa: ANN401 - an Order and a Listener
    from edge_solver.cli.bench.live import Live

    if quiet:
        yield _Silence()
        return
    terminal = sys.stderr if output.is_terminal(sys.stderr) else None
    live = Live(order, terminal, colour=output.colours(sys.stderr))
    try:
        yield live
    finally:
        live.clear()


def _listed(setting: str, text: str, flag: str) -> tuple[Any, ...]:
    """Read a comma-separated list of values of a setting."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise UsageError(f"{flag}: {text!r} has an empty place; write values with one comma between two")
    return tuple(dict.fromkeys(READERS[setting](part, flag) for part in parts))


def _suite_budget(flops: str | None, joules: str | None) -> Budget:
    if flops is not None and joules is not None:
        raise UsageError("--suite-flops and --suite-joules: give one of them")
    return Budget(
        flops=None if flops is None else parse(flops, Kind.FLOPS, name="--suite-flops"),
        joules=None if joules is None else parse(joules, Kind.JOULES, name="--suite-joules"),
    )
