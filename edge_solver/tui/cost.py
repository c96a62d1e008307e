"""What the app costs: ``python -m edge_solver.tui.cost`` prints it as JSON.

The real program runs on a pseudo-terminal and is used by its keys. Three things are measured: the time from the command
to the first paint; the time from a key press to the bytes that draw it, while the built-in models search; and the time
that a search takes in the app against the same search without one, in turns, so that whatever else the machine does
weighs on both alike.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from edge_solver.config import Settings
from edge_solver.core.events import Event, Solved
from edge_solver.core.strategies import SearchSettings

PROBLEM = "What is 3/4 + 5/6 - 1/8?"
PAINTED = b"Enter solves"
LETTERS = "жцчшщъыэюябгдзийлпф"
"""Nothing that the app shows holds these, so a letter in its output is the one that was typed."""
PATIENCE_SECONDS = 120.0
APART_SECONDS = 0.12
"""Between two key presses."""


class OnTerminal:
    """A child of this module on a pseudo-terminal; its results come by a pipe."""

    def __init__(self, *arguments: str, columns: int = 120, rows: int = 40) -> None:
        """Start it."""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._results, results = os.pipe()
        command = [sys.executable, "-m", "edge_solver.tui.cost", *arguments, "--results", str(results)]
        self.begun = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=theirs, stdout=theirs, stderr=theirs, pass_fds=[results], start_new_session=True
        )
        os.close(theirs)
        os.close(results)

    def wait_for(self, text: bytes) -> float:
        """Read until a text was drawn; return when."""
        drawn, end = b"", time.perf_counter() + PATIENCE_SECONDS
        while text not in drawn:
            drawn = drawn[-64:] + self._read(end)
        return time.perf_counter()

    def press(self, keys: str) -> float:
        """Type; return when."""
        os.write(self._ours, keys.encode())
        return time.perf_counter()

    def result(self) -> float:
        """Return the next number that the child reports, and let it draw meanwhile."""
        end = time.perf_counter() + PATIENCE_SECONDS
        while True:
            ready, _, _ = select.select([self._ours, self._results], [], [], end - time.perf_counter())
            if self._ours in ready:
                os.read(self._ours, 65536)
            if self._results in ready:
                return float(os.read(self._results, 64).split()[0])
            if not ready:
                raise TimeoutError("the app reported nothing")

    def drain(self, seconds: float) -> None:
        """Let it draw for a while."""
        end = time.perf_counter() + seconds
        with contextlib.suppress(TimeoutError):
            while True:
                self._read(end)

    def processor_seconds(self) -> float:
        """Return the processor time that it has used."""
        fields = _stat(self._process.pid)
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        os.close(self._ours)
        os.close(self._results)

    def _read(self, end: float) -> bytes:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.perf_counter()))
        if not ready:
            raise TimeoutError("nothing was drawn")
        return os.read(self._ours, 65536)


def _stat(pid: int) -> list[str]:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - a line of the kernel's
        return file.read().rpartition(")")[2].split()


@contextmanager
def _terminal(*arguments: str) -> Iterator[OnTerminal]:
    child = OnTerminal(*arguments)
    try:
        yield child
    finally:
        child.close()


def first_paint(times: int) -> dict[str, float]:
    """Return medians of the seconds from the command to the first paint: of the clock, and of the processor."""
    clock, processor = [], []
    for _ in range(times):
        with _terminal("app") as app:
            clock.append(app.wait_for(PAINTED) - app.begun)
            processor.append(app.processor_seconds())
    return {"seconds": statistics.median(clock), "processor_seconds": statistics.median(processor)}


def key_press(times: int, width: int) -> dict[str, float]:
    """Return how long a typed letter takes to be drawn while a search runs."""
    waits: list[float] = []
    with _terminal("app", "--width", str(width)) as app:
        app.wait_for(PAINTED)
        app.wait_for(b"ready")
        while len(waits) < times:
            app.press(f"{PROBLEM}\r")
            app.wait_for(b"branches")
            app.press("\t")  # back to the problem
            for letter in LETTERS[: max(1, times - len(waits))]:
                app.drain(APART_SECONDS)
                begun = app.press(letter)
                waits.append(app.wait_for(letter.encode()) - begun)
            app.result()
            app.drain(0.5)
            app.press("\x1b[1;5H\x15" + "\x15" * 3)  # an empty problem again
            app.drain(0.5)
    ranked = sorted(waits)
    return {
        "presses": len(ranked),
        "median_ms": 1e3 * statistics.median(ranked),
        "p95_ms": 1e3 * ranked[int(0.95 * (len(ranked) - 1))],
        "most_ms": 1e3 * ranked[-1],
    }


def against_solve(pairs: int, width: int) -> dict[str, float]:
    """Return how much longer a search takes in the app than without it, as medians over pairs of runs."""
    shares: list[float] = []
    speeds: list[tuple[float, float]] = []
    with _terminal("app", "--width", str(width)) as app, _terminal("plain", "--width", str(width)) as plain:
        app.wait_for(b"ready")
        plain.wait_for(b"ready")
        app.press(PROBLEM)
        for number in range(pairs + 1):
            app.drain(0.5)
            if number:
                app.press("n")  # the problem again; what follows must find the focus there
                app.drain(0.3)
            app.press("\r")
            inside = app.result()
            plain.press("\n")
            outside = plain.result()
            if number:  # the first pair warms caches
                shares.append(inside / outside - 1)
                speeds.append((inside, outside))
    return {
        "pairs": len(shares),
        "cost_share": statistics.median(shares),
        "app_seconds": statistics.median(inside for inside, _ in speeds),
        "solve_seconds": statistics.median(outside for _, outside in speeds),
    }


def _settings(width: int) -> Settings:
    return replace(Settings(), search=SearchSettings(width=width))


def _report(results: int, event: Event) -> None:
    if isinstance(event, Solved):
        os.write(results, f"{event.solution.spent.seconds}\n".encode())


def _run_app(width: int, results: int) -> None:
    from contextlib import nullcontext

    from edge_solver.tui.app import EdgeSolverApp, Surroundings

    def record() -> nullcontext[object]:
        return nullcontext(lambda event: _report(results, event))

    EdgeSolverApp(_settings(width), Surroundings(record=record)).run()  # type: ignore[arg-type]


def _run_plain(width: int, results: int) -> None:
    from edge_solver.assembly import Assembly

    with Assembly(_settings(width)) as assembly:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            for event in assembly.search(PROBLEM):
                _report(results, event)


def main() -> None:
    """Measure, or be what is measured."""
    parser = argparse.ArgumentParser(prog="python -m edge_solver.tui.cost", description=__doc__)
    parser.add_argument("child", nargs="?", choices=["app", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--results", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, default=64, help="of the searches (default: 64)")
    parser.add_argument("--times", type=int, default=7, help="starts, and pairs of searches (default: 7)")
    parser.add_argument("--presses", type=int, default=60, help="keys (default: 60)")
    chosen = parser.parse_args()
    if chosen.child == "app":
        _run_app(chosen.width, chosen.results)
    elif chosen.child == "plain":
        _run_plain(chosen.width, chosen.results)
    else:
        found = {
            "first_paint": first_paint(chosen.times),
            "key_press": key_press(chosen.presses, chosen.width),
            "against_solve": against_solve(chosen.times, chosen.width),
            "load_average": os.getloadavg()[0],
        }
        sys.stdout.write(re.sub(r"(\d+\.\d{3})\d+", r"\1", json.dumps(found, indent=2)) + "\n")


if __name__ == "__main__":
    main()
