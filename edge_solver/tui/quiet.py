"""Keep libraries from writing over the screen: what native code says on standard error goes nowhere meanwhile."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def screen_to_itself() -> Iterator[None]:
    """Let Python's standard error alone reach the terminal: Textual draws on that, C libraries write past it."""
    before = sys.stderr, sys.__stderr__
    terminal = os.dup(_STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(os.dup(_STDERR), "w", encoding="utf-8", errors="replace") as screen:
        sys.stderr = sys.__stderr__ = screen  # type: ignore[misc]  # where Textual looks for it
        os.dup2(nowhere, _STDERR)
        try:
            yield
        finally:
            os.dup2(terminal, _STDERR)
            sys.stderr, sys.__stderr__ = before  # type: ignore[misc]
            os.close(terminal)
            os.close(nowhere)
