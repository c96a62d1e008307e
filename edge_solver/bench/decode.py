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

from edge_solver.bench.shapes import SHAPES, write_gguf
from edge_solver.catalog import ModelKind, resolve
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.core.ports import Draft, DraftRequest, Profile
from edge_solver.core.tree import ROOT
from edge_solver.errors import EdgeSolverError

PROMPT = "What is the sum of the first 40 odd numbers? Write every step on a line of its own."
COLD_PROBLEMS = ("Solve 3x + 7 = 22 for x.", "What is 37 * 24?")
"""One with a short solution and one with a long one."""
_NEVER = "\x00"  # a step end that no model writes: every branch runs to its token limit


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
    from edge_solver.engines.drafter import LlamaDrafter
    from edge_solver.engines.formats import StepFormat
    from edge_solver.engines.llama import LlamaContext, LlamaModel

    inside = 0.0
    calls = 0
    plain_decode = LlamaContext.decode

    def timed_decode(self: LlamaContext, *batch: object) -> object:
        nonlocal inside, calls
        start = time.perf_counter()
        try:
            return plain_decode(self, *batch)  # type: ignore[arg-type]
        finally:
            inside += time.perf_counter() - start
            calls += 1

    class Endless(LlamaModel):
        """Never ends by itself, so that every branch is written to its token limit."""

        def is_end(self, token: int) -> bool:  # noqa: ARG002 - the answer is the same for all
            return False

    model = Endless(path)
    step_format = StepFormat(step_end=_NEVER, step_tokens=tokens, solution_steps=1)
    profile = Profile(name, "", model.shape(), model.context_trained, tokens, 1)
    drafter = LlamaDrafter(model, step_format, lambda _: None, profile, width=width)
    LlamaContext.decode = timed_decode  # type: ignore[method-assign,assignment]
    runs: list[DecodeTiming] = []
    try:
        for repeat in range(repeats + 1):  # the first one warms up
            ledger = Ledger(Budget(), time.monotonic, _NoMeter())
            drafter.open(repeat, PROMPT)
            requests = [DraftRequest(repeat, 1 + i, ROOT, repeat, 1.0, tokens) for i in range(width)]
            inside, calls = 0.0, 0
            start = time.perf_counter()
            written = sum(item.n_tokens for item in drafter.draft(requests, ledger) if isinstance(item, Draft))
            seconds = time.perf_counter() - start
            drafter.retain(repeat, ())
            runs.append(DecodeTiming(name, width, written // width, calls, seconds, inside))
    finally:
        LlamaContext.decode = plain_decode  # type: ignore[method-assign]
        drafter.close()
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
