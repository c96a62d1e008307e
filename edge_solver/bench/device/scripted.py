"""A simulated machine of known speed, on a clock that moves only when it works; serves tests and demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge_solver.bench.device.ceilings import Bandwidth
from edge_solver.bench.device.engine import StoppedError
from edge_solver.bench.device.measure import Lab, window_of
from edge_solver.bench.device.quality import WIDTH, Score, window_name
from edge_solver.bench.device.rig import Rig
from edge_solver.bench.device.thermal import Heat
from edge_solver.bench.statistics import wilson
from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import Shape, span_flops
from edge_solver.core.meter import Activity
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.scripted import ScriptedClock, ScriptedScorer

SHAPE = Shape(24, 1024, 400_000_000, 50_000_000, 500_000_000, 98_304)


class Clock(ScriptedClock):
    """Time as the simulated machine spends it."""

    def __init__(self) -> None:
        """Stand at zero."""
        super().__init__()
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds

    def tick(self, *costs: Cost) -> None:  # noqa: ARG002 - what a call costs does not matter here
        """Let the time of one simulated call pass."""
        self.seconds += self.seconds_per_call

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@dataclass
class ScriptedEngine:
    """Reads and writes at known speeds: a call takes a fixed time and a little for every branch."""

    clock: Clock
    check: Callable[[], None] = lambda: None
    threads: int = 4
    prompt_rate: float = 200.0
    call_seconds: float = 0.05
    branch_seconds: float = 0.005
    shape: Shape = SHAPE
    context: int = 4096
    description: str = "scripted 0.5B Q4_0"
    weight_bytes: int = 500_000_000
    load_seconds: float = 0.5
    _prompt: int = field(default=0, init=False)

    def prompt(self, tokens: int, ledger: Ledger) -> tuple[int, float]:
        """Read a prompt."""
        self._prompt = tokens
        ledger.request(Cost(Payer.PROMPT, span_flops(self.shape, 0, tokens, 1), tokens))
        self.clock.sleep(tokens / self.prompt_rate)
        return tokens, tokens / self.prompt_rate

    def decode(self, branches: int, tokens: int, ledger: Ledger) -> Sequence[float]:
        """Write."""
        taken = []
        for token in range(tokens):
            self.check()
            at = self._prompt + token
            ledger.request(Cost(Payer.DECODE, branches * span_flops(self.shape, at, at + 1, 1), branches, branches))
            taken.append(self.call_seconds + branches * self.branch_seconds)
            self.clock.sleep(taken[-1])
        return taken

    def close(self) -> None:
        """Free nothing."""


def scripted_rig(
    *, cancelled: Callable[[], bool] = lambda: False, heat: Callable[[], Heat] | None = None, cores: int = 4
) -> Rig:
    """Return a simulated machine that reads 30 GB/s and computes 300 GFLOP/s."""
    clock = Clock()
    lab = Lab(clock, ScriptedMeter(), heat or _cool, clock.sleep, cancelled)

    def run_suite(limit: float, problems: int, strategy: str, stop: Callable[[], bool]) -> Score:
        if stop():
            raise StoppedError
        seconds, solved = problems * limit / 1e11, problems // 2
        clock.sleep(seconds)
        window = window_of(
            window_name(limit), seconds, lab.meter.read(Activity(round(problems * limit), seconds)), problems, "problem"
        )
        joules = window.joules
        assert joules is not None  # the simulated machine has a meter
        return Score(
            "flops", limit, strategy, WIDTH, problems, problems, solved, 0, solved / problems, wilson(solved, problems),
            limit, seconds / problems, joules / problems, joules / solved if solved else None, 1000 * solved / joules,
            window.label, window.scope, window.error, window,
        )  # fmt: skip

    return Rig(
        lab=lab,
        open_engine=lambda threads: ScriptedEngine(clock, lab.check, threads or 4),
        open_scorer=lambda: ScriptedScorer(clock=clock),
        measure_bandwidth=lambda size: [Bandwidth("read", cores, size, 30e9)],
        measure_flops=lambda: 300e9,
        run_suite=run_suite,
        peak_rss_bytes=lambda: 10**9,
        solution_tokens=200,
        cores=cores,
    )


def _cool() -> Heat:
    return Heat(55.0, "x86_pkg_temp", 0, 3_000_000_000, 3_000_000_000)
