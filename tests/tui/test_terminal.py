"""The app in a real terminal, with the built-in models: typed into, watched, stopped and left, as a person does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge_solver

PATIENCE = 120.0
TMUX = shutil.which("tmux")

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed")


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


def test_a_problem_is_typed_watched_solved_stopped_and_left(tmux: Tmux) -> None:
    tmux.wait_for("Enter solves")
    tmux.type("What is 3/4 + 1/6?", "Enter")
    tmux.wait_for("every branch is finished", "rebase@16")
    tmux.type("n", "C-n", "C-n", "C-n")  # a width of 128
    tmux.type("Enter")
    tmux.wait_for("esc Stop", "branches")
    tmux.type("Escape")
    shown = tmux.wait_for("stopped by you")
    assert "FLOP" in shown
    tmux.type("C-q")
    shown = tmux.wait_for("left with 0")
    assert "Traceback" not in shown


def test_a_terminal_that_is_closed_ends_the_program(tmux: Tmux) -> None:
    tmux.wait_for("Enter solves")
    pid = tmux.pid()
    tmux.type("What is 3/4 + 1/6?", "Enter")
    tmux.wait_for("rebase@16")
    os.kill(pid, signal.SIGHUP)
    tmux.wait_for("left with")
    assert not Path(f"/proc/{pid}").exists()
