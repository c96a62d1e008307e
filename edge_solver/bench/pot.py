"""A budget for a whole suite: easy problems get less of it, hard ones more, and it is never passed.

A pilot of a few samples shows how likely one sample of a problem is to be right and what it costs. Instance-adaptive
scaling then says how many samples the problem deserves (``edge_solver.core.adaptive``), and what is left is shared out
so that everybody gets what he asks for as far as it goes: small wishes are granted whole, large ones alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_solver.core.adaptive import samples_needed
from edge_solver.core.budget import Budget, Cap

PILOT = 4
"""Samples of a first look: enough to see agreement, a quarter of the default width."""

CAUTION = 1.2
"""Factor on what samples are expected to cost: their lengths differ."""


def fair_shares(left: float, wishes: Sequence[float]) -> list[float]:
    """Share out what is left: the smaller wishes whole, all others alike; never more in sum than there is."""
    shares = [0.0] * len(wishes)
    for rank, place in enumerate(sorted(range(len(wishes)), key=lambda i: wishes[i])):
        shares[place] = min(wishes[place], max(0.0, left) / (len(wishes) - rank))
        left -= shares[place]
    return shares


def samples_wished(votes: int, samples: int, most: int) -> int:
    """Return how many samples a problem deserves after ``votes`` of ``samples`` agreed on its answer.

    The chance that one sample is right is not known; the share of the leader stands for it, with one vote more on
    either side so that a few samples prove nothing (Laplace's rule).
    """
    return samples_needed((votes + 1) / (samples + 2), most)


@dataclass(slots=True)
class Pot:
    """What a suite may spend of one quantity."""

    cap: Cap
    limit: float
    spent: float | None = 0.0
    """``None`` from the first cost on that nobody could read: what is not known cannot be kept under a cap."""
    _promised: dict[int, float] = field(default_factory=dict)

    @property
    def left(self) -> float:
        """What nobody has spent or been promised; nothing where the spend is not known."""
        if self.spent is None:
            return 0.0
        return max(0.0, self.limit - self.spent - sum(self._promised.values()))

    def promise(self, problem: int, share: float, own: Budget) -> Budget | None:
        """Set a share aside for a problem, within its own caps; ``None`` where there is nothing to set aside."""
        share = min(share, self.left, own.of(self.cap) or share)
        if share <= 0:
            return None
        self._promised[problem] = share
        return Budget(
            **{cap.value: share if cap is self.cap else own.of(cap) for cap in Cap}  # type: ignore[arg-type]  # tokens keep their own whole number
        )

    def settle(self, problem: int, spent: float | None) -> None:
        """Book what a problem used, ``None`` where that is not known; the rest of its share is free again."""
        self._promised.pop(problem, None)
        self.spent = None if self.spent is None or spent is None else self.spent + spent
