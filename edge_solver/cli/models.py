"""``edge-solver models``: the models known by name, and what is known of each.

Both commands read the registry that ships with the package and open no model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from edge_solver.catalog import ModelEntry, ModelKind, registry
from edge_solver.cli import output
from edge_solver.cli.group import Group
from edge_solver.core.events import plain
from edge_solver.errors import ExitCode, UnknownNameError
from edge_solver.quantities import Kind, show

_HEADINGS = ("NAME", "KIND", "SIZE", "LICENCE", "SUMMARY")


@click.group("models", cls=Group, no_args_is_help=False)
def command() -> None:
    """List the models that --model and --prm take by name, or show one of them."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
def list_models(*, as_json: bool) -> int:
    """List every known model."""
    entries = registry().values()
    if as_json:
        output.emit_json([_facts(entry) for entry in entries])
        return ExitCode.ANSWERED
    rows = [_HEADINGS, *(_row(entry) for entry in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        output.emit("  ".join(cells).rstrip())
    return ExitCode.ANSWERED


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_model(name: str, *, as_json: bool) -> int:
    """Show everything that is known of the model NAME."""
    entry = _named(name, registry().values())
    if as_json:
        output.emit_json(_facts(entry))
        return ExitCode.ANSWERED
    for key, value in _facts(entry).items():
        if value not in (None, "", []):
            output.emit(f"{key:<15} {_shown(value)}")
    return ExitCode.ANSWERED


def _named(name: str, entries: Iterable[ModelEntry]) -> ModelEntry:
    """Find a model by its name or an alias; of two kinds that share an alias, the policy is meant."""
    known = sorted(entries, key=lambda entry: entry.kind is not ModelKind.POLICY)
    for entry in known:
        if name == entry.name:
            return entry
    for entry in known:
        if name in entry.aliases:
            return entry
    raise UnknownNameError("model", name, [entry.name for entry in known])


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value) if str(value).isprintable() else repr(value)


def _row(entry: ModelEntry) -> tuple[str, ...]:
    return entry.name, entry.kind.value, show(entry.bytes, Kind.BYTES), entry.licence, entry.summary


def _facts(entry: ModelEntry) -> dict[str, Any]:
    facts: dict[str, Any] = plain(entry)
    return facts
