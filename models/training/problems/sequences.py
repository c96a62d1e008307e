"""The next term of a linear or quadratic sequence, by differences."""

from __future__ import annotations

import random
from itertools import pairwise

from .base import Problem, Work, minus, plus
from .linear import nonzero

WORDINGS = (
    "What is the next term in {s}?", "What is next in {s}?", "What comes next: {s}?", "next term of {s}",
    "Find the next number: {s}, ...", "{s}, ?", "What is the next number in the sequence {s}?",
)  # fmt: skip


def sequences(rng: random.Random) -> Problem:
    """Draw a sequence of four or five terms."""
    quadratic = rng.random() < 0.5
    start, step = rng.randint(-99, 300), nonzero(rng, 60)
    bend = nonzero(rng, 9) if quadratic else 0
    length = rng.randint(4, 5) if quadratic else rng.randint(3, 5)
    terms = [start + step * i + bend * i * (i - 1) // 2 for i in range(length)]

    def solve(work: Work) -> str:
        numbers = [work.copy(t) for t in terms]
        last = numbers[-1]
        differences = [work.shows(minus(b, a), b - a) for a, b in pairwise(numbers)]
        following = work.copy(differences[-1])
        if len(set(differences)) > 1:
            change = work.shows(minus(differences[-1], differences[-2]), differences[-1] - differences[-2])
            following = work.shows(plus(differences[-1], change), differences[-1] + change)
        return str(work.shows(plus(last, following), last + following))

    return Problem(rng.choice(WORDINGS).format(s=", ".join(map(str, terms))), "sequence", solve)
