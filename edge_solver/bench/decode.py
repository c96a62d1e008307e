"""How much of a decode step is ours: ``python -m edge_solver.bench.decode``.

Runs the drafter over a policy with a fixed number of live branches and splits the wall time into llama.cpp's decode
calls and everything around them: sampling, bookkeeping, events. Also times one cold ``edge-solver solve``.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from edge_solver.bench.device.engine import DrafterEngine
from edge_solver.bench.shapes import SHAPES
from edge_solver.bench.weights import write_gguf
from edge_solver.catalog import ModelKind, resolve
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.errors import EdgeSolverError

PROMPT_TOKENS = 32
COLD_PROBLEMS = ("Solve 3x + 7 = 22 for x.", "What is 37 * 24?")
"""One with a short solution and one with a long one."""


class _NoMeter:
    """Energy is not what is measured here."""

    def read(self, _activity: Activity) -> Reading:
        """Return no number."""
        return Reading(None, EnergyLabel.UNAVAILABLE, "")


@dataclass(frozen=True, slots=True)
class DecodeTiming:
    """One run: ``tokens`` per branch on ``width`` branches."""

    model: str
    width: int
    tokens: int
    calls: int
    seconds: float
    seconds_in_llama: float

    @property
    def share_outside(self) -> float:
        """Part of the wall time that is not llama.cpp's."""
        return 1 - self.seconds_in_llama / self.seconds

    @property
    def tokens_per_second(self) -> float:
        """Tokens of all branches together."""
        return self.width * self.tokens / self.seconds


def time_decode(path: Path, name: str, width: int, tokens: int, repeats: int) -> DecodeTiming:
    """Draft ``width`` branches of ``tokens`` tokens each and return the median run."""
    engine = DrafterEngine(path, cells=256 + width * (tokens + 1), branches=width)
    ledger = Ledger(Budget(), time.monotonic, _NoMeter())
    runs: list[DecodeTiming] = []
    try:
        engine.prompt(PROMPT_TOKENS, ledger)
        for _ in range(repeats + 1):  # the first one warms up
            calls = engine.calls(width, tokens, ledger)
            seconds = sum(call.seconds for call in calls)
            inside = sum(call.model_seconds for call in calls)
            runs.append(DecodeTiming(name, width, tokens, len(calls), seconds, inside))
    finally:
        engine.close()
    return sorted(runs[1:], key=lambda run: run.seconds)[repeats // 2]


def time_cold_solve(problem: str, width: int, repeats: int) -> float:
    """Return the median wall seconds of ``edge-solver solve`` from process start to exit."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        command = [sys.executable, "-m", "edge_solver", "solve", problem, "--width", str(width)]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - our own command
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


@click.command()
@click.option("--model", default="builtin", help="Registry name or path of a policy.")
@click.option("--shape", type=click.Choice(list(SHAPES)), help="Made-up weights of this shape instead of a model.")
@click.option("--widths", default="1,4,16", help="Live branches, comma-separated.")
@click.option("--tokens", default=64, help="Tokens per branch.")
@click.option("--repeats", default=5)
@click.option("--cold/--no-cold", default=True, help="Also time whole solve commands.")
@click.option("--json", "as_json", is_flag=True)
def main(model: str, shape: str | None, widths: str, tokens: int, repeats: int, *, cold: bool, as_json: bool) -> None:
    """Print tokens/s, calls and the share of time outside llama.cpp, per width."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            if shape is None:
                file = resolve(ModelKind.POLICY, model)
                path, name = file.path, file.name
            else:
                path, name = Path(folder) / f"{shape}.gguf", f"{shape} (made-up weights)"
                write_gguf(shape, path)
            rows = [time_decode(path, name, int(width), tokens, repeats) for width in widths.split(",")]
        cold_seconds = {p: time_cold_solve(p, 16, repeats) for p in COLD_PROBLEMS} if cold and shape is None else {}
    except EdgeSolverError as error:
        raise SystemExit(f"error: {error}") from error
    if as_json:
        table = [
            {**asdict(row), "tokens_per_second": row.tokens_per_second, "share_outside": row.share_outside}
            for row in rows
        ]
        click.echo(json.dumps({"decode": table, "cold_solve_seconds": cold_seconds}))
        return
    click.echo(f"{'model':32} {'width':>5} {'tokens/s':>9} {'ms/call':>8} {'outside llama.cpp':>18}")
    for row in rows:
        milliseconds = 1000 * row.seconds_in_llama / row.calls
        click.echo(
            f"{row.model:32} {row.width:5} {row.tokens_per_second:9.0f} {milliseconds:8.2f} {row.share_outside:17.1%}"
        )
    for problem, seconds in cold_seconds.items():
        click.echo(f"cold start to answer, width 16, {problem!r}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
