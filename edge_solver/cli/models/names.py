"""From a name on the command line to a model, and the words for where it is."""

from __future__ import annotations

from edge_solver.catalog import ModelEntry, ModelKind, registry
from edge_solver.catalog.shelf import Origin, holdings
from edge_solver.errors import UnknownNameError


def find(name: str) -> ModelEntry:
    """Find a model by its name or an alias; of two kinds that share an alias, the policy is meant.

    Raises:
        UnknownNameError: There is none; the error carries the nearest name.
    """
    known = sorted(registry().values(), key=lambda entry: entry.kind is not ModelKind.POLICY)
    for entry in known:
        if name == entry.name:
            return entry
    for entry in known:
        if name in entry.aliases:
            return entry
    raise UnknownNameError("model", name, [entry.name for entry in known])


def state(entry: ModelEntry) -> str:
    """Say where a model is: how it came here, or how it can."""
    here = holdings(entry)
    if here and here[0].origin is not Origin.CHECKPOINT:
        return str(here[0].origin.value)
    if entry.repository is not None:
        return "to pull"
    return "to convert" if here else "to pull and convert"
