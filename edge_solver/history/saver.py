"""Saves a run while it is made: a listener that hands events to a thread and never waits for a disk.

The thread writes what has come in a fraction of a second as one transaction, so that a program that is killed loses no
more than that. A failure ends the saving and never the search; it is remembered, for the user to be told once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import final

from edge_solver.core.events import Event, Pulsed, Solved, Started
from edge_solver.errors import EdgeSolverError
from edge_solver.history.store import HEARTBEAT, History

BATCH = 1.0
"""Seconds of events in one transaction: the most that a killed program loses."""
LONGEST_CLOSE = 10.0
"""Seconds that the end of a program may wait for a disk; twice the time that a writer waits for another one."""


@final
class Saver:
    """Call it with every event. A context manager: leaving it, everything is saved or ``failure`` says why not.

    Opened before the search, closed after it; nothing is saved of a search that never begins.
    """

    def __init__(self, open_history: Callable[[], History] = History.open) -> None:
        """Prepare; the history is opened by the thread, so that nobody waits for it."""
        self._open = open_history
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._work, name="history", daemon=True)
        self.run: int | None = None
        """The id of the run, once it is begun."""
        self.failure: str | None = None
        """Why the run is not saved, or not to its end."""
        self.notice: str | None = None
        """What the user should know although the run is saved."""

    def __enter__(self) -> Saver:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Save what is left."""
        self._queue.put(None)
        self._hurry.set()
        self._thread.join(LONGEST_CLOSE)
        if self._thread.is_alive():
            self.failure = self.failure or f"the disk did not answer for {LONGEST_CLOSE:g} s"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should be told once the run is over."""
        lost = f"the run is not in the history, or not to its end: {self.failure}" if self.failure else None
        return tuple(words for words in (lost, self.notice) if words)

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Pulsed):
            return
        self._queue.put(event)
        if isinstance(event, Solved):
            self._hurry.set()

    def _work(self) -> None:
        first = self._queue.get()
        if not isinstance(first, Started):
            return
        try:
            with self._open() as history:
                try:
                    self.run = history.begin(first)
                    self._save(history, self.run)
                finally:
                    self.notice = history.notice
        except EdgeSolverError as error:
            self.failure = str(error)
        except Exception as error:  # noqa: BLE001 - whatever happens to the history, the search goes on
            self.failure = f"{type(error).__name__}: {error}"

    def _save(self, history: History, run: int) -> None:
        """Save events until the run is over or nobody will send any more."""
        while True:
            batch = self._batch()
            over = None in batch or any(isinstance(event, Solved) for event in batch)
            history.append(run, (event for event in batch if event is not None))
            if over:
                return

    def _batch(self) -> list[Event | None]:
        """Wait for events; return those of a moment, or none where it has been silent for a while."""
        try:
            batch = [self._queue.get(timeout=HEARTBEAT)]
        except Empty:
            return []
        self._hurry.wait(BATCH)
        while not self._queue.empty():
            batch.append(self._queue.get())
        return batch
