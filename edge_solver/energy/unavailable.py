"""How a meter says that it does not work here: with the reason, and the command that would enable it.

It never reaches a user as an error: ``choose_meter`` turns it into a refusal, and a meter that breaks later turns it
into a reading without a number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable


class MeterUnavailableError(Exception):
    """A meter does not work, or does not work any more."""

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        """Say why, and with which command it would work, if there is one."""
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


class Breakable:
    """A meter that gives no more numbers once a reading could not be trusted."""

    broken: str | None = None
    """Why there are no more readings; ``None`` while there are."""

    def _attempt(self, advance: Callable[[], object]) -> None:
        """Take a reading unless one has failed before; the first failure is kept as the reason and logged."""
        if self.broken is not None:
            return
        try:
            advance()
        except MeterUnavailableError as error:
            self.broken = error.reason
            logging.getLogger(type(self).__module__).warning("energy is no longer measured: %s", self.broken)
