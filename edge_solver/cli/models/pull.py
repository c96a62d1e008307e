"""``edge-solver models pull NAME``: what it takes is said first, then the download runs under a line that moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from edge_solver import paths
from edge_solver.catalog import ModelEntry
from edge_solver.catalog.shelf import conversion
from edge_solver.cli import output
from edge_solver.cli.models.names import find
from edge_solver.cli.models.watch import Watch
from edge_solver.errors import ExitCode, UsageError
from edge_solver.quantities import Kind, show

if TYPE_CHECKING:
    from edge_solver.catalog.pull import Offer, Pulled


@click.command("pull")
@click.argument("name")
@click.option("--accept-licence", is_flag=True, help="Accept a licence that is not open source, without being asked.")
@click.option("--dry-run", is_flag=True, help="Say what it would take, and download nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--quiet", is_flag=True, help="Say nothing on standard error but errors.")
def command(name: str, *, accept_licence: bool, dry_run: bool, as_json: bool, quiet: bool) -> int:
    """Download the model NAME from the Hugging Face Hub, and print where it is.

    A download that was cut off goes on where it stopped when the command is given again. HF_HOME, HF_ENDPOINT, HF_TOKEN
    and HF_HUB_OFFLINE mean what they mean to the hub's own programs, and the files are kept where those look for them.
    """
    entry = find(name)
    from edge_solver.catalog.pull import offer, pull

    offered = offer(entry)
    if not quiet:
        _describe(offered)
    if dry_run:
        if as_json:
            output.emit_json(_document(offered, None))
        return ExitCode.ANSWERED
    if entry.restricted and not accept_licence and not offered.complete:
        _ask(entry)
    with Watch(offered.size, sys.stderr, quiet=quiet) as watch:
        pulled = pull(offered, watch.listener)
    if as_json:
        output.emit_json(_document(offered, pulled))
    else:
        output.emit(str(pulled.files[0] if len(pulled.files) == 1 else pulled.files[0].parent))
    if not quiet:
        output.say(_next(entry, pulled))
    return ExitCode.ANSWERED


def _describe(offered: Offer) -> None:
    entry, files = offered.entry, offered.files
    what = files[0].name if len(files) == 1 else f"{len(files)} files"
    output.say(f"{entry.name}: {what} of {offered.hub.endpoint}/{files[0].repository}")
    here = f", {show(offered.here, Kind.BYTES)} of it here already" if offered.here else ""
    output.say(f"size:    {show(offered.size, Kind.BYTES)} ({offered.size:,} bytes){here}")
    output.say(f"licence: {entry.licence}" + (f" ({entry.restricted})" if entry.restricted else ""))
    output.say(f"disk:    {show(offered.free, Kind.BYTES)} free where it goes")


def _ask(entry: ModelEntry) -> None:
    """Have a licence accepted that is not open source."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"the licence of {entry.name} has to be accepted: {entry.restricted}; read it at "
            f"https://huggingface.co/{entry.repository or entry.checkpoint} and give --accept-licence"
        )
    if not click.confirm("Do you accept it?", default=False, err=True):
        raise click.Abort


def _document(offered: Offer, pulled: Pulled | None) -> dict[str, Any]:
    files = [{"name": file.name, "bytes": file.size, "etag": file.etag} for file in offered.files]
    places = pulled.files if pulled else ()
    return {
        "name": offered.entry.name,
        "repository": offered.files[0].repository,
        "commit": offered.files[0].commit,
        "licence": offered.entry.licence,
        "bytes": offered.size,
        "bytes_here": offered.here,
        "bytes_fetched": pulled.fetched if pulled else None,
        "files": [{**file, "path": str(path)} for file, path in zip(files, places, strict=True)] if pulled else files,
    }


def _next(entry: ModelEntry, pulled: Pulled) -> str:
    if entry.repository is not None:
        flag = f"--{'model' if entry.kind.value == 'policy' else 'prm'} {entry.name}"
        return f"use it with: edge-solver solve {flag} 'PROBLEM'"
    paths.writable(paths.converted_dir())
    return f"these are the weights; make a model of them with: {conversion(entry, pulled.files[0].parent)}"
