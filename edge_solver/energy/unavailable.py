"""How a meter says that it does not work here: with the reason, and the command that would enable it.

It never reaches a user as an error: ``choose_meter`` turns it into a refusal, and a meter that breaks later turns it
into a reading without a number.
"""

from __future__ import annotations


class MeterUnavailableError(Exception):
    """A meter does not work, or does not work any more."""

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        """Say why, and with which command it would work, if there is one."""
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy
