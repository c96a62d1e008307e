"""What the app costs: ``python -m edge_solver.tui.cost`` prints it as JSON.

The real program runs on a pseudo-terminal and is used by its keys. Four things are measured: the time from the command
to the first paint; the time from a key press to the bytes that draw it, while the built-in models search; the time that
a search takes in the app against the same search without one, in turns, so that whatever else the machine does weighs
on both alike; and the time from a key press to the drawing of a tree of ten thousand steps, scrolled.
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
from edge_solver.core.budget import Budget
from edge_solver.core.events import Drafted, Event, Scored, Solved
from edge_solver.core.strategies import SearchSettings

PROBLEM = "What is 3/4 + 5/6 - 1/8?"
LONG_PROBLEM, LONG_WIDTH = "What is 78412 * 59231?", 256
"""Minutes of decoding: a search for it is stopped, it never ends before the keys are pressed. Its branches part early,
so that a search under a cap on tokens is long enough to be compared."""
PAINTED = b"Enter solves"
LETTERS = "жцчшщъыэюябгдзийлпф"
"""Nothing that the app shows holds these, so a letter in its output is the one that was typed."""
TOKENS = 15_000
"""Many seconds of decoding, beside which the screen that a search begins with weighs little."""
PATIENCE_SECONDS = 120.0
APART_SECONDS = 0.12
"""Between two key presses."""
STEPS = 10_000
"""Of the tree that is scrolled."""
PARTS = ("paint", "keys", "solve", "scroll")
_CONTROLS = re.compile(rb"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b[^\[]|[\x00-\x1f]+")
_LAST = 2000  # bytes of what was drawn that an error tells


class SilentError(Exception):
    """The program did not do what was waited for; says what it drew last."""


class OnTerminal:
    """A child of this module on a pseudo-terminal; what it reports comes line by line by a pipe.

    Without arguments it is the app as a user starts it, which reports nothing.
    """

    def __init__(self, *arguments: str, columns: int = 120, rows: int = 40) -> None:
        """Start it."""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._results, results = os.pipe()
        self._reported, self._drawn = b"", b""
        ours = ["edge_solver.tui.cost", *arguments, "--results", str(results)]
        command = [sys.executable, "-m", *(ours if arguments else ["edge_solver"])]
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
            drawn = drawn[-64:] + self._read(end, f"{text.decode()!r} on the screen")
        return time.perf_counter()

    def wait_to_draw(self) -> float:
        """Read until anything was drawn; return when."""
        self._read(time.perf_counter() + PATIENCE_SECONDS, "anything on the screen")
        return time.perf_counter()

    def press(self, keys: str) -> float:
        """Type; return when."""
        os.write(self._ours, keys.encode())
        return time.perf_counter()

    def told(self, word: str) -> float:
        """Wait for a report that begins with a word, and let the child draw meanwhile; return its number."""
        end = time.perf_counter() + PATIENCE_SECONDS
        while True:
            line, found, rest = self._reported.partition(b"\n")
            if found:
                self._reported = rest
                name, _, number = line.decode().partition(" ")
                if name == word:
                    return float(number or 0)
                continue
            ready, _, _ = select.select([self._ours, self._results], [], [], max(0.0, end - time.perf_counter()))
            if self._ours in ready:
                self._take(f"its report of {word!r}")
            if self._results in ready:
                self._reported += os.read(self._results, 65536)
            if not ready:
                raise self._silent(f"its report of {word!r}")

    def drain(self, seconds: float) -> None:
        """Let it draw for a while."""
        end = time.perf_counter() + seconds
        with contextlib.suppress(SilentError):
            while True:
                self._read(end, "nothing")

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

    def _read(self, end: float, wanted: str) -> bytes:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.perf_counter()))
        if not ready:
            raise self._silent(wanted)
        return self._take(wanted)

    def _take(self, wanted: str) -> bytes:
        try:
            read = os.read(self._ours, 65536)
        except OSError:  # how Linux says that nobody has the terminal open any more
            raise self._silent(wanted) from None
        self._drawn = (self._drawn + read)[-_LAST:]
        return read

    def _silent(self, wanted: str) -> SilentError:
        code = self._process.poll()
        state = f"it ended with {code}" if code is not None else "it is still running"
        shown = _CONTROLS.sub(b" ", self._drawn).decode(errors="replace")
        return SilentError(f"waited in vain for {wanted}; {state}; what it drew last: {' '.join(shown.split())}")


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
        with _terminal() as app:
            clock.append(app.wait_for(PAINTED) - app.begun)
            processor.append(app.processor_seconds())
    return {
        "starts": times,
        "seconds": statistics.median(clock),
        "most_seconds": max(clock),
        "processor_seconds": statistics.median(processor),
    }


def key_press(times: int) -> dict[str, float]:
    """Return how long a typed letter takes to be drawn while a search runs, that is stopped and begun anew."""
    waits: list[float] = []
    with _terminal("app", "--width", str(LONG_WIDTH)) as app:
        app.wait_for(b"ready")
        while len(waits) < times:
            app.press(f"{LONG_PROBLEM}\r")
            app.told("growing")
            app.press("\t")  # back to the problem
            app.drain(0.5)
            for letter in LETTERS[: times - len(waits)]:
                app.drain(APART_SECONDS)
                begun = app.press(letter)
                waits.append(app.wait_for(letter.encode()) - begun)
            app.press("\x1b")
            app.told("over")
            app.drain(0.5)
            app.press("\x15")  # an empty problem again
            app.drain(0.5)
    return {"presses": len(waits), **_ranked(waits)}


def against_solve(pairs: int, width: int, tokens: int) -> dict[str, float]:
    """Return how much longer a search of so many tokens takes in the app than without it, as medians over pairs."""
    shares: list[float] = []
    speeds: list[tuple[float, float]] = []
    search = ("--width", str(width), "--tokens", str(tokens))
    with _terminal("app", *search) as app, _terminal("plain", *search) as plain:
        app.wait_for(b"ready")
        plain.told("ready")
        app.press(LONG_PROBLEM)
        for number in range(pairs + 1):
            app.drain(0.5)
            if number:
                app.press("n")  # the problem again; what follows must find the focus there
                app.drain(0.3)
            app.press("\r")
            inside = app.told("over")
            plain.press("\n")
            outside = plain.told("over")
            if number:  # the first pair warms caches
                shares.append(inside / outside - 1)
                speeds.append((inside, outside))
    return {
        "pairs": len(shares),
        "cost_share": statistics.median(shares),
        "least_share": min(shares),
        "most_share": max(shares),
        "app_seconds": statistics.median(inside for inside, _ in speeds),
        "solve_seconds": statistics.median(outside for _, outside in speeds),
    }


def scrolling(times: int) -> dict[str, float]:
    """Return how long a tree of many steps takes from a key press to what it draws."""
    waits: list[float] = []
    with _terminal("tree") as app:
        app.told("growing")
        app.drain(1.0)
        for number in range(times):
            begun = app.press("\x1b[6~" if number % 2 else "\x1b[B")  # a page, a line
            waits.append(app.wait_to_draw() - begun)
            app.drain(APART_SECONDS)
    return {"steps": STEPS, "presses": len(waits), **_ranked(waits)}


def _ranked(waits: list[float]) -> dict[str, float]:
    ranked = sorted(waits)
    return {
        "median_ms": 1e3 * statistics.median(ranked),
        "p95_ms": 1e3 * ranked[int(0.95 * (len(ranked) - 1))],
        "most_ms": 1e3 * ranked[-1],
    }


def _settings(width: int, tokens: int | None) -> Settings:
    return replace(Settings(), search=SearchSettings(width=width), budget=Budget(tokens=tokens))


class _Reporter:
    """Tells the parent that a search grows, and how many seconds it took."""

    def __init__(self, results: int) -> None:
        self._results, self._growing = results, False

    def __call__(self, event: Event) -> None:
        if isinstance(event, Drafted) and not self._growing:
            self.tell("growing")
        if isinstance(event, Solved):
            self.tell(f"over {event.solution.spent.seconds}")
        self._growing = isinstance(event, Drafted) or (self._growing and not isinstance(event, Solved))

    def tell(self, words: str) -> None:
        os.write(self._results, f"{words}\n".encode())


def _run_app(settings: Settings, report: _Reporter) -> None:
    from contextlib import nullcontext

    from edge_solver.tui.app import EdgeSolverApp, Surroundings

    EdgeSolverApp(settings, Surroundings(record=lambda _warn: nullcontext(report))).run()


def _run_plain(settings: Settings, report: _Reporter) -> None:
    from edge_solver.assembly import Assembly

    with Assembly(settings) as assembly:
        report.tell("ready")
        for _ in sys.stdin:
            for event in assembly.search(LONG_PROBLEM):
                report(event)


def _run_tree(report: _Reporter) -> None:
    from edge_solver.tui.app import EdgeSolverApp

    class Grown(EdgeSolverApp):
        def on_mount(self) -> None:
            super().on_mount()
            self.call_after_refresh(self._grow)

        def _grow(self) -> None:
            from edge_solver.tui.engine import Run
            from edge_solver.tui.widgets.run import RunView

            self.screen.query_one("#welcome").display = False
            self.screen.query_one("#runs").display = True
            view = self.screen.query_one(RunView)
            view.begin(Run(PROBLEM, self.settings, over=True), Budget())
            view.hear(tree_of(STEPS))
            view.view.focus()
            report.tell("growing")

    Grown(_settings(1, None)).run()


def tree_of(steps: int) -> Iterator[Event]:
    """Yield the events of a tree in which every step has three after it."""
    from edge_solver.core.tree import Finish

    for node in range(1, steps + 1):
        depth = 1
        parent = (node - 1) // 3
        while parent:
            parent, depth = (parent - 1) // 3, depth + 1
        text = f"Step {node}: 3/4 + 5/6 = 9/12 + 10/12 = 19/12"
        yield Drafted(node, (node - 1) // 3, depth, text, 24, Finish.STEP, None)
        yield Scored(node, node % 100 / 100)


def main() -> None:
    """Measure, or be what is measured."""
    parser = argparse.ArgumentParser(prog="python -m edge_solver.tui.cost", description=__doc__)
    parser.add_argument("child", nargs="?", choices=["app", "plain", "tree"], help=argparse.SUPPRESS)
    parser.add_argument("--results", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--part", action="append", choices=PARTS, help="what to measure (default: everything)")
    parser.add_argument("--width", type=int, default=64, help="of the searches that are compared (default: 64)")
    parser.add_argument("--tokens", type=int, help=f"of the searches that are compared (default: {TOKENS:,})")
    parser.add_argument("--times", type=int, default=7, help="starts, and pairs of searches (default: 7)")
    parser.add_argument("--presses", type=int, default=60, help="keys (default: 60)")
    chosen = parser.parse_args()
    report = _Reporter(chosen.results)
    match chosen.child:
        case "app":
            _run_app(_settings(chosen.width, chosen.tokens), report)
        case "plain":
            _run_plain(_settings(chosen.width, chosen.tokens), report)
        case "tree":
            _run_tree(report)
        case _:
            sys.exit(_measure(chosen))


def _measure(chosen: argparse.Namespace) -> str | None:
    """Print what was measured; return why it could not be."""
    parts = {
        "paint": lambda: first_paint(chosen.times),
        "keys": lambda: key_press(chosen.presses),
        "solve": lambda: against_solve(chosen.times, chosen.width, chosen.tokens or TOKENS),
        "scroll": lambda: scrolling(chosen.presses),
    }
    found: dict[str, object] = {}
    try:
        for name in chosen.part or PARTS:
            found[name] = parts[name]()
    except SilentError as error:
        return f"error: {name}: {error}"
    finally:
        found["load_average"] = os.getloadavg()[0]
        sys.stdout.write(re.sub(r"(\d+\.\d{3})\d+", r"\1", json.dumps(found, indent=2)) + "\n")
    return None


if __name__ == "__main__":
    main()
