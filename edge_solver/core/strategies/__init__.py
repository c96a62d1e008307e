"""The strategies by name: one file each, two pure functions each.

To add one, write a module with a ``plan`` function, describe it in a ``Strategy`` and put it into ``STRATEGIES``; the
contract tests then run it like every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edge_solver.core.strategies import beam, dvts, greedy, mcts, rebase, sampling
from edge_solver.core.strategies.base import Expansion, Plan, SearchSettings, Strategy
from edge_solver.core.strategies.by_hand import by_hand
from edge_solver.errors import UnknownNameError

STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        strategy.name: strategy
        for strategy in (
            rebase.REBASE,
            greedy.GREEDY,
            sampling.MAJORITY,
            sampling.BEST_OF_N,
            sampling.WEIGHTED,
            beam.BEAM,
            dvts.DVTS,
            mcts.MCTS,
        )
    }
)

__all__ = ["STRATEGIES", "Expansion", "Plan", "SearchSettings", "Strategy", "by_hand", "strategy_named"]


def strategy_named(name: str) -> Strategy:
    """Return a strategy.

    Raises:
        UnknownNameError: No strategy has this name; the error carries the nearest one.
    """
    if name not in STRATEGIES:
        raise UnknownNameError("strategy", name, STRATEGIES)
    return STRATEGIES[name]
