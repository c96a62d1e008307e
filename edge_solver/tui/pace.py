"""How often the screen is drawn while a search runs: as often as the search can spare.

Every frame takes processor time from the engine, on two cores from the model itself. So the next frame waits until the
last one's cost is a small share of the time between them. Knows nothing of Textual.
"""

from __future__ import annotations

SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 0.5
FIRST_SECONDS = 0.25
"""Before it is known what a frame costs."""
SHARE = 0.02
"""Of one core, for drawing and what comes with it."""
_MEMORY = 0.7  # weight of what was known before a frame


class Pace:
    """Decides when the next frame is due."""

    def __init__(self) -> None:
        """Begin with the shortest time between frames."""
        self._cost = 0.0
        self._last = float("-inf")
        self._spent: float | None = None

    @property
    def interval_seconds(self) -> float:
        """Time between the beginnings of two frames."""
        if not self._cost:
            return FIRST_SECONDS
        return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, self._cost / SHARE))

    def wait_seconds(self, now: float) -> float:
        """Return how long the next frame has to wait."""
        return max(0.0, self._last + self.interval_seconds - now)

    def begin(self, now: float, spent: float) -> None:
        """Take note that a frame begins; ``spent`` is the drawing thread's processor time so far.

        What it spent since the last frame began is what that frame cost, with all that the screen made of it later.
        """
        if self._spent is not None:
            cost = spent - self._spent
            self._cost = cost if not self._cost else _MEMORY * self._cost + (1 - _MEMORY) * cost
        self._last, self._spent = now, spent
