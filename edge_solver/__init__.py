"""Solve maths problems offline, on the machine in front of you, under a cap on joules, FLOPs, seconds or tokens.

The public names are below; everything else may change. They are looked up when they are first used, so that importing
the package loads no engine.

    >>> from edge_solver import solve
    >>> solve("What is 3/4 of 48?", max_seconds=10).answer  # doctest: +SKIP
    '36'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_solver.answers import same_answer
    from edge_solver.assembly import solve, stream
    from edge_solver.config import Settings
    from edge_solver.core.budget import Budget
    from edge_solver.core.solution import Solution
    from edge_solver.errors import EdgeSolverError, ExitCode, ModelError, ProblemError, RecordError, UsageError

__version__ = "0.1.0"

__all__ = [
    "Budget",
    "EdgeSolverError",
    "ExitCode",
    "ModelError",
    "ProblemError",
    "RecordError",
    "Settings",
    "Solution",
    "UsageError",
    "__version__",
    "same_answer",
    "solve",
    "stream",
]

_HOME_OF = {
    "Budget": "edge_solver.core.budget",
    "EdgeSolverError": "edge_solver.errors",
    "ExitCode": "edge_solver.errors",
    "ModelError": "edge_solver.errors",
    "ProblemError": "edge_solver.errors",
    "RecordError": "edge_solver.errors",
    "Settings": "edge_solver.config",
    "Solution": "edge_solver.core.solution",
    "UsageError": "edge_solver.errors",
    "same_answer": "edge_solver.answers",
    "solve": "edge_solver.assembly",
    "stream": "edge_solver.assembly",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
