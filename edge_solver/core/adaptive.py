"""How many samples a problem deserves, from how likely one sample is to be right: instance-adaptive scaling.

If every sample is right with probability p, independently, then ``N = ln(1 - C) / ln(1 - p)`` of them hold a right one
with probability C (Park et al. 2025, "Know What You Don't Know", arXiv 2506.09338). An estimate of p that is too high
makes N too small. Pure arithmetic: where p comes from, and what N samples cost, is the caller's business.
"""

from __future__ import annotations

import math

CONFIDENCE = 0.99
"""C: how surely one of the samples shall be right."""
EDGE = 1e-4
"""p is kept this far from 0 and 1, where the rule would ask for infinitely many samples, or for none."""


def samples_needed(chance: float, most: int, confidence: float = CONFIDENCE) -> int:
    """Return how many samples hold a right one with the given confidence, from 1 to ``most``.

    Args:
        chance: p, the probability that one sample is right.
        most: The largest number to return.
        confidence: C, in (0, 1).
    """
    p = min(max(chance, EDGE), 1.0 - EDGE)
    return max(1, min(most, math.ceil(math.log1p(-confidence) / math.log1p(-p))))
