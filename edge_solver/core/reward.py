"""One number for a path from the rewards of its steps.

The paper's released scripts use the last step's reward; which rule suits a reward model depends on how it was trained
(last for Monte-Carlo labels, product or minimum for human labels; Zhang et al. 2025, arXiv 2501.07301).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType


def last(rewards: Sequence[float]) -> float:
    """Return the reward of the last step."""
    return rewards[-1]


def mean(rewards: Sequence[float]) -> float:
    """Return the average reward."""
    return math.fsum(rewards) / len(rewards)


AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {"last": last, "min": min, "product": math.prod, "mean": mean}
)


def aggregate(rule: str, rewards: Sequence[float], unscored: float = 0.5) -> float:
    """Return the path's reward under a rule; ``unscored`` where no step of it has a reward."""
    return AGGREGATES[rule](rewards) if rewards else unscored
