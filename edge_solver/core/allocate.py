"""How REBASE shares out a width: pure functions from rewards to whole numbers that sum to it exactly.

``W_j = Round(B · softmax(R / T_b)_j)`` is equation 1 of Wu et al. (arXiv 2408.00724); printed that way the sum may miss
B. Two roundings that cannot: ``exact`` (largest remainders, closest to the equation) and ``released`` (the authors'
code: from the best node down, ceil and subtract). Both are monotone: a better reward never gets less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

_DRIFT = 1e-9  # a share this close above a whole number is that number: it stops ceil from paying for float error


def balance(rewards: Sequence[float], temperature: float) -> list[float]:
    """Return the softmax of ``rewards / temperature`` (``temperature`` is T_b, the balance temperature)."""
    best = max(rewards)
    weights = [math.exp((reward - best) / temperature) for reward in rewards]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def exact(rewards: Sequence[float], width: int, temperature: float) -> tuple[int, ...]:
    """Round the softmax shares of ``width`` by largest remainder; ties go to the earlier node."""
    if not rewards:
        return ()
    shares = [width * weight for weight in balance(rewards, temperature)]
    widths = [math.floor(share + _DRIFT) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda j: (widths[j] - shares[j], -rewards[j], j))
    short = width - sum(widths)
    for j in by_remainder[:short]:
        widths[j] += 1
    return tuple(widths)


def released(rewards: Sequence[float], width: int, temperature: float) -> tuple[int, ...]:
    """Share out ``width`` from the best node down, each taking the ceiling of its share of what is left."""
    widths = [0] * len(rewards)
    if not rewards:
        return ()
    weights = balance(rewards, temperature)
    order = sorted(range(len(rewards)), key=lambda j: (-rewards[j], j))
    left = width
    for rank, j in enumerate(order):
        rest = math.fsum(weights[k] for k in order[rank:])
        share = left if rank == len(order) - 1 or rest <= 0 else left * weights[j] / rest
        widths[j] = min(left, math.ceil(share - _DRIFT))
        left -= widths[j]
    return tuple(widths)


ROUNDINGS: Mapping[str, Callable[[Sequence[float], int, float], tuple[int, ...]]] = MappingProxyType(
    {"exact": exact, "released": released}
)
