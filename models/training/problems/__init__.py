"""Generators of step-by-step solved problems: pure functions of `random.Random`, one module a family or two."""

from __future__ import annotations

import random
from typing import Literal

from ..template import solution_text
from . import (
    arithmetic,
    division,
    divisors,
    expressions,
    fractions,
    linear,
    percentages,
    polynomials,
    sequences,
    words,
)
from .base import Generator, Problem, Work, is_test

GENERATORS: tuple[tuple[Generator, float], ...] = (
    (arithmetic.sums, 1.2),
    (arithmetic.products, 1.2),
    (division.quotients, 0.7),
    (division.remainders, 0.6),
    (expressions.expressions, 1.2),
    (linear.one_sided, 0.7),
    (linear.two_sided, 0.7),
    (linear.systems, 0.8),
    (divisors.gcds, 0.6),
    (divisors.lcms, 0.6),
    (fractions.simplifications, 0.3),
    (fractions.operations, 0.9),
    (polynomials.evaluations, 0.9),
    (polynomials.derivatives, 0.8),
    (sequences.sequences, 0.8),
    (percentages.percentages, 0.7),
    (words.words, 1.5),
)
MAX_STEPS = 14

Split = Literal["train", "test"]


def draw(rng: random.Random, *, split: Split) -> Problem:
    """Draw a problem of the wanted side; the sides never share a text."""
    functions = [generator for generator, _ in GENERATORS]
    weights = [weight for _, weight in GENERATORS]
    (function,) = rng.choices(functions, weights)
    while True:
        problem = function(rng)
        if is_test(problem.text) == (split == "test") and len(problem.canonical()[0]) <= MAX_STEPS:
            return problem


def solution_of(problem: Problem) -> str:
    """Return the canonical solution as the policy writes it."""
    return solution_text(*problem.canonical())


__all__ = ["GENERATORS", "Generator", "Problem", "Split", "Work", "draw", "is_test", "solution_of"]
