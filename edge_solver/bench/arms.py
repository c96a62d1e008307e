"""What a benchmark runs: strategies at widths under seeds, and which of them one set of samples serves.

Majority, best-of-n and weighted voting draw the same samples and differ in how these vote; and as a sample's random
stream depends on nothing but its own place, the first n of N samples are those of width n. So one search at the
largest width serves all of them. That holds only while nothing narrows a search on the way: no cap, no stopping rule,
one policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge_solver.config import Settings
from edge_solver.core.strategies import STRATEGIES, strategy_named


@dataclass(frozen=True, slots=True, order=True)
class Arm:
    """One way to solve every problem of a suite."""

    strategy: str
    width: int
    seed: int


@dataclass(frozen=True, slots=True)
class Group:
    """Arms that one search serves."""

    search: Arm
    """What is run."""
    arms: tuple[Arm, ...]


def plan_arms(strategies: Sequence[str], widths: Sequence[int], seeds: Sequence[int]) -> tuple[Arm, ...]:
    """Return every arm once, in the order asked for; a strategy of fixed width has one per seed.

    Raises:
        UnknownNameError: There is no such strategy.
    """
    arms = (
        Arm(name, strategy_named(name).width or width, seed)
        for seed in seeds
        for name in strategies
        for width in widths
    )
    return tuple(dict.fromkeys(arms))


def group_arms(arms: Iterable[Arm], *, share: bool) -> tuple[Group, ...]:
    """Put together what one search serves, for every seed of its own; without ``share`` nothing is."""
    groups: list[Group] = []
    served: set[Arm] = set()
    arms = tuple(arms)
    for arm in arms:
        if arm in served:
            continue
        alike = [arm]
        if share and is_sampling(arm.strategy):
            alike = [other for other in arms if other.seed == arm.seed and is_sampling(other.strategy)]
        scored = [other.strategy for other in alike if STRATEGIES[other.strategy].scored]
        search = Arm(scored[0] if scored else arm.strategy, max(other.width for other in alike), arm.seed)
        groups.append(Group(search, tuple(alike)))
        served.update(alike)
    return tuple(groups)


def is_sampling(strategy: str) -> bool:
    """Say whether a strategy only draws independent samples, as many as its width says."""
    known = STRATEGIES[strategy]
    return known.independent and known.width is None


def can_share(settings: Settings, policies: int) -> bool:
    """Say whether nothing narrows a search on its way."""
    return not settings.budget.caps and settings.stop == "none" and policies == 1
