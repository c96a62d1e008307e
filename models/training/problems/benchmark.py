"""The benchmark's questions (`questions.py` draws them), each with the solver that reads its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from . import clock, decimals, division, divisors, letters, monomials, primes, roots, sequences, statements, values
from .base import Problem, Solver, Split, is_test

SOLVERS: dict[str, Callable[[str], Solver]] = {
    name: solver
    for module in (
        clock,
        decimals,
        division,
        divisors,
        letters,
        monomials,
        primes,
        roots,
        sequences,
        statements,
        values,
    )
    for name, solver in module.SOLVERS.items()
}


def problem_of(text: str, family: str) -> Problem:
    """Return a question of one of the benchmark's modules as a problem; `ValueError` when it cannot be solved."""
    problem = Problem(text, family, SOLVERS[family](text))
    try:
        problem.canonical()
    except (KeyError, ZeroDivisionError) as error:
        raise ValueError(f"not understood: {text!r}") from error
    return problem


def questions(folder: Path, family: str, level: str, split: Split) -> Iterator[tuple[Problem, str]]:
    """Yield problems with their known answers from a drawn file, without repetition and of one side only."""
    seen: set[str] = set()
    with (folder / f"{family}.{level}.jsonl").open() as lines:
        for line in lines:
            row = json.loads(line)
            text = row["problem"]
            if text in seen or is_test(text) != (split == "test"):
                continue
            seen.add(text)
            try:
                yield problem_of(text, family), row["answer"]
            except ValueError:
                continue
