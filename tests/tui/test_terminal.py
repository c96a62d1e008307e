"""The app in a real terminal, with the built-in models: typed into, watched, stopped and left, as a person does.

And in one that goes away without a word.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge_solver
from edge_solver.errors import ExitCode
from edge_solver.history import History
from edge_solver.history.store import State

PATIENCE = 120.0
TMUX = shutil.which("tmux")

LONG_WORK = "What is 78412 * 59231?"
"""At width 256 its branches part early and write for a minute."""

with_tmux = pytest.mark.skipif(TMUX is None, reason="tmux is not installed")


class Tmux:
    """A server of its own with one window."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        environment = {**os.environ, "EDGE_SOLVER_HOME": str(folder / "home"), "TERM": "xterm-256color"}
        environment["PYTHONPATH"] = str(Path(edge_solver.__file__).parents[1])
        command = f'{sys.executable} -m edge_solver; echo "left with $?"; exec sleep 1000'
        self._run("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", command, environment=environment)

    def _run(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [TMUX or "", "-S", self._socket, *arguments], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def type(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def wait_for(self, *texts: str) -> str:
        end = time.monotonic() + PATIENCE
        while True:
            shown = self.screen()
            if all(text in shown for text in texts):
                return shown
            assert time.monotonic() < end, f"{texts} never appeared:\n{shown}"
            time.sleep(0.05)

    def pid(self) -> int:
        """Return the process of the app."""
        shell = self._run("list-panes", "-F", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0])

    def close(self) -> None:
        self._run("kill-server")


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    terminal = Tmux(tmp_path)
    yield terminal
    terminal.close()


@with_tmux
def test_a_problem_is_typed_watched_solved_and_the_app_left(tmux: Tmux) -> None:
    tmux.wait_for("Enter solves")
    tmux.type("What is 3/4 + 1/6?", "Enter")
    tmux.wait_for("every branch is finished", "rebase@16")
    tmux.type("C-q")
    shown = tmux.wait_for("left with 0")
    assert "Traceback" not in shown


@with_tmux
def test_a_search_is_stopped_and_keeps_its_bill(tmux: Tmux) -> None:
    tmux.wait_for("Enter solves")
    tmux.type(LONG_WORK, "C-n", "C-n", "C-n", "C-n")  # a width of 256
    tmux.type("Enter")
    tmux.wait_for("esc Stop", "branches")
    tmux.type("Escape")
    shown = tmux.wait_for("stopped by you")
    assert "FLOP" in shown
    tmux.type("C-q")
    tmux.wait_for("left with 0")


@with_tmux
def test_a_terminal_that_is_closed_ends_the_program(tmux: Tmux) -> None:
    tmux.wait_for("Enter solves")
    pid = tmux.pid()
    tmux.type("What is 3/4 + 1/6?", "Enter")
    tmux.wait_for("rebase@16")
    os.kill(pid, signal.SIGHUP)
    tmux.wait_for("left with")
    assert not Path(f"/proc/{pid}").exists()


def test_a_terminal_that_vanishes_without_a_signal_ends_the_program_with_the_run_saved(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environment = {**os.environ, "EDGE_SOLVER_HOME": str(tmp_path / "home"), "TERM": "xterm-256color"}
    environment["PYTHONPATH"] = str(Path(edge_solver.__file__).parents[1])
    environment["EDGE_SOLVER_WIDTH"] = "256"  # so that the search cannot be over before the terminal is gone
    app = subprocess.Popen(
        [sys.executable, "-m", "edge_solver"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        cwd=tmp_path, start_new_session=True,  # so that it is nobody's terminal, and nobody is sent SIGHUP
    )  # fmt: skip
    os.close(theirs)
    try:
        _read_until(ours, b"Enter solves")
        os.write(ours, f"{LONG_WORK}\r".encode())
        _read_until(ours, b"branches")
        os.close(ours)
        assert app.wait(PATIENCE) == ExitCode.INTERRUPTED
    finally:
        app.kill()
        app.wait()
    with History.open(tmp_path / "home" / "data" / "history.db") as history:
        (run,) = history.search()
        events = list(history.load(run.id))
    assert run.problem == LONG_WORK
    assert run.state is State.FINISHED
    assert run.stopped_by == "cancelled"
    assert events


def _read_until(terminal: int, text: bytes) -> None:
    """Read what is drawn until a text is among it."""
    drawn, end = b"", time.monotonic() + PATIENCE
    while text not in drawn:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"{text!r} was never drawn: {drawn!r}"
        drawn = drawn[-4096:] + os.read(terminal, 65536)
