"""Our decode loop, and beside it llama.cpp's own benchmark: ``python -m edge_solver.bench.decode``.

Runs the drafter with a fixed number of live branches that share a prompt, and splits the wall time into llama.cpp's
calls and everything around them: sampling, bookkeeping, events. With ``--batched-bench PROGRAM`` it does the same work
with ``llama-batched-bench``, in turns, and prints the ratio. With ``--cold`` it also times whole solve commands.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import click

from edge_solver import memory
from edge_solver.bench import batched_bench
from edge_solver.bench.batched_bench import KINDS, Rates, Workload
from edge_solver.bench.device.engine import DrafterEngine
from edge_solver.bench.shape_files import find_or_make
from edge_solver.bench.shapes import QUANTS, SHAPES
from edge_solver.catalog import ModelKind, resolve
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.engines.choices import CacheType
from edge_solver.errors import EdgeSolverError, UsageError

SAME = {CacheType.F16: "unified+flash", CacheType.Q8_0: "unified+q8_0"}
"""What our engine chooses on a CPU, by how it keeps keys and values; the ratio is to this, and to the best."""
COLD_PROBLEMS = ("Solve 3x + 7 = 22 for x.", "What is 37 * 24?")
"""One with a short solution and one with a long one."""


class NoMeter:
    """Energy is not what is measured here."""

    def read(self, _activity: Activity) -> Reading:
        """Return no number."""
        return Reading(None, EnergyLabel.UNAVAILABLE, "")


@dataclass(frozen=True, slots=True)
class Row:
    """One width: our best round, and llama.cpp's best of as many."""

    branches: int
    ours: Rates
    calls: int
    seconds: float
    """Of the calls of our best round."""
    seconds_in_llama: float
    same: str
    """The kind of cache and attention that ours is."""
    theirs: Mapping[str, Rates] = field(default_factory=dict)
    """By kind of cache and attention."""

    @property
    def share_outside(self) -> float:
        """Part of the wall time that is not llama.cpp's."""
        return 1 - self.seconds_in_llama / self.seconds

    @property
    def ratio(self) -> float | None:
        """Our tokens a second to llama.cpp's with the same cache and attention."""
        return self.ours.decode / self.theirs[self.same].decode if self.same in self.theirs else None

    @property
    def ratio_to_best(self) -> float | None:
        """The same to the best kind of all that were run."""
        return self.ours.decode / max(rates.decode for rates in self.theirs.values()) if self.theirs else None


def measure(work: Workload, turns: int, program: Path | None, kinds: tuple[str, ...]) -> list[Row]:
    """Run both sides in turns, each width in a context made for it, and return the best round of each width."""
    return [_measure_width(replace(work, branches=(width,)), turns, program, kinds) for width in work.branches]


def _measure_width(work: Workload, turns: int, program: Path | None, kinds: tuple[str, ...]) -> Row:
    (width,) = work.branches
    engine = DrafterEngine(
        work.model, threads=work.threads, cells=work.prompt + width * (work.tokens + 2), branches=width
    )
    ledger = Ledger(Budget(), time.monotonic, NoMeter())
    ours: list[Row] = []
    theirs: dict[str, list[Rates]] = {kind: [] for kind in kinds if program is not None}
    try:
        engine.prompt(work.prompt, ledger)
        engine.calls(width, 2, ledger)
        for _ in range(turns):
            ours += [_one(engine, work, width, ledger) for _ in range(work.rounds)]
            if program is not None:
                for kind, rates in theirs.items():
                    rates.append(batched_bench.run(program, work, kind)[width])
    finally:
        engine.close()
    best = {kind: batched_bench.best(rates) for kind, rates in theirs.items()}
    return replace(min(ours, key=lambda row: row.seconds), theirs=best)


def _one(engine: DrafterEngine, work: Workload, width: int, ledger: Ledger) -> Row:
    length, prompt_seconds = engine.prompt(work.prompt, ledger)
    calls = engine.calls(width, work.tokens, ledger)
    seconds = sum(call.seconds for call in calls)
    rates = Rates(length / prompt_seconds, width * work.tokens / seconds)
    return Row(width, rates, len(calls), seconds, sum(call.model_seconds for call in calls), SAME[engine.model.cache])


def time_cold_solve(problem: str, width: int, repeats: int) -> float:
    """Return the median wall seconds of ``edge-solver solve`` from process start to exit."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        command = [sys.executable, "-m", "edge_solver", "solve", problem, "--width", str(width)]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - our own command
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def find_model(model: str | None, shape: str | None, quant: str, cells: int) -> tuple[Path, str]:
    """Return the file to measure and what to call it.

    Raises:
        UsageError: Both were named.
        EdgeSolverError: It cannot be found or made.
    """
    if shape is None:
        file = resolve(ModelKind.POLICY, model or "builtin")
        return file.path, file.name
    if model is not None:
        raise UsageError("--shape and --model: give one of them")
    return find_or_make(shape, quant, cells=cells, free_memory=memory.available()), f"{shape} {quant}, made-up weights"


def threads_of_a_search(path: Path) -> int:
    """Return how many threads a search would take with a model, from what its file says of it."""
    from edge_solver.engines.capacity import shape_in
    from edge_solver.engines.llama import default_threads

    return default_threads(shape_in(path))


@contextmanager
def told() -> Iterator[None]:
    """End the program with a line where something of ours fails."""
    try:
        yield
    except EdgeSolverError as error:
        raise SystemExit(f"error: {error}") from error


@click.command()
@click.option("--model", help="Registry name or path of a policy.  [default: builtin]")
@click.option("--shape", type=click.Choice(list(SHAPES)), help="Made-up weights of this shape instead of a model.")
@click.option("--quant", type=click.Choice(QUANTS), default="q4_0", help="Of a shape.")
@click.option("--branches", default="1,4,16", help="Live branches, comma-separated.")
@click.option("--prompt", default=64, help="Tokens that the branches share.")
@click.option("--tokens", default=64, help="Tokens per branch.")
@click.option("--rounds", default=5, help="Of each side in a turn; the best of all counts.")
@click.option("--turns", default=2, help="Of each side.")
@click.option("--threads", type=int, help="Of both sides.  [default: as a search would take]")
@click.option("--batched-bench", "program", type=click.Path(path_type=Path), help="llama-batched-bench, to compare.")
@click.option("--kinds", default=",".join(KINDS), help="Cache and attention to run it with.")
@click.option("--cold", is_flag=True, help="Also time whole solve commands.")
@click.option("--json", "as_json", is_flag=True)
def main(
    *,
    model: str | None,
    shape: str | None,
    quant: str,
    branches: str,
    prompt: int,
    tokens: int,
    rounds: int,
    turns: int,
    threads: int | None,
    program: Path | None,
    kinds: str,
    cold: bool,
    as_json: bool,
) -> None:
    """Print tokens/s per width, the share of time outside llama.cpp, and ratios to llama-batched-bench."""
    with told():
        widths, wanted = _widths(branches), _kinds(kinds)
        path, name = find_model(model, shape, quant, prompt + max(widths) * (tokens + 1))
        work = Workload(path, threads or threads_of_a_search(path), prompt, tokens, widths, rounds)
        rows = measure(work, turns, program, wanted)
    cold_seconds = {p: time_cold_solve(p, 16, rounds) for p in COLD_PROBLEMS} if cold else {}
    if as_json:
        table = [
            {**asdict(row), "share_outside": row.share_outside, "ratio": row.ratio, "ratio_to_best": row.ratio_to_best}
            for row in rows
        ]
        found = {"model": name, "threads": work.threads, "prompt": prompt, "tokens": tokens, "decode": table}
        click.echo(json.dumps({**found, "cold_solve_seconds": cold_seconds}))
        return
    shown = wanted if program is not None else ()
    click.echo(f"{name}, threads: {work.threads}, prompt: {prompt}, tokens per branch: {tokens}")
    heads = [f"{'branches':>8} {'tokens/s':>9} {'ms/call':>8} {'outside llama.cpp':>18}", *(f"{k:>14}" for k in shown)]
    click.echo(" ".join([*heads, *([f"{'ratio':>6} {'to best':>8}"] if shown else [])]))
    for row in rows:
        milliseconds = 1000 * row.seconds / row.calls
        line = [f"{row.branches:8} {row.ours.decode:9,.0f} {milliseconds:8.2f} {row.share_outside:18.1%}"]
        line += [f"{row.theirs[kind].decode:14,.0f}" for kind in shown]
        if shown:
            line.append(f"{row.ratio or 0:6.2f} {row.ratio_to_best or 0:8.2f}")
        click.echo(" ".join(line))
    for problem, seconds in cold_seconds.items():
        click.echo(f"cold start to answer, width 16, {problem!r}: {seconds:.2f} s")


def _widths(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"--branches {text}: write whole numbers with commas between, such as 1,4,16")
    return tuple(int(part) for part in parts)


def _kinds(text: str) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in text.split(","))
    if unknown := [kind for kind in wanted if kind not in KINDS]:
        raise UsageError(f"--kinds: there is no {unknown[0]!r}; known: {', '.join(KINDS)}")
    return wanted


if __name__ == "__main__":
    main()
