"""The command group: names and one-line summaries of all commands, and the import of the one that is called.

The summaries stand here so that the list of commands can be printed without importing any of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

import click

from edge_solver import __version__
from edge_solver.cli import output
from edge_solver.errors import ExitCode, nearest_name

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "solve": "Solve one problem and print its answer.",
        "replay": "Print a recorded run again, without a model.",
        "history": "Find saved runs; show, replay, export or remove one.",
        "models": "List, show, download, check and remove models.",
        "quantize": "Make a model file out of a Hugging Face checkpoint.",
        "bench": "Measure strategies and devices: accuracy, speed, FLOPs and joules.",
        "advise": "Say what to use under a budget, by results measured before.",
        "engine-info": "Say how and where the models run here, and why.",
        "energy": "Say how energy is measured here, and how to measure it better.",
    }
)
"""Every command and what it does; each lives in the module of its name."""

NO_TERMINAL = "On a terminal, this command alone opens the app; --no-tui asks and answers in plain lines."


class Group(click.Group):
    """A group of commands that suggests what may have been meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with."""
        name, known = args[0], self.list_commands(ctx)
        if name in known or name.startswith("-"):
            return super().resolve_command(ctx, args)
        nearest = nearest_name(name, known)
        hint = f"did you mean {nearest!r}?" if nearest else f"known: {', '.join(known)}"
        if not name.replace("-", "_").isidentifier():
            hint = "to solve a problem, write: edge-solver solve 'PROBLEM'"
        raise click.UsageError(f"there is no command {name!r}; {hint}", ctx)


class LazyGroup(Group):
    """A group that imports a command when it is called."""

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - click's own
        summaries: Mapping[str, str] = COMMANDS,
        package: str = "edge_solver.cli",
        **choices: Any,  # noqa: ANN401 - click's own
    ) -> None:
        """Hold the commands of ``summaries``, each the ``command`` of the module of its name in ``package``."""
        super().__init__(*arguments, **choices)
        self._summaries, self._package = summaries, package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which a newcomer needs them."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import a command."""
        if cmd_name not in self._summaries:
            return None
        return cast("click.Command", import_module(f"{self._package}.{cmd_name.replace('-', '_')}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the list of commands from their summaries alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted and not ctx.resilient_parsing:
        click.echo(f"edge-solver {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"max_content_width": 100})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print the version."
)
@click.option("--no-tui", is_flag=True, help="Ask and answer in plain lines, for screen readers and simple terminals.")
@click.option("--demo", is_flag=True, help="With no command: a simulated model, to see how a search looks.")
@click.pass_context
def root(ctx: click.Context, *, no_tui: bool, demo: bool) -> int | None:
    """Solve maths problems on this machine, offline, within a budget of FLOPs, joules, seconds or tokens.

    \b
    edge-solver                                  the terminal app
    edge-solver solve "What is 12 * 34?"
    edge-solver solve "Solve 2x + 6 = 0." --max-seconds 5
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    if ctx.invoked_subcommand is not None:
        return None
    if no_tui:
        from edge_solver.cli.prompt import ask_and_answer

        return ask_and_answer(demo=demo)
    if not all(output.is_terminal(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)):
        click.echo(f"{ctx.get_help()}\n\n{NO_TERMINAL}")
        return ExitCode.ANSWERED
    from edge_solver.cli.app import open_app

    return open_app(demo=demo)
