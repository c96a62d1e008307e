"""How often the screen is drawn while a search runs: as often as the search can spare.

Every frame takes processor time from the engine, on two cores from the model itself. So the next frame waits until the
last one's cost is a small share of the time between them. Knows nothing of Textual.
"""

from __future__ import annotations

SHORTEST_SECONDS = 1 / 30
LONGEST_SECONDS = 0.5
SHARE = 0.03
"""Of one core, for drawing: with input and the rest it stays below a twentieth of a search on two."""
_MEMORY = 0.7  # weight of what was known before a frame


class Pace:
    """Decides when the next frame is due."""

    def __init__(self) -> None:
        """Begin with the shortest time between frames."""
        self._cost = 0.0
        self._last = float("-inf")

    @property
    def interval_seconds(self) -> float:
        """Time between the beginnings of two frames."""
        return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, self._cost / SHARE))

    def wait_seconds(self, now: float) -> float:
        """Return how long the next frame has to wait."""
        return max(0.0, self._last + self.interval_seconds - now)

    def begin(self, now: float) -> None:
        """Take note that a frame begins."""
        self._last = now

    def paid(self, seconds: float) -> None:
        """Take note of what a frame took, in processor time of the drawing thread."""
        self._cost = seconds if not self._cost else _MEMORY * self._cost + (1 - _MEMORY) * seconds
