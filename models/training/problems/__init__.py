"""Generators of step-by-step solved problems: pure functions of `random.Random`, and solvers that read a question."""

from __future__ import annotations

import random

from ..template import solution_text
from . import arithmetic, division, divisors, percentages, plain, sequences, words
from .base import Generator, Problem, Split, Work, is_test

GENERATORS: tuple[tuple[Generator, float], ...] = (
    (plain.facts, 0.6),
    (arithmetic.sums, 0.8),
    (arithmetic.products, 0.8),
    (division.quotients, 0.5),
    (division.remainders, 0.4),
    (plain.expressions, 0.8),
    (plain.equations, 0.9),
    (plain.systems, 0.4),
    (divisors.gcds, 0.5),
    (divisors.lcms, 0.5),
    (plain.simplifications, 0.3),
    (plain.fractions, 0.7),
    (plain.evaluations, 0.6),
    (plain.derivatives, 0.6),
    (plain.collections, 0.4),
    (sequences.sequences, 0.4),
    (percentages.percentages, 0.7),
    (words.words, 3.0),
    (arithmetic.near, 0.0),  # only where it is asked for by name
)


KINDS: dict[str, Generator] = {generator.__name__: generator for generator, _ in GENERATORS}
"""By name."""


def draw(rng: random.Random, *, split: Split, kind: str | None = None) -> Problem:
    """Draw a problem of the wanted side, of one of ``KINDS`` or of any; the sides never share a text."""
    generators, weights = zip(*GENERATORS, strict=True)
    generator: Generator = KINDS[kind] if kind else rng.choices(generators, weights)[0]
    while True:
        problem = generator(rng)
        if is_test(problem.text) == (split == "test"):
            return problem


def solution_of(problem: Problem) -> str:
    """Return the canonical solution as the policy writes it."""
    return solution_text(*problem.canonical())


__all__ = ["GENERATORS", "KINDS", "Generator", "Problem", "Split", "Work", "draw", "is_test", "solution_of"]
