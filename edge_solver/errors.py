"""The exception tree and the exit codes: everything that may go wrong in front of a user.

    EdgeSolverError                 1
    ├── UsageError                  2   the request itself is wrong
    │   ├── QuantityError           2   a number, cap or unit that cannot be read
    │   └── UnknownNameError        2   a name that is not known; carries the nearest one
    ├── ProblemError                2   an empty, unreadable or too long problem
    ├── ModelError                  3   a model is missing or broken
    │   ├── ModelMissingError       3
    │   ├── ModelBrokenError        3
    │   ├── DownloadError           3   a model that could not be fetched
    │   └── ModelMemoryError        3   the context asked for does not fit
    └── RecordError                 2   a saved run that cannot be read

Exceptions of other libraries are translated in the module that wraps the library and nowhere else. A message holds
the value, the limit and the next step. This module imports nothing of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to its caller (a contract: scripts depend on it)."""

    ANSWERED = 0
    NO_ANSWER = 1
    USAGE = 2
    MODEL = 3
    INTERRUPTED = 130


class EdgeSolverError(Exception):
    """Base of every error that this package raises on purpose."""

    exit_code = ExitCode.NO_ANSWER


class UsageError(EdgeSolverError):
    """The request cannot be carried out as it was put."""

    exit_code = ExitCode.USAGE


class QuantityError(UsageError):
    """A number with a unit that cannot be read, or that makes no sense as a cap."""


class UnknownNameError(UsageError):
    """A name that is not in the list it was looked up in."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Build the message for a ``kind`` of thing (``"strategy"``), with the nearest known name if there is one."""
        self.kind, self.name, self.known = kind, name, tuple(known)
        self.nearest = nearest_name(name, self.known)
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else "."
        super().__init__(f"unknown {kind} {name!r}{hint} Known: {', '.join(self.known)}.")


class ProblemError(EdgeSolverError):
    """The problem text is empty, unreadable or longer than the model's context."""

    exit_code = ExitCode.USAGE


class ModelError(EdgeSolverError):
    """A model cannot be used."""

    exit_code = ExitCode.MODEL


class ModelMissingError(ModelError):
    """A model file is not there."""


class ModelBrokenError(ModelError):
    """A model file is there, but is truncated, of another format, or of an unsupported kind."""


class DownloadError(ModelError):
    """A model, or a part of one, could not be fetched from the hub."""


class ModelMemoryError(ModelError):
    """There is not enough memory for the context that was asked for."""


class RecordError(EdgeSolverError):
    """A saved run or event file cannot be read."""

    exit_code = ExitCode.USAGE


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to ``name``, or ``None`` when nothing is close."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[matches[0]] if matches else None
