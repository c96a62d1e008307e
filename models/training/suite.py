"""Write a suite of held-out problems: of our own generators, or (with `--questions`) of the benchmark's modules."""

from __future__ import annotations

import argparse
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .problems import Problem, draw
from .problems.benchmark import SOLVERS, questions
from .problems.outside import outside


def balanced(rng: random.Random, count: int) -> list[Problem]:
    """Draw different held-out problems, families in turn as evenly as they allow."""
    drawn: dict[str, Problem] = {}
    while len(drawn) < 8 * count:
        problem = draw(rng, split="test")
        drawn.setdefault(problem.text, problem)
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, str, Problem]] = []
    for problem in drawn.values():
        seen[problem.family] += 1
        ranked.append((seen[problem.family], problem.family, problem))
    return [problem for _, _, problem in sorted(ranked, key=lambda r: r[:2])[:count]]


def own(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield text, answer and family of our generators' problems."""
    for problem in balanced(random.Random(seed), count):
        yield problem.text, problem.canonical()[1], problem.family


def asked(folder: Path, level: str, each: int) -> Iterator[tuple[str, str, str]]:
    """Yield text, known answer and module of the first held-out questions of every module, modules in turn."""
    columns = [
        [(problem.text, answer, family) for problem, answer in itertools.islice(drawn, each)]
        for family in sorted(SOLVERS)
        for drawn in [questions(folder, family, level, "test")]
    ]
    for rank in itertools.zip_longest(*columns):
        yield from (row for row in rank if row is not None)


def unknown(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield texts that the built-in models cannot answer: whatever they say is wrong."""
    rng = random.Random(seed)
    for _ in range(count):
        yield outside(rng)[:400], "(none)", "outside"


def main() -> None:
    """Write the suite as JSON Lines."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200, help="problems of our own generators")
    parser.add_argument("--questions", type=Path, help="folder that questions.py filled: take the benchmark instead")
    parser.add_argument("--level", choices=("easy", "train", "interpolate"), default="easy")
    parser.add_argument("--each", type=int, default=25, help="questions a module of the benchmark")
    parser.add_argument("--outside", action="store_true", help="texts that cannot be answered instead")
    parser.add_argument("--seed", type=int, default=8)
    args = parser.parse_args()
    if args.outside:
        rows = unknown(args.count, args.seed)
    else:
        rows = asked(args.questions, args.level, args.each) if args.questions else own(args.count, args.seed)
    with args.out.open("w") as out:
        for i, (text, answer, family) in enumerate(rows):
            row = {"id": f"{args.out.stem}/{i:03}", "problem": text, "answer": answer, "subject": family}
            out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
