"""Measure what saving a run costs a search: ``python -m edge_solver.bench.saving [PAIRS]``.

The same searches run with and without a saver, in turns and in one process. Wall-clock time on a busy machine says
little, so the processor time of the saver's own thread is measured too: that is everything it takes from the search.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from edge_solver.assembly import Assembly
from edge_solver.config import resolve
from edge_solver.core.events import Event
from edge_solver.history import History, Saver

PROBLEMS = ("What is 3/4 of 48?", "Solve 3x + 7 = 22 for x.", "What is 17 * 23?", "What is 15% of 240?")
PAIRS = 40


class _Timed:
    """Processor seconds that a saver takes, in its thread and in that of the search."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.thread, self.listener = 0.0, 0.0

    def open(self) -> History:
        """Open the history; the saver does so in its thread, at the beginning."""
        return _Closing(self._file, self)


class _Closing(History):
    """A history that notes how long its thread has worked when it is closed, as the last thing the thread does."""

    def __init__(self, file: Path, timed: _Timed) -> None:
        self._timed = timed
        super().__init__(file)

    def close(self) -> None:
        super().close()
        self._timed.thread = time.thread_time()


def measure(pairs: int, *, demo: bool = False) -> dict[str, float]:
    """Return means over the pairs, in seconds, and the share of a search's processor time that saving takes."""
    costs: list[float] = []
    cpu: tuple[list[float], list[float]] = ([], [])
    wall: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as folder, Assembly(resolve({}), demo=demo) as assembly:
        file = Path(folder) / "history.db"
        _search(assembly, 0, _Timed(file))  # loads what is loaded once, and makes the file
        for number in range(pairs):
            for saved in (number % 2 == 0, number % 2 == 1):
                timed = _Timed(file) if saved else None
                began, spent = time.perf_counter(), time.process_time()
                _search(assembly, number, timed)
                wall[saved].append(time.perf_counter() - began)
                cpu[saved].append(time.process_time() - spent)
                if timed is not None:
                    costs.append(timed.thread + timed.listener)
    return {
        "pairs": pairs,
        "cpu_seconds_without": statistics.mean(cpu[False]),
        "cpu_seconds_of_saving": statistics.mean(costs),
        "share": statistics.mean(costs) / statistics.mean(cpu[False]),
        "wall_seconds_without": statistics.mean(wall[False]),
        "wall_difference_median": statistics.median(a - b for a, b in zip(wall[True], wall[False], strict=True)),
    }


def _search(assembly: Assembly, number: int, timed: _Timed | None) -> None:
    with ExitStack() as stack:
        save = stack.enter_context(Saver(timed.open)) if timed else None
        for event in assembly.search(PROBLEMS[number % len(PROBLEMS)], seed=number):
            if save and timed:
                _listen(save, event, timed)


def _listen(save: Saver, event: Event, timed: _Timed) -> None:
    began = time.thread_time()
    save(event)
    timed.listener += time.thread_time() - began


def main(arguments: Sequence[str]) -> int:
    """Print one JSON document."""
    result = measure(int(arguments[0]) if arguments else PAIRS)
    sys.stdout.write(json.dumps({key: round(value, 5) for key, value in result.items()}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
