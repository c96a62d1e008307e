"""From a name on the command line to a model."""

from __future__ import annotations

from edge_solver.catalog import ModelEntry, ModelKind, registry
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
