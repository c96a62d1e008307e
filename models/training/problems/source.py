"""Where training and measuring draw their problems: the benchmark's questions and our own generators, in one stream."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import draw
from .base import Problem, Split, is_test
from .benchmark import SOLVERS, problem_of, questions

BENCHMARK_SHARE = 0.6


def texts_of(suites: Iterable[Path]) -> frozenset[str]:
    """Return the texts of the problems of test suites (JSON Lines)."""
    return frozenset(json.loads(row)["problem"] for path in suites for row in path.read_text().splitlines())


def own_problems(count: int, seed: int, split: Split, kind: str | None = None) -> Iterator[Problem]:
    """Yield problems of the project's own generators, or of one of them."""
    rng = random.Random(seed)
    for _ in range(count):
        yield draw(rng, split=split, kind=kind)


def benchmark_problems(folder: Path, levels: tuple[str, ...], split: Split) -> Iterator[Problem]:
    """Yield the benchmark's questions of the wanted side whose solution, when it is exact, gives the known answer.

    A solver that stops searching early (primes) is kept as it is: its procedure is what the policy can carry out.
    """
    for family in SOLVERS:
        for level in levels:
            for problem, _ in questions(folder, family, level, split):
                yield problem


class Source:
    """Draws problems of one side; each module of the benchmark as often as any other."""

    def __init__(self, folder: Path | None, split: Split, levels: tuple[str, ...] = ("easy", "train")) -> None:
        """Read the questions' texts; without a folder only our own generators are drawn from."""
        self.split: Split = split
        self.texts: dict[str, list[str]] = {}
        for family in SOLVERS if folder else ():
            rows: set[str] = set()
            for level in levels:
                assert folder is not None
                with (folder / f"{family}.{level}.jsonl").open() as lines:
                    rows.update(json.loads(line)["problem"] for line in lines)
            self.texts[family] = sorted(text for text in rows if is_test(text) == (split == "test"))

    def draw(self, rng: random.Random) -> Problem:
        """Draw a problem."""
        while self.texts and rng.random() < BENCHMARK_SHARE:
            family = rng.choice(tuple(self.texts))
            try:
                return problem_of(rng.choice(self.texts[family]), family)
            except ValueError:
                continue
        return draw(rng, split=self.split)

    def different(self, rng: random.Random, count: int, never: frozenset[str] = frozenset()) -> list[Problem]:
        """Draw different problems, none whose text is among those in `never`."""
        found: dict[str, Problem] = {}
        while len(found) < count:
            problem = self.draw(rng)
            if problem.text not in never:
                found.setdefault(problem.text, problem)
        return list(found.values())
