"""Ctrl-C and SIGTERM while a search runs: the first ends it with the best answer so far, the second ends the program.

A native call may keep the main thread for seconds, and Python runs its signal handlers only between such calls. So the
handlers here do nothing; a thread waits on the interpreter's wake-up descriptor, which is written the moment a signal
arrives, and acts at once.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, final

from edge_solver.errors import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@final
class Interrupts:
    """Within this context a signal calls ``on_first``; with nothing to call, or the second time, the program ends.

    Outside the main thread, where Python allows no signal handling, it does nothing.
    """

    def __init__(self) -> None:
        """Prepare; nothing changes before the context is entered."""
        self._on_first: Callable[[], None] | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._before_wakeup = -1

    def call(self, on_first: Callable[[], None]) -> None:
        """Set what the first signal does from now on, instead of ending the program."""
        self._on_first = on_first

    def __enter__(self) -> Interrupts:
        """Take over the signals."""
        if threading.current_thread() is threading.main_thread():
            self._ours, self._theirs = socket.socketpair()
            self._theirs.settimeout(0)
            self._before_wakeup = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
            self._before = {number: signal.signal(number, _leave_it_to_the_thread) for number in _SIGNALS}
            threading.Thread(target=self._wait, name="interrupts", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._before:
            signal.set_wakeup_fd(self._before_wakeup)
            self._theirs.close()  # ends the thread

    def _wait(self) -> None:
        with self._ours:
            while number := self._ours.recv(1):
                if number[0] not in _SIGNALS:
                    continue
                if self._on_first is None:
                    os.write(2, b"\n")
                    os._exit(ExitCode.INTERRUPTED)
                on_first, self._on_first = self._on_first, None
                on_first()


def _leave_it_to_the_thread(number: int, frame: FrameType | None) -> None:
    """Stand in for the default handler, which would raise in the middle of the search."""
