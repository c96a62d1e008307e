"""Learning-rate schedule on the wall clock: a short warm-up, a plateau, a linear decay to zero at the deadline."""

from __future__ import annotations

import time

WARM_UP_STEPS = 60


LONGEST_STEP_SECONDS = 20.0
"""A longer time between two looks at the clock is a pause (a suspended process, a closed lid), which trains nothing."""


class Clock:
    """Counts the minutes a training run has used, across resumed runs and without the pauses."""

    def __init__(self, minutes: float, used: float = 0.0) -> None:
        """Start counting; `used` minutes were used before."""
        self.minutes = minutes
        self._seconds, self._looked = 60 * used, time.monotonic()

    @property
    def used(self) -> float:
        """Minutes used."""
        now = time.monotonic()
        self._seconds += min(now - self._looked, LONGEST_STEP_SECONDS)
        self._looked = now
        return self._seconds / 60

    @property
    def progress(self) -> float:
        """Fraction of the budget used, at most one."""
        return min(1.0, self.used / self.minutes)


def factor(step: int, progress: float, plateau: float = 0.35) -> float:
    """Return the share of the base learning rate at a step."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    return warm * min(1.0, (1.0 - progress) / (1.0 - plateau))
