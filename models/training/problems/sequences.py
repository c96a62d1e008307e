"""The next term of a polynomial sequence, by differences from its right end."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from .base import Problem, Solver, Work
from .columns import add, subtract
from .plain import nonzero

WORDINGS = (
    "What is the next term in {s}?", "What is next in {s}?", "What comes next: {s}?", "next term of {s}",
    "Find the next number: {s}, ...", "{s}, ?", "What is the next number in the sequence {s}?",
)  # fmt: skip
ASKED = re.compile(r"(?:What is the next term in|What is next in|What comes next:) (-?\d+(?:, -?\d+)+)\?")


def sequences(rng: random.Random) -> Problem:
    """Draw a sequence of four or five terms."""
    quadratic = rng.random() < 0.5
    start, step = rng.randint(-99, 300), nonzero(rng, 60)
    bend = nonzero(rng, 9) if quadratic else 0
    length = rng.randint(4, 5) if quadratic else rng.randint(3, 5)
    terms = [start + step * i + bend * i * (i - 1) // 2 for i in range(length)]
    return Problem(rng.choice(WORDINGS).format(s=", ".join(map(str, terms))), "sequence", following(terms))


def following(terms: Sequence[int]) -> Solver:
    """Return the solver that takes differences until a level is constant, then adds back up.

    The newest difference of every level stands in one line before the next is taken: that is all it needs.
    """

    def solve(work: Work) -> str:
        backwards = [work.copy(term) for term in reversed(terms)]
        levels: list[list[int]] = []  # differences of differences, each level from its right end
        for right, left in pairwise(backwards):
            if deepened(work, levels, right, left):
                break
            if len(levels) > 1:
                work.line(", ".join(str(work.copy(level[-1])) for level in levels))
        rise = climb(work, [level[0] for level in levels])
        return str(add(work, work.copy(backwards[0]), work.copy(rise)))

    return solve


def deepened(work: Work, levels: list[list[int]], right: int, left: int) -> bool:
    """Take one more first difference and what it allows deeper down; say whether the deepest level is constant."""
    new = subtract(work, work.copy(right), work.copy(left))
    for level in levels:
        level.append(new)
        if level is levels[-1] and new == level[-2]:
            return True
        new = subtract(work, work.copy(level[-2]), work.copy(new))
    levels.append([new])
    return False


def climb(work: Work, ends: list[int]) -> int:
    """Add the last differences from the constant level up to the next first difference."""
    rise = ends[-1]
    for end in reversed(ends[:-1]):
        rise = add(work, work.copy(end), work.copy(rise))
    return rise


def next_term(text: str) -> Solver:
    """Read a question for the next term."""
    match = ASKED.fullmatch(text)
    if match is None:
        raise ValueError(f"no next term asked: {text!r}")
    return following([int(term) for term in match[1].split(", ")])


SOLVERS: dict[str, Callable[[str], Solver]] = {"algebra__sequence_next_term": next_term}
