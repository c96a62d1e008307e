"""How likely an answer is right: what the vote, its best leaf and the problem itself say, weighed together.

The share of the vote alone is no probability: samples of one model agree on their mistakes, and on a problem that the
model does not know they may agree on nothing and still elect something. A reward model that was trained to judge the
problem before the first step adds what is missing. The coefficients are fitted per reward model on problems inside and
outside what it knows, and stand beside it in the registry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_EDGE = 0.01
"""Probabilities are kept this far from 0 and 1, so that no single sign decides alone."""


@dataclass(frozen=True, slots=True)
class Belief:
    """Coefficients of a logistic model over log-odds."""

    intercept: float
    share: float
    """Of the log-odds of the winner's share of the vote."""
    reward: float
    """Of the log-odds of the reward of the winner's best leaf."""
    solvable: float
    """Of the log-odds of the problem's own reward."""

    def chance(self, share: float, reward: float, solvable: float) -> float:
        """Return the probability that the answer is right, from three numbers in [0, 1]."""
        z = (
            self.intercept
            + self.share * log_odds(share)
            + self.reward * log_odds(reward)
            + self.solvable * log_odds(solvable)
        )
        return 1.0 / (1.0 + math.exp(-z)) if z > 0 else math.exp(z) / (1.0 + math.exp(z))


def log_odds(probability: float) -> float:
    """Return ``ln(p / (1 - p))``, with p kept away from 0 and 1."""
    p = min(max(probability, _EDGE), 1.0 - _EDGE)
    return math.log(p / (1.0 - p))
