"""How often a strategy is right: ``python -m edge_solver.bench.accuracy SUITE.jsonl --strategies greedy,rebase``.

Every problem of a suite goes through the real engines under every strategy; the table gives accuracy with Wilson 95 %
intervals, coverage, and what an answer cost. A suite is JSON Lines of ``{"id", "problem", "answer"}``.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from edge_solver.answers import MathGrader
from edge_solver.assembly import Assembly
from edge_solver.config import resolve
from edge_solver.core.events import Solved
from edge_solver.core.solution import Solution
from edge_solver.errors import EdgeSolverError, UsageError

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy on one suite."""

    strategy: str
    width: int
    n: int
    correct: int
    covered: int
    """Problems where at least one leaf was right."""
    flops: float
    """Mean executed FLOPs, policy and process reward model together."""
    tokens: float
    seconds: float


def wilson(correct: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = correct / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def read_suite(path: Path, limit: int | None) -> list[tuple[str, str]]:
    """Return problems with their answers.

    Raises:
        UsageError: The file is missing, or a line is not a problem; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the suite {path} cannot be read: {error}") from error
    return [_problem(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)][:limit]


def _problem(line: str, where: str) -> tuple[str, str]:
    try:
        row = json.loads(line)
        return row["problem"], row["answer"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{where}: not a problem with an answer ({error})") from error


def measure(suite: Sequence[tuple[str, str]], strategy: str, width: int, seed: int, model: str) -> Row:
    """Solve every problem with one strategy."""
    settings = resolve({"strategy": strategy, "width": width, "seed": seed, "model": model})
    correct = covered = 0
    solutions: list[Solution] = []
    with Assembly(settings) as assembly, MathGrader() as grader:
        for index, (problem, gold) in enumerate(suite, start=1):
            solution = _solved(iter(assembly.search(problem)))
            solutions.append(solution)
            covered += any(grader.same(gold, candidate.answer) for candidate in solution.candidates)
            correct += solution.answer is not None and grader.same(gold, solution.answer)
            click.echo(
                f"\r{strategy}@{solution.strategy.width} {index}/{len(suite)} {correct / index:.1%}", err=True, nl=False
            )
    click.echo(err=True)
    n = max(1, len(solutions))
    return Row(
        strategy,
        solutions[0].strategy.width if solutions else width,
        len(solutions),
        correct,
        covered,
        flops=sum(s.spent.flops for s in solutions) / n,
        tokens=sum(s.spent.tokens_generated for s in solutions) / n,
        seconds=sum(s.spent.seconds for s in solutions) / n,
    )


def _solved(events: Iterator[object]) -> Solution:
    return next(event.solution for event in events if isinstance(event, Solved))


@click.command()
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--strategies", default="greedy,majority,weighted,rebase", help="Comma-separated.")
@click.option("--width", default=16)
@click.option("--limit", type=int, help="Only the first problems of the suite.")
@click.option("--seed", default=0)
@click.option("--model", default="builtin")
def main(suite: Path, strategies: str, width: int, limit: int | None, seed: int, model: str) -> None:
    """Print accuracy, coverage and cost of strategies on a suite."""
    try:
        problems = read_suite(suite, limit)
        rows = [measure(problems, name, width, seed, model) for name in strategies.split(",")]
    except EdgeSolverError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    click.echo("| strategy | width | n | accuracy | 95 % interval | coverage | MFLOP | tokens | seconds |")
    click.echo("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        low, high = wilson(row.correct, row.n)
        click.echo(
            f"| {row.strategy} | {row.width} | {row.n} | {row.correct / max(1, row.n):.1%} | {low:.1%} – {high:.1%} "
            f"| {row.covered / max(1, row.n):.1%} | {row.flops / 1e6:.0f} | {row.tokens:.0f} | {row.seconds:.2f} |"
        )


if __name__ == "__main__":
    main()
