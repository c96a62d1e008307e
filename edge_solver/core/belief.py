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
_MOST = 5.0
"""No answer is believed more than so many times its best leaf's reward: votes agree on refuted lines too."""


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
        return min(probability(z), _MOST * reward)


def log_odds(probability: float, edge: float = _EDGE) -> float:
    """Return ``ln(p / (1 - p))``, with p kept ``edge`` away from 0 and 1."""
    p = min(max(probability, edge), 1.0 - edge)
    return math.log(p / (1.0 - p))


def probability(log_odds: float) -> float:
    """Return the p whose ``ln(p / (1 - p))`` this is."""
    return 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > 0 else math.exp(log_odds) / (1.0 + math.exp(log_odds))
