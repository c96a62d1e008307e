"""Write a small suite of held-out problems, for demonstrations and tests of the package."""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from pathlib import Path

from .problems import Problem, draw


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


def main() -> None:
    """Write the suite as JSON Lines."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=8)
    args = parser.parse_args()
    with args.out.open("w") as out:
        for i, problem in enumerate(balanced(random.Random(args.seed), args.count)):
            row = {
                "id": f"builtin/{i:03}",
                "problem": problem.text,
                "answer": problem.canonical()[1],
                "subject": problem.family,
            }
            out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
