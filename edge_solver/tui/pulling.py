"""One model on its way here: asked for, fetched, paused, gone on with, in a thread of its own.

Knows nothing of widgets; whoever wants to know is told that something has changed and reads the fields. What is here
stays here when it is paused, fails or the app ends, and the next start goes on from there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, final

from edge_solver.catalog import ModelEntry
from edge_solver.errors import EdgeSolverError
from edge_solver.quantities import Kind, show
from edge_solver.tui.crash import report

if TYPE_CHECKING:  # importing it loads the hub's client
    from edge_solver.catalog.pull import Offer

TELL_SECONDS = 0.2
"""Least time between two words about progress."""
_SETTLED_SECONDS = 1.0  # before a speed is worth showing


class Stage(Enum):
    """How far a download is."""

    ASKING = "asking the hub"
    OFFERED = "offered"
    """What it takes is known, and the user is asked."""
    RUNNING = "downloading"
    PAUSING = "pausing"
    PAUSED = "paused"
    DONE = "downloaded"
    FAILED = "failed"


class _PausedError(Exception):
    """The user wants a pause."""


@final
class Download:
    """Brings one model."""

    def __init__(self, entry: ModelEntry, tell: Callable[[], object]) -> None:
        """Prepare; ``tell`` is called from another thread."""
        self.entry, self._tell = entry, tell
        self.stage = Stage.PAUSED
        self.offer: Offer | None = None
        self.here = 0
        """Bytes."""
        self.note = ""
        """What happened last, or why it failed."""
        self._told = self._begun = 0.0
        self._first = 0
        self._pause = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether its thread is at work."""
        return self.stage in (Stage.ASKING, Stage.RUNNING, Stage.PAUSING)

    @property
    def size(self) -> int:
        """Bytes of the whole; 0 while it is not known."""
        return self.offer.size if self.offer is not None else 0

    def ask(self) -> None:
        """Find out what it takes."""
        self._start(Stage.ASKING, self._ask)

    def go(self) -> None:
        """Fetch what is missing; an offer must be there."""
        self._start(Stage.RUNNING, self._fetch)

    def pause(self) -> None:
        """Stop fetching with the next bytes; all that is here is kept."""
        if self.stage is Stage.RUNNING:
            self.stage = Stage.PAUSING
            self._pause.set()

    def words(self) -> str:
        """Say how it stands."""
        if self.stage is Stage.FAILED:
            return f"failed: {self.note}; p tries again and goes on from what is here"
        if self.stage is Stage.DONE:
            return "downloaded, and its checksum is right"
        if not self.size:
            return str(self.stage.value)
        known = f"{self.stage.value} {self.here / self.size:.0%}"
        known += f", {show(self.here, Kind.BYTES)} of {show(self.size, Kind.BYTES)}"
        apart = time.monotonic() - self._begun
        if self.stage is Stage.RUNNING and apart >= _SETTLED_SECONDS and self.here > self._first:
            rate = (self.here - self._first) / apart
            known += f", {show(rate, Kind.BYTES)}/s, {show((self.size - self.here) / rate, Kind.SECONDS)} left"
        return f"{known}; {self.note}" if self.note else known

    def _start(self, stage: Stage, work: Callable[[], Stage]) -> None:
        if self.busy:
            return
        self.stage, self.note = stage, ""
        self._pause.clear()
        # No worker of Textual's: leaving the app would wait for it.
        threading.Thread(target=self._guarded, args=(work,), name=f"pull {self.entry.name}", daemon=True).start()

    def _guarded(self, work: Callable[[], Stage]) -> None:
        try:
            stage = work()
        except _PausedError:
            stage = Stage.PAUSED
        except EdgeSolverError as error:
            stage, self.note = Stage.FAILED, str(error)
        except OSError as error:
            stage, self.note = Stage.FAILED, error.strerror or str(error)
        except Exception as error:  # noqa: BLE001 - the last net of this thread: the app goes on
            stage, self.note = Stage.FAILED, f"this is a bug; the details are in {report(error)}"
        self.stage = stage
        self._tell()

    def _ask(self) -> Stage:
        from edge_solver.catalog.pull import offer

        self.offer = offer(self.entry)
        self.here = self.offer.here
        return Stage.OFFERED

    def _fetch(self) -> Stage:
        from edge_solver.catalog.pull import pull
        from edge_solver.catalog.transfer import Listener

        assert self.offer is not None
        self.here = self._first = self.offer.here
        self._begun = time.monotonic()
        pull(self.offer, Listener(self._report, self._noted, self._sleep))
        self.here = self.size
        return Stage.DONE

    def _report(self, here: int) -> None:
        if self._pause.is_set():
            raise _PausedError
        self.here = here
        self._tell_at_times()

    def _noted(self, words: str) -> None:
        self.note = words
        self._tell()

    def _sleep(self, seconds: float) -> None:
        if self._pause.wait(seconds):
            raise _PausedError

    def _tell_at_times(self) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            self._tell()
