"""What a generated problem is, and the scratch pad its solution is written on.

A problem keeps its solver, not its text of steps: the solver writes on a `Work` pad and passes every number it copies
or computes through it. A pad that returns a wrong number once (see `corrupt.py`) therefore yields a solution that
continues consistently from the error, and it is known exactly which step went wrong.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


class Work:
    """An honest pad: numbers pass unchanged, lines are collected."""

    def __init__(self) -> None:
        """Start with an empty pad."""
        self.steps: list[str] = []

    @property
    def lines(self) -> tuple[str, ...]:
        """The steps as a policy writes them: no blanks around `=`, which would be a seventh of all tokens."""
        return tuple(step.replace(" = ", "=") for step in self.steps)

    def copy(self, number: int) -> int:
        """Pass a number that is copied from the problem or an earlier line."""
        return number

    def value(self, number: int) -> int:
        """Pass a number that was just computed."""
        return number

    def line(self, text: str) -> None:
        """Write one step."""
        self.steps.append(text)

    def shows(self, expression: str, number: int) -> int:
        """Write `expression = number` and return the number as written."""
        written = self.value(number)
        self.line(f"{expression} = {written}")
        return written


Solver = Callable[[Work], str]
"""Writes the steps on a pad and returns the answer."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem's text, its family, and the way to solve it."""

    text: str
    family: str
    solve: Solver

    def canonical(self) -> tuple[tuple[str, ...], str]:
        """Return the correct steps and answer."""
        work = Work()
        answer = self.solve(work)
        return work.lines, answer


Generator = Callable[[random.Random], Problem]
Split = Literal["train", "test"]


def is_test(text: str) -> bool:
    """Say whether a problem's text belongs to the held-out side: one in 64, by its hash."""
    return hashlib.sha256(text.encode()).digest()[0] % 64 == 0


def plus(a: int | str, b: int) -> str:
    """Write a sum without a double sign."""
    return f"{a}+{b}" if b >= 0 else f"{a}-{-b}"


def quotient(a: int, b: int) -> int:
    """Divide; exact on honest pads, the nearest integer on wrong ones."""
    return round(a / b)


def number_of_digits(rng: random.Random, low: int, high: int) -> int:
    """Draw a positive number whose length is uniform between two digit counts."""
    digits = rng.randint(low, high)
    return rng.randint(10 ** (digits - 1) if digits > 1 else 1, 10**digits - 1)


def sign(rng: random.Random, number: int, chance: float) -> int:
    """Negate a number with some chance."""
    return -number if rng.random() < chance else number
