"""``edge-solver advise``: which model, strategy and width to use under a budget, by this machine's own results.

The choice is made by ``bench.advice``; this finds the results, prints the choice, and writes the command to use it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_solver.cli import output
from edge_solver.core.events import plain
from edge_solver.core.meter import EnergyLabel
from edge_solver.errors import EdgeSolverError, ExitCode, UsageError
from edge_solver.paths import results_dir
from edge_solver.quantities import Kind, parse, show
from edge_solver.wording import clean

if TYPE_CHECKING:  # NumPy is loaded when a study is made, not for --help
    from edge_solver.bench.advice import Advice
    from edge_solver.bench.evidence import Choice
    from edge_solver.bench.statistics import Estimate
    from edge_solver.bench.trials import Run

SHOWN = 8
"""Most rivals that are printed; ``--json`` has them all."""
_KINDS = {"joules": Kind.JOULES, "flops": Kind.FLOPS, "seconds": Kind.SECONDS}
# Settings that the advice itself gives, or that do not change what an answer costs or is worth.
_GIVEN = ("problem", "model", "prm", "strategy", "width", "seed", "threads")


@click.command("advise")
@click.option("--joules", metavar="X", help="Energy for one problem: 20, 50J, 3kJ.")
@click.option("--flops", metavar="X", help="FLOPs for one problem, policy and reward model together: 1e12, 1.5T.")
@click.option("--seconds", metavar="X", help="Time for one problem: 5, 500ms, 2min.")
@click.option(
    "--runs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A results folder of 'bench solve'; may be repeated.  [default: those in the user's data folder]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    *, joules: str | None, flops: str | None, seconds: str | None, runs: tuple[Path, ...], as_json: bool
) -> int:
    """Say what to use under a budget for one problem, by results that were measured before.

    Give one of --joules, --flops and --seconds. Exit code 1 where nothing that was measured is that cheap.

    \b
    edge-solver advise --joules 20
    edge-solver advise --seconds 500ms --runs results
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    cost, budget = _budget({"joules": joules, "flops": flops, "seconds": seconds})
    from edge_solver.bench.advice import advise
    from edge_solver.bench.trials import read_run

    if runs:
        read = [read_run(folder) for folder in runs]
    else:
        read, faults = _own_runs()
        for fault in faults:
            output.say(f"left out: {fault}")
    advice = advise(read, cost, budget)
    line = shlex.join(_solve_command(advice))
    if as_json:
        output.emit_json({**plain(advice), "command": line})
    else:
        output.emit(_text(advice, line))
    return ExitCode.ANSWERED


def advice_text(cost: str, budget: float) -> str:
    """Return the advice of this machine's own results, for another surface.

    Args:
        cost: ``joules``, ``flops`` or ``seconds``.
        budget: For one problem, in the base unit.

    Raises:
        EdgeSolverError: The results say nothing about it.
    """
    from edge_solver.bench.advice import advise

    advice = advise(_own_runs()[0], cost, budget)
    return _text(advice, shlex.join(_solve_command(advice)))


def _budget(given: Mapping[str, str | None]) -> tuple[str, float]:
    """Return the one budget that was given, in its base unit."""
    typed = {cost: text for cost, text in given.items() if text is not None}
    if len(typed) != 1:
        raise click.UsageError("give one of --joules, --flops and --seconds, for example: advise --joules 20J")
    ((cost, text),) = typed.items()
    return cost, parse(text, _KINDS[cost], name=f"--{cost}")


def _own_runs() -> tuple[list[Run], list[str]]:
    """Return the results in the user's data folder, and what is wrong with those that cannot be read."""
    from edge_solver.bench.trials import read_run

    read, faults = [], []
    for folder in _own_results():
        try:
            read.append(read_run(folder))
        except EdgeSolverError as error:  # noqa: PERF203 - one damaged folder does not hide the others
            faults.append(str(error))
    if not read:
        raise UsageError(faults[0])
    return read, faults


def _own_results() -> list[Path]:
    """Return the results folders in the user's data folder.

    Raises:
        UsageError: There are none; says how to make some.
    """
    from edge_solver.bench.trials import run_folders

    home = results_dir()
    found = run_folders(home)
    if not found:
        example = shlex.join(
            [
                *("edge-solver", "bench", "solve", "--suite", "builtin"),
                *("--strategies", "greedy,majority,weighted,rebase", "--widths", "1,4,16"),
                *("--out", str(home / "builtin")),
            ]
        )
        raise UsageError(f"no results in {home} yet, and advice is made of nothing else; measure first: {example}")
    return found


def _solve_command(advice: Advice) -> list[str]:
    """Return the command that uses the advice, with every setting that was not the default when it was measured."""
    from edge_solver.bench.evidence import flattened
    from edge_solver.cli.solve import command as solve
    from edge_solver.config import Settings

    choice = advice.best.choice
    typed = ["edge-solver", "solve", "PROBLEM", "--model", choice.model]
    typed += ["--prm", choice.prm] if choice.prm else []
    typed += ["--strategy", choice.strategy, "--width", str(choice.width)]
    default = {name.rpartition(".")[2]: value for name, value in flattened(plain(Settings())).items()}
    measured = {name.rpartition(".")[2]: value for name, value in advice.settings.items()}
    for name in (parameter.name or "" for parameter in solve.params):
        value = measured.get(name)
        if name in default and name not in _GIVEN and value is not None and value != default[name]:
            typed += [f"--{name.replace('_', '-')}", str(value)]
    return [*typed, f"--max-{advice.cost}", f"{advice.budget:.12g}"]


def _text(advice: Advice, line: str) -> str:
    best = advice.best
    kind = _KINDS[advice.cost]
    where = ", ".join(clean(part) for part in (advice.label, advice.scope, advice.device) if part)
    lines = [
        (
            f"{_name(best.choice)}: right {_share(best.accuracy)} of the time (95 % interval), "
            f"for {show(best.cost, kind)} a problem on average"
        ),
        (
            f"measured on {advice.problems} problems of the suite {clean(advice.suite)!r}"
            f"{f' ({where})' if where else ''}; {advice.fitting} of {advice.compared} configurations fit "
            f"{show(advice.budget, kind)}"
        ),
    ]
    if best.over:
        lines.append(
            f"{best.over:.0%} of its runs cost more than that: under the cap the search narrows there, and may be "
            "right less often"
        )
    if advice.cost != "flops" and str(advice.settings.get("in_flight", "1")) != "1":
        lines.append("measured with several problems at the same time, perhaps: one alone may take more")
    if advice.label == EnergyLabel.ESTIMATED_DEFAULT.value:
        lines.append("these joules are estimated from generic constants: right within a factor of three")
    if advice.rivals:
        lines += ["", "not to be told apart from it:"]
        lines += [
            f"  {_name(one.choice)}: {_share(one.accuracy)}, {show(one.cost, kind)}" for one in advice.rivals[:SHOWN]
        ]
        if len(advice.rivals) > SHOWN:
            lines.append(f"  and {len(advice.rivals) - SHOWN} more")
        thrifty = min(advice.rivals, key=lambda one: one.cost)
        if thrifty.cost < best.cost:
            lines.append(
                f"the cheapest of these, {_name(thrifty.choice)}, costs {thrifty.cost / best.cost:.0%} as much"
            )
    lines += [f"left out, because it cannot be compared: {clean(one)}" for one in advice.set_aside]
    return "\n".join([*lines, "", line])


def _name(choice: Choice) -> str:
    setup = f" ({choice.setup})" if choice.setup else ""
    return clean(f"{choice.model} {choice.strategy}@{choice.width}{setup}")


def _share(accuracy: Estimate) -> str:
    return f"{accuracy.value:.1%} ({accuracy.low:.1%} to {accuracy.high:.1%})"
