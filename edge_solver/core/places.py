"""Where a step stands in its tree, as a number that names its random stream.

A step is the k-th child that was asked for of its parent, and so on up to the root. Its draws depend on that alone, not
on how many steps were planned elsewhere: the first n of N independent samples are the n samples of a narrower run.
"""

from __future__ import annotations

from collections import Counter

from edge_solver.core.tree import ROOT

_BITS = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class Places:
    """The places of one tree's nodes, given out in the order in which children are asked for."""

    def __init__(self) -> None:
        """Start with the root alone."""
        self._of = {ROOT: 0}
        self._asked: Counter[int] = Counter()

    def take(self, node: int, parent: int) -> int:
        """Return the place of a new node: the next one below its parent."""
        self._asked[parent] += 1
        self._of[node] = place = below(self._of[parent], self._asked[parent])
        return place


def below(parent: int, rank: int) -> int:
    """Return the place of a parent's child of some rank, the first one's being 1: 64 well-mixed bits."""
    mixed = (parent + rank * _GOLDEN) & _BITS  # splitmix64 (Steele, Lea and Flood 2014)
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _BITS
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _BITS
    return mixed ^ mixed >> 31
