"""Notice that the terminal is gone, also where nobody sends the signal for it: a window that was killed, a lost pipe.

Knows the system's ``poll`` alone. A program without a terminal of its own gets no SIGHUP, reading from what is left
gives nothing without end, and writing fails; so a thread waits for the hang-up itself, which costs nothing.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable


def when_gone(fd: int, act: Callable[[], None]) -> None:
    """Call ``act`` in a thread of its own once the terminal behind ``fd`` is gone; nothing where there is none."""
    if not os.isatty(fd) or not hasattr(select, "poll"):
        return
    threading.Thread(target=_wait, args=(fd, act), name="hang-up", daemon=True).start()


def _wait(fd: int, act: Callable[[], None]) -> None:
    poll = select.poll()
    poll.register(fd, 0)  # a hang-up is reported whatever is asked for
    if any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
        act()
