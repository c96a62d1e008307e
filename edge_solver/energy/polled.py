"""A meter that is also read in the background, so that nothing between two readings of a search is missed.

A counter that wraps twice between readings loses a turn, and a charger plugged in for a minute hides a minute. It
knows nothing of what it reads. The invariant: the meter inside is read by one thread at a time, and the thread in the
background ends with this object.
"""

from __future__ import annotations

import threading
import weakref

from edge_solver.core.meter import Activity, Meter, Reading


class PolledMeter:
    """Reads another meter, on demand and every few seconds."""

    def __init__(self, meter: Meter, every_seconds: float) -> None:
        """Start to read."""
        self._meter, self._lock = meter, threading.Lock()
        self.every_seconds = every_seconds
        stop = threading.Event()
        self._end = weakref.finalize(self, stop.set)
        # The thread holds no reference to this object, or it would never end.
        threading.Thread(
            target=_poll, args=(meter, self._lock, stop, every_seconds), name="energy poll", daemon=True
        ).start()

    def read(self, activity: Activity) -> Reading:
        """Return what the meter reads."""
        with self._lock:
            return self._meter.read(activity)

    def close(self) -> None:
        """Stop reading in the background."""
        self._end()


def _poll(meter: Meter, lock: threading.Lock, stop: threading.Event, every_seconds: float) -> None:
    while not stop.wait(every_seconds):
        with lock:
            meter.read(Activity(0, 0.0))
