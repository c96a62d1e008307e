"""What branches cost beside each other: the share of their price that was computed, from the search's own window.

Engines evaluate once what several branches write alike, so a layer costs less than its branches would one by one. How
much less depends on the problem and on the depth, so it is learned anew in every search. It knows amounts of work and
nothing of models or trees; until it has seen work, and whenever more was computed than its price, the share is one.
"""

from __future__ import annotations

MEMORY = 0.5
"""What is kept of the window when a layer is added to it: branches part as they grow, so the latest layer tells most
about the next one."""
LEAST = 1 / 256
"""No share is below it: a layer may cost nothing at all, and the next one will not."""


class Sharing:
    """Compares what was computed with what it would have cost branch by branch."""

    def __init__(self, prior: float) -> None:
        """Begin as if ``prior``, in the unit of what is seen later, had been computed without anything in common."""
        self._computed = self._alone = prior
        self._total = 0.0, 0.0

    def see(self, computed: float, alone: float) -> None:
        """Take in a layer: everything computed since the search began, and the price of the same branch by branch."""
        before, priced = self._total
        if alone > priced:
            self._computed = MEMORY * self._computed + max(0.0, computed - before)
            self._alone = MEMORY * self._alone + alone - priced
            self._total = computed, alone

    @property
    def share(self) -> float:
        """The part of their price that further branches are expected to cost, at most 1."""
        return max(LEAST, min(1.0, self._computed / self._alone))
