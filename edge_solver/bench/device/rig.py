"""What a benchmark measures, and with what: the seam behind which a machine stands, real or simulated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_solver.bench.device.ceilings import Bandwidth
from edge_solver.bench.device.engine import Engine
from edge_solver.bench.device.measure import Lab
from edge_solver.bench.device.quality import Score
from edge_solver.core.ports import Scorer


class Listener(Protocol):
    """Is told how a benchmark goes on."""

    def stage(self, name: str, number: int, total: int, left: float | None) -> None:
        """Know what is measured now, and about how many seconds all of it still takes."""
        ...


@dataclass
class Rig:
    """What is measured, and with what."""

    lab: Lab
    open_engine: Callable[[int | None], Engine]
    """Loads the policy for a number of threads, or for what a search would take."""
    open_scorer: Callable[[], Scorer]
    measure_bandwidth: Callable[[int], Sequence[Bandwidth]]
    """Takes a working set in bytes."""
    measure_flops: Callable[[], float]
    run_suite: Callable[[float, int, str, Callable[[], bool]], Score]
    """Takes a cap in FLOPs, a number of problems, a strategy, and what says when to end."""
    peak_rss_bytes: Callable[[], int | None]
    solution_tokens: float
    """Of a typical solution of this policy."""
    cores: int
    ask_wall: Callable[[str], float | None] | None = None
    """Asks the user what a meter at the wall socket shows, in joules, at a moment that it is told in words."""
