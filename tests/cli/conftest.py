"""How the command line is tried: in this process, as a process of its own, and as a process on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import edge_solver

CHECKOUT = Path(edge_solver.__file__).parents[1]
PATIENCE = 120.0  # seconds that no test should ever need


@dataclass
class Terminal:
    """A program whose standard error is a terminal and whose standard output is a pipe."""

    process: subprocess.Popen[bytes]
    _descriptor: int
    shown: bytes = b""
    """Everything that was written to the terminal so far."""
    printed: bytes = field(default=b"", init=False)

    def wait_for(self, text: str) -> None:
        """Read until a text has been shown."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.shown:
            assert time.monotonic() < end, f"{text!r} was never shown: {self.shown!r}"
            assert self._read(), f"the program ended without showing {text!r}: {self.shown!r}"

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def finish(self) -> int:
        """Read to the end; return the exit code."""
        while self._read():
            pass
        assert self.process.stdout is not None
        with self.process.stdout as pipe:
            self.printed = pipe.read()
        os.close(self._descriptor)
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], PATIENCE)
        assert ready, f"nothing was shown for {PATIENCE} s after {self.shown[-200:]!r}"
        with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an input/output error
            chunk = os.read(self._descriptor, 65536)
            self.shown += chunk
            return bool(chunk)
        return False


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in an empty folder, with nobody's settings."""
    for name in list(os.environ):
        if name.startswith("EDGE_SOLVER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


Run = Callable[..., subprocess.CompletedProcess[bytes]]
OnTerminal = Callable[..., Terminal]


@pytest.fixture
def run() -> Run:
    """Run the program to its end."""

    def run_(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "edge_solver", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=PATIENCE, check=False)

    return run_


@pytest.fixture
def on_terminal() -> Iterator[OnTerminal]:
    """Start the program with a terminal of some width behind its standard error."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, columns: int = 100) -> Terminal:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "edge_solver", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        started.append(process)
        return Terminal(process, ours)

    yield start
    for process in started:
        process.kill()  # only where the test failed is there anything left to end
        process.wait()
