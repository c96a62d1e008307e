"""The caller's side of the worker: start it, ask it, keep the time, kill and replace it.

A plain subprocess with pipes and JSON lines, so that it works from any thread, from a notebook, under a test runner
and in a script without a main guard. It knows nothing about mathematics. The one promise: ``ask`` returns within the
deadline (plus, once per worker, the time the worker needs to load), whatever the question was. The deadline is
processor time; the wall clock is the second line, for what sleeps or shares its processor.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import IO

STARTUP_SECONDS = 60.0
"""Loading takes 1 to 2 s on a laptop; a phone with a cold disk has been allowed thirty times that."""

WALL_FACTOR = 5.0
"""Wall-clock seconds per second of deadline. The deadline itself is processor time, kept by the kernel, so that a
verdict does not depend on what else the machine does: on two cores shared by five busy processes, questions that take
0.3 s alone were seen to take 9 s. On an idle machine both end at the same moment."""

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_log = logging.getLogger(__name__)


class WorkerUnavailable(Exception):  # noqa: N818 - a state, handled by the grader; no user sees it
    """The worker process cannot be started at all."""


class WorkerProcess:
    """One worker process at a time, replaced when it overruns its deadline or dies."""

    def __init__(self, deadline_seconds: float) -> None:
        """Remember the deadline; nothing is started yet."""
        self.deadline_seconds = deadline_seconds
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._broken: str | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the live worker, if there is one."""
        running = self._running
        return running.process.pid if running and running.process.poll() is None else None

    def start(self) -> None:
        """Start loading in the background, without waiting: the first question then waits less."""
        with self._lock:
            self._ensure()

    def ask(self, first: str, second: str) -> bool | None:
        """Return the worker's verdict, or ``None`` when it overran the deadline or died of the question."""
        with self._lock:
            try:
                return self._ask(first, second)
            except BaseException:
                # Ctrl-C in the middle: a late reply must not be taken for the answer to the next question.
                self._stop()
                raise

    def close(self) -> None:
        """End the worker; a later question would start a new one."""
        with self._lock:
            self._stop()

    def _ask(self, first: str, second: str) -> bool | None:
        for _ in range(2):
            running = self._ready()
            try:
                running.send(first, second, self.deadline_seconds)
                reply = running.receive(WALL_FACTOR * self.deadline_seconds)
            except OSError:
                if running.was_out_of_time():
                    break
                # It has ended, perhaps while idle, and not because of this question: ask a new one, once.
                self._stop()
                continue
            if reply is not None and reply.get("id") == running.asked:
                return bool(reply.get("same"))
            break
        self._stop()
        self._ensure()  # the replacement loads while the caller goes on
        return None

    def _ready(self) -> _Running:
        """Return a worker that has loaded, or say why there is none."""
        running = self._ensure()
        if not running.is_ready:
            try:
                reply = running.receive(STARTUP_SECONDS)
            except OSError:
                reply = {"error": "it ended while it loaded"}
            if not reply or not reply.get("ready"):
                self._stop()
                self._broken = str(reply.get("error")) if reply else f"it did not load in {STARTUP_SECONDS:.0f} s"
                _log.warning("the answer worker cannot start (%s); answers are compared without algebra", self._broken)
                raise WorkerUnavailable(self._broken)
            running.is_ready = True
        return running

    def _ensure(self) -> _Running:
        if self._broken:
            raise WorkerUnavailable(self._broken)
        if self._running is None or self._running.process.poll() is not None:
            self._stop()
            try:
                self._running = _Running()
            except OSError as error:
                self._broken = str(error)
                raise WorkerUnavailable(self._broken) from error
        return self._running

    def _stop(self) -> None:
        if self._running:
            self._running.finish()
            self._running = None


class _Running:
    """A started process, a thread that collects its lines, and the promise that it is reaped."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge_solver.answers.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C at the terminal reaches the parent only
            encoding="ascii",
        )
        self.is_ready = False
        self.asked = 0
        self._replies: queue.Queue[str] = queue.Queue()
        assert self.process.stdout is not None
        collector = threading.Thread(target=_collect, args=(self.process.stdout, self._replies), daemon=True)
        collector.start()
        # Also runs at interpreter exit; the closure must not hold self.
        self.finish = weakref.finalize(self, _finish, self.process, collector)

    def send(self, first: str, second: str, seconds: float) -> None:
        """Put a question, which may take so many seconds of processor time."""
        self.asked += 1
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(json.dumps({"id": self.asked, "first": first, "second": second, "seconds": seconds}) + "\n")
        stdin.flush()

    def was_out_of_time(self) -> bool:
        """Tell whether the process, which has closed its pipes, was ended by its processor time limit."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return sys.platform != "win32" and self.process.wait(timeout=1) == -signal.SIGPROF
        return False

    def receive(self, seconds: float) -> dict[str, object] | None:
        """Return the next reply, ``None`` if the time is over; raise ``BrokenPipeError`` if the process has ended."""
        try:
            line = self._replies.get(timeout=seconds)
        except queue.Empty:
            return None
        if not line:
            raise BrokenPipeError
        reply = json.loads(line)
        return reply if isinstance(reply, dict) else None


def _collect(stream: IO[str], replies: queue.Queue[str]) -> None:
    """Move lines from the pipe to the queue; an empty one says that the process has ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            replies.put(line)
    replies.put("")


def _finish(process: subprocess.Popen[str], collector: threading.Thread) -> None:
    """Kill, reap, and close the pipes. There is nothing to save in a worker, so it is not asked politely."""
    process.kill()
    process.wait()
    if collector is not threading.current_thread():  # the garbage collector may run this anywhere
        collector.join(timeout=1)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()
