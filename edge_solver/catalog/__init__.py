"""Models by name: the registry that ships with the package, and finding a model's file from a name or a path."""

from edge_solver.catalog.registry import ModelEntry, ModelKind, registry
from edge_solver.catalog.resolve import ModelFile, resolve

__all__ = ["ModelEntry", "ModelFile", "ModelKind", "registry", "resolve"]
