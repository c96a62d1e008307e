"""``edge-solver history``: saved runs, found again, shown, replayed, exported and removed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from edge_solver.cli import output, render
from edge_solver.cli.group import Group
from edge_solver.cli.replay import play_again, replay_options
from edge_solver.cli.saved import opened, table, when
from edge_solver.core.events import plain
from edge_solver.core.replay import INTERRUPTED, Replay
from edge_solver.errors import ExitCode, UsageError, nearest_name
from edge_solver.history import export
from edge_solver.history.store import History

_IDS = click.IntRange(min=1)


class HistoryGroup(Group):
    """A group in which whatever is no command is what to look for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take arguments that name no command as those of ``list``."""
        known = {*self.list_commands(ctx), *ctx.help_option_names}
        return super().parse_args(ctx, args if args and args[0] in known else ["list", *args])


@click.group("history", cls=HistoryGroup, subcommand_metavar="[TEXT]... | COMMAND [ARGS]...")
def command() -> None:
    """List saved runs, newest first, or those that match some words; show, replay, export or remove one.

    \b
    edge-solver history                       the latest runs
    edge-solver history 'x^2' rebase          those with both in problem, answer, strategy or model
    edge-solver history show 12               what run 12 found, and its bill

    The runs of 'solve' are saved unless it is told --no-history, or 'history = false' stands in edge-solver.toml.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined, and no raw string has it


@command.command("list")
@click.argument("words", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Most runs to list."
)
@click.option("--before", type=_IDS, metavar="ID", help="Only runs before this one: the next page.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
def list_runs(words: tuple[str, ...], *, limit: int, before: int | None, as_json: bool) -> int:
    """List runs, newest first; with TEXT, those that match it."""
    with opened() as history:
        runs = history.search(" ".join(words), limit=limit + 1, before=before)
    if as_json:
        output.emit_json([plain(run) for run in runs[:limit]])
        return ExitCode.ANSWERED
    if not runs:
        output.say(_nothing(words))
        return ExitCode.ANSWERED
    columns = shutil.get_terminal_size().columns if output.is_terminal(sys.stdout) else None
    for line in table(runs[:limit], columns):
        output.emit(line)
    if len(runs) > limit:
        output.say(f"more with --before {runs[limit - 1].id}")
    return ExitCode.ANSWERED


@command.command("show", short_help="Show what a run found, and its bill.")
@click.argument("run", type=_IDS, metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document, as solve does.")
def show(run: int, *, as_json: bool) -> int:
    """Show what a run found: answer, certainty, the best way to it, the bill."""
    with opened() as history:
        row, replay = history.run(run), _replay(history, run)
    solution = replay.solution
    if as_json:
        output.emit_json(solution)
        return ExitCode.ANSWERED
    output.emit(render.opening(replay.started))
    output.emit(f"run {run} of {when(row)}, {row.state.value}")
    output.emit("\n".join(render.summary(solution)))
    if solution.answer is None:
        interrupted = solution.stopped_by == INTERRUPTED
        output.emit("no answer yet" if interrupted else render.no_answer(solution))
    return ExitCode.ANSWERED


@command.command("replay")
@click.argument("run", type=_IDS, metavar="ID")
@replay_options
def replay_run(run: int, *, as_json: bool, speed: float | None) -> int:
    """Print a run again, step by step, as 'edge-solver replay' does."""
    with opened() as history:
        return play_again(history.load(run), f"run {run}", as_json=as_json, speed=speed)


@command.command("export", short_help="Write a run to a file: Markdown, JSON or a picture.")
@click.argument("run", type=_IDS, metavar="ID")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    required=True,
    help="Its ending says the format: .md, .json, or .svg for a picture of the tree.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def export_run(run: int, *, file: Path, force: bool) -> int:
    """Write a run to a file: as Markdown, as JSON with all its events, or as a picture of its tree."""
    write = export.writer_for(file)
    if file.exists() and not force:
        raise UsageError(f"{str(file)!r} exists; choose another name, or add --force to replace it")
    with opened() as history:
        text = write(history.run(run), [event for _, event in history.load(run)])
    export.save(text, file)
    output.say(f"run {run} is written to {file}")
    return ExitCode.ANSWERED


@command.command("remove")
@click.argument("runs", type=_IDS, nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Remove every saved run.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(runs: tuple[int, ...], *, everything: bool, yes: bool) -> int:
    """Remove runs for good, after asking."""
    if everything == bool(runs):
        raise UsageError("name the runs to remove, or say --all")
    with opened() as history:
        for run in runs:
            history.run(run)  # a wrong id removes nothing at all
        what = "every saved run" if everything else f"run {', '.join(map(str, sorted(set(runs))))}"
        if not yes and not sys.stdin.isatty():
            raise UsageError(f"nobody can be asked whether to remove {what}; add --yes to remove it all the same")
        if not yes and not click.confirm(f"remove {what} for good?", err=True):
            output.say("nothing is removed")
            return ExitCode.ANSWERED
        removed = history.remove(None if everything else runs)
    output.say(f"removed {removed} run{'' if removed == 1 else 's'}")
    return ExitCode.ANSWERED


def _replay(history: History, run: int) -> Replay:
    return Replay(event for _, event in history.load(run))


def _nothing(words: tuple[str, ...]) -> str:
    """Say why a list is empty."""
    if not words:
        return "no run is saved yet; 'edge-solver solve PROBLEM' saves one"
    meant = nearest_name(words[0], ("show", "replay", "export", "remove"))
    hint = f"; did you mean 'edge-solver history {meant}'?" if meant else ""
    return f"no saved run matches {' '.join(words)!r}{hint}"
