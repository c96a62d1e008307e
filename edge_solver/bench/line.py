"""One line of ``results.jsonl``: a problem under a strategy, a width and a seed. Field names here are a contract.

Beside the contract stand ``load``, what the line's search was to the machine, and ``shared``, the search that its
samples were taken from where that was a wider one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge_solver.bench.arms import Arm
from edge_solver.bench.books import Account
from edge_solver.bench.outcome import Outcome
from edge_solver.bench.suites import Problem
from edge_solver.core.events import plain
from edge_solver.core.ports import Grader
from edge_solver.core.solution import Spent

SCHEMA = 1
TOO_LONG = "problem"
"""Why a search stopped that could not begin: the problem does not fit the model."""

Line = dict[str, Any]
Key = tuple[str, str, int, int]
"""Problem id, strategy, width and seed."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a search was to the machine."""

    calls: int
    """Decode calls that it took part in."""
    rows: int
    """Branches in those calls, of all problems."""
    full: int
    """Branches that a call would have at most."""
    room: int
    """Branches that could have been in those calls, of all problems, by the work that was waiting."""
    paths: int
    """Rows of those calls: branches that write the same share one."""
    busy_seconds: float
    """Its part of the model calls, with sampling."""
    score_seconds: float
    """The part of that which was for rewards; what another thread did meanwhile is not in it."""
    model_seconds: float
    """Its part of what the model libraries took of them."""
    seconds: float
    """All of its time, grading and writing included."""

    @classmethod
    def of(cls, account: Account, full: int, beside: float) -> Load:
        """Write out an account; ``beside`` is the time that was spent on grading."""
        return cls(
            account.calls,
            account.rows,
            full,
            account.room,
            account.paths,
            account.busy_seconds,
            account.score_seconds,
            account.model_seconds,
            account.seconds + beside,
        )


def key_of(line: Line) -> Key:
    """Return what a line is about."""
    return line["id"], line["strategy"], line["width"], line["seed"]


def write_line(problem: Problem, arm: Arm, outcome: Outcome, grader: Grader, *, model: str, prm: str | None) -> Line:
    """Grade an outcome and write it out."""
    answers = [vote.answer for vote in outcome.votes]
    right = {answer: grader.same(problem.answer, answer) for answer in dict.fromkeys(answers)}
    leaves = [
        {"answer": vote.answer, "weight": vote.weight, "class": index, "correct": right[vote.answer]}
        for vote, index in zip(outcome.votes, _classes(answers, grader), strict=True)
    ]
    return {
        "schema": SCHEMA,
        "id": problem.id,
        "subject": problem.subject,
        "level": problem.level,
        "strategy": arm.strategy,
        "width": arm.width,
        "seed": arm.seed,
        "model": model,
        "prm": prm,
        "answer": outcome.answer,
        "expected": problem.answer,
        "correct": outcome.answer is not None and grader.same(problem.answer, outcome.answer),
        "any_correct": any(right.values()),
        "confidence": outcome.confidence,
        "solvable": outcome.solvable,
        "stopped_by": outcome.stopped_by,
        "leaves": leaves,
        "spent": plain(outcome.spent),
        "tree": plain(outcome.tree),
    }


def with_load(line: Line, load: Load, shared: tuple[Arm, Spent] | None) -> Line:
    """Add what the search was to the machine, and where the samples come from."""
    source = None
    if shared is not None:
        arm, spent = shared
        source = {"strategy": arm.strategy, "width": arm.width, "spent": plain(spent)}
    return {**line, "load": plain(load), "shared": source}


def _classes(answers: Sequence[str], grader: Grader) -> list[int]:
    """Return the index of every answer's class, in order of appearance; grouped as a vote groups them."""
    firsts: list[str] = []
    known: dict[str, int] = {}
    for answer in dict.fromkeys(answers):
        place = next((i for i, first in enumerate(firsts) if grader.same(first, answer)), len(firsts))
        if place == len(firsts):
            firsts.append(answer)
        known[answer] = place
    return [known[answer] for answer in answers]
