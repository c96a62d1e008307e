"""The flags that are settings: one list, used by every command that runs a search.

A flag is handed to ``config.resolve`` as it was typed, and ``None`` where it was not: what a value may be, and which
source wins, is decided there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from edge_solver.config import METERS, Settings
from edge_solver.core.allocate import ROUNDINGS
from edge_solver.core.reward import AGGREGATES
from edge_solver.core.stopping import STOPS
from edge_solver.core.strategies import STRATEGIES
from edge_solver.core.vote import RULES

_Function = TypeVar("_Function", bound=Callable[..., Any])
_DEFAULT = Settings()


def settings_options(function: _Function) -> _Function:
    """Give a command a flag for every setting of a search."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def _option(flag: str, metavar: str, text: str, default: object = None) -> Callable[[_Function], _Function]:
    shown = "" if default is None else f"  [default: {default}]"
    return click.option(flag, metavar=metavar, help=text + shown)


def _names(known: Iterable[str]) -> str:
    return "|".join(known)


def _strategies() -> str:
    """Say in one line each what the strategies do."""
    longest = max(map(len, STRATEGIES))
    # The mark in front keeps click from joining the lines.
    return "\b\n" + "\n".join(f"{name:<{longest}}  {strategy.summary}" for name, strategy in STRATEGIES.items())


_STOP = (
    "End early: 'decided' when the rest cannot change the winner, 'beta' when it leads with 95 % certainty, 'esc' when "
    "five first steps in a row agree."
)
_ROUNDING = "How REBASE rounds widths: by largest remainder, or as the authors' released code."

_OPTIONS = (
    _option("--strategy", "NAME", f"How to search.  [default: {_DEFAULT.strategy}]\n\n{_strategies()}"),
    _option("--width", "N", "N: solutions to grow side by side.", _DEFAULT.search.width),
    _option("--stop", _names(STOPS), _STOP, _DEFAULT.stop),
    _option(
        "--model", "NAME|PATH[,...]", "The policy that writes the steps; several share one vote.", _DEFAULT.engine.model
    ),
    _option("--prm", "NAME|PATH", "The process reward model that scores them.", _DEFAULT.engine.prm),
    _option("--format", "NAME", "How the policy is asked, for a file that no list describes.", "a guess"),
    _option("--prm-format", "NAME", "How the reward model reads a solution.", "what it says itself"),
    _option("--max-flops", "X", "Most FLOPs, policy and reward model together: 2e12, 1.5T."),
    _option("--max-joules", "X", "Most energy: 50J, 3kJ."),
    _option("--max-seconds", "X", "Most time: 30s, 500ms, 2min."),
    _option("--max-tokens", "N", "Most tokens to write: 500, 10k."),
    _option(
        "--max-memory", "X", "Most memory for the program: 6GiB. A tree that outgrows it takes turns.", "what is free"
    ),
    _option("--temperature", "T", "Softmax temperature of the policy.", _DEFAULT.search.temperature),
    _option("--seed", "N", "Same seed, models and settings: same search.", _DEFAULT.seed),
    _option("--rounding", _names(ROUNDINGS), _ROUNDING, _DEFAULT.search.rounding),
    _option("--balance-temperature", "T", "How evenly REBASE shares its width.", "the reward model's own, else 0.1"),
    _option("--beam-width", "M", "M: steps drawn from each that beam and dvts keep.", _DEFAULT.search.beam_width),
    _option("--aggregate", _names(AGGREGATES), "A solution's reward from its steps'.", _DEFAULT.search.aggregate),
    _option("--vote", _names(RULES), "The final rule.", "the strategy's own"),
    _option("--meter", _names(METERS), "What measures energy; see 'edge-solver energy'.", _DEFAULT.meter),
    _option("--threads", "N", "Processor threads.", "by the model's size; see 'edge-solver engine-info'"),
    _option("--gpu-layers", "N", "Layers of the policy on a GPU; 999 for all.", _DEFAULT.engine.gpu_layers),
    _option("--providers", "NAME,...", "What runs the reward model: cuda, coreml, ...", _DEFAULT.engine.providers),
)
