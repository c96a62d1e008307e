"""``edge-solver models``: what is known, what is here, and what can be fetched. Each command has its own module."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import click

from edge_solver.cli.group import LazyGroup

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "list": "List every model that has a name, and say which are here.",
        "show": "Show all that is known of one, and whether it fits into this machine.",
        "pull": "Download one from the Hugging Face Hub.",
        "verify": "Read what is here again, and compare it with its checksums.",
        "remove": "Delete what was downloaded or converted of one.",
    }
)
"""Every command and what it does; each lives in the module of its name."""


@click.group("models", cls=LazyGroup, summaries=COMMANDS, package=__name__, no_args_is_help=False)
def command() -> None:
    """The models that --model and --prm take by name: list, show, download, check and remove them.

    \b
    edge-solver models list
    edge-solver models show llemma-7b --width 16
    edge-solver models pull llemma-7b --accept-licence
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
