"""Wrong solutions with exact labels, without limit: a canonical solution is written on a pad that errs once.

Every number of a solution passes through the pad (`problems/base.py`), so an error made there propagates: the rest
continues consistently from the wrong value, as a policy's own errors do. Errors that do not propagate (a number
changed in one line only, a step left out, an answer that does not follow) are made on the finished text. All steps
from the first wrong one on are wrong.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from .problems import Problem, Work
from .template import ANSWER_PREFIX

MOST_LINES = 60
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Steps with the answer line last, and the index of the first wrong one (`None`: all right)."""

    lines: tuple[str, ...]
    first_wrong: int | None


class _Counting(Work):
    """Counts the numbers that pass."""

    def __init__(self) -> None:
        """Start at zero."""
        super().__init__()
        self.passed = 0

    def copy(self, number: int) -> int:
        self.passed += 1
        return number

    def value(self, number: int) -> int:
        self.passed += 1
        return number


class _Erring(_Counting):
    """Returns a wrong number once, at the chosen place, and remembers the step."""

    def __init__(self, place: int, rng: random.Random) -> None:
        """Choose which number, counted from one, comes back wrong."""
        super().__init__()
        self.place, self.rng = place, rng
        self.step: int | None = None

    def copy(self, number: int) -> int:
        return self._pass(number, copied=True)

    def value(self, number: int) -> int:
        return self._pass(number, copied=False)

    def _pass(self, number: int, *, copied: bool) -> int:
        self.passed += 1
        if self.passed != self.place:
            return number
        self.step = len(self.steps)
        return wrong_number(self.rng, number, copied=copied)


def wrong_number(rng: random.Random, number: int, *, copied: bool) -> int:
    """Return a number that a careless solver might write instead."""
    while True:
        wrong = _slip(rng, number, copied=copied)
        if wrong != number:
            return wrong


def _slip(rng: random.Random, number: int, *, copied: bool) -> int:
    digits = list(str(abs(number)))
    negative = number < 0
    kind = rng.random()
    if kind < 0.28:  # off by one or by a carry
        unit = int("1" + "0" * rng.randrange(len(digits) if rng.random() < 0.8 else 1))
        return number + rng.choice((-unit, unit))
    if kind < 0.62:  # one digit misread
        i = rng.randrange(len(digits))
        digits[i] = str(rng.randrange(1 if i == 0 and len(digits) > 1 else 0, 10))
    elif kind < 0.72 and len(digits) > 1:  # two digits swapped
        i = rng.randrange(len(digits) - 1)
        digits[i], digits[i + 1] = digits[i + 1], digits[i]
    elif kind < 0.78 and len(digits) > 1:  # a digit lost
        del digits[rng.randrange(len(digits))]
    elif kind < 0.82:  # a digit doubled
        i = rng.randrange(len(digits))
        digits.insert(i, digits[i])
    elif kind < 0.92 and number and not copied:  # a wrong sign
        return -number
    else:  # a small or wild miss
        return number + rng.choice((-10, -9, -3, -2, 2, 3, 5, 10, rng.randint(-30, 30)))
    size = int("".join(digits))
    return -size if negative else size


def lines_of(work: Work, answer: str) -> tuple[str, ...]:
    """Return a pad's steps and the answer line."""
    return (*work.lines, ANSWER_PREFIX + answer)


def clean(problem: Problem) -> Labelled:
    """Return the canonical solution."""
    work = Work()
    answer = problem.solve(work)
    return Labelled(lines_of(work, answer), None)


def corrupted(problem: Problem, rng: random.Random) -> Labelled:
    """Return a solution that goes wrong somewhere."""
    right = clean(problem)
    for _ in range(20):
        wrong = _propagated(problem, rng) if rng.random() < 0.6 else _edited(right.lines, rng)
        if wrong is None or len(wrong) > MOST_LINES:
            continue
        first = first_difference(right.lines, wrong)
        if first is not None:
            return Labelled(wrong, first)
    return right


def _propagated(problem: Problem, rng: random.Random) -> tuple[str, ...] | None:
    """Err once on the pad and let the rest follow from it."""
    counting = _Counting()
    problem.solve(counting)
    if not counting.passed:
        return None
    pad = _Erring(rng.randint(1, counting.passed), rng)
    try:
        return lines_of(pad, problem.solve(pad))
    except (ArithmeticError, AssertionError, LookupError, StopIteration, ValueError):
        return None  # the wrong number cannot be continued from


def _edited(lines: tuple[str, ...], rng: random.Random) -> tuple[str, ...]:
    """Change the text of one line, drop a line, or copy another number into it."""
    at = rng.randrange(len(lines))
    kind = rng.random()
    if kind < 0.15 and at < len(lines) - 1:
        return lines[:at] + lines[at + 1 :]
    if kind < 0.22 and at < len(lines) - 1:
        return (*lines[: at + 1], lines[-1]) if rng.random() < 0.5 else (*lines[:at], lines[at], *lines[at:])
    line = lines[at]
    if kind < 0.32 and re.search(r"[0-9a-z)][+\-*/]", line):
        places = [m.start() + 1 for m in re.finditer(r"[0-9a-z)][+\-*/]", line)]
        place = rng.choice(places)
        changed = line[:place] + rng.choice([c for c in "+-*/" if c != line[place]]) + line[place + 1 :]
        return (*lines[:at], changed, *lines[at + 1 :])
    found = list(NUMBER.finditer(line))
    if not found:
        return lines
    match = rng.choice(found)
    others = [n for other in lines for n in NUMBER.findall(other) if n != match.group()]
    copies = kind < 0.5 and bool(others)
    new = rng.choice(others) if copies else str(abs(wrong_number(rng, int(match.group()), copied=True)))
    changed = line[: match.start()] + new + line[match.end() :]
    return (*lines[:at], changed, *lines[at + 1 :])


def first_difference(right: tuple[str, ...], other: tuple[str, ...]) -> int | None:
    """Return the first line of `other` that is not the canonical one, or `None`."""
    for i, line in enumerate(other):
        if i >= len(right) or line != right[i]:
            return i
    return None
