"""``edge-solver bench``: measuring strategies and machines. Each command lives in the module of its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import click

from edge_solver.cli.group import LazyGroup

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "solve": "Solve a suite with several strategies and widths, and keep every result.",
        "report": "Say what results show: a page, figures, tables, in words.",
        "device": "Measure this device: speed, its limits, energy, answers per joule.",
        "compare": "Set devices side by side, where their results can be compared.",
    }
)
"""Every command and what it does; each lives in the module of its name."""


@click.group("bench", cls=LazyGroup, summaries=COMMANDS, package=__name__, no_args_is_help=False)
def command() -> None:
    """Measure what strategies and machines achieve, and at what cost."""
