"""Chances of drawing letters in a given order without putting them back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from math import gcd

from .arithmetic import multiply
from .base import Solver, Work

BAG = r"(\{[a-z0-9:, ]*\}|[a-z]+)"
PICKED = r"(?:two|three|four|five|six) letters picked without replacement from"
ASKED_FIRST = re.compile(rf"(?:Calculate|What is|Give) prob of sequence ([a-z]+) when {PICKED} {BAG}[.?]")
ASKED_LAST = re.compile(rf"{PICKED} {BAG}\. (?:Calculate|What is|Give) prob of sequence ([a-z]+)[.?]", re.IGNORECASE)
LETTERS_A_LINE = 5


def spelled(work: Work, bag: str) -> tuple[dict[str, int], int]:
    """Write a string letter by letter, each with how often it came so far; return the counts and the total.

    A tokenizer may hide the letters of a word, so they cannot be counted without being written apart.
    """
    counts: Counter[str] = Counter()
    total = 0
    for start in range(0, len(bag), LETTERS_A_LINE):
        row = bag[start : start + LETTERS_A_LINE]
        marks = []
        for letter in row:
            counts[letter] = work.value(counts[letter] + 1)
            marks.append(f"{letter}{counts[letter]}")
        total = work.value(total + len(row))
        work.line(f"{' '.join(marks)}: {total}")
    return dict(counts), total


def listed(work: Work, bag: str) -> tuple[dict[str, int], int]:
    """Write the sum of the counts that a question gives; return the counts and the total."""
    counts = {letter: work.copy(int(count)) for letter, count in re.findall(r"([a-z]): (\d+)", bag)}
    numbers = list(counts.values())
    if not numbers:
        raise ValueError(f"an empty bag: {bag!r}")
    total = numbers[0]
    for number in numbers[1:]:
        total = work.shows(f"{total}+{number}", total + number)
    return counts, total


def chance(bag: str, sequence: str) -> Solver:
    """Return the solver of the chance of a sequence."""

    def solve(work: Work) -> str:
        counts, total = listed(work, bag) if bag.startswith("{") else spelled(work, bag)
        work.line(" ".join(sequence))
        tops, bottoms = [], []
        for drawn, letter in enumerate(sequence):
            top = work.value(counts.get(letter, 0) - sequence[:drawn].count(letter))
            bottom = work.value(total - drawn)
            work.line(f"{letter}: {top}/{bottom}")
            if top == 0:
                return "0"
            tops.append(top)
            bottoms.append(bottom)
        cancelled(work, tops, bottoms)
        top, bottom = product(work, tops), product(work, bottoms)
        return str(top) if bottom == 1 else f"{top}/{bottom}"

    return solve


def cancelled(work: Work, tops: list[int], bottoms: list[int]) -> None:
    """Write the product of the fractions, then cancel pairs, leftmost first: every number stays below the total."""
    work.line(fraction(tops, bottoms))
    for i in range(len(tops)):
        for j in range(len(bottoms)):
            common = gcd(tops[i], bottoms[j])
            if common == 1:
                continue
            common = work.value(common)
            tops[i], bottoms[j] = work.value(tops[i] // common), work.value(bottoms[j] // common)
            work.line(f"by {common}: {fraction(tops, bottoms)}")


def fraction(tops: list[int], bottoms: list[int]) -> str:
    """Write products above and below one another."""
    return f"{'*'.join(map(str, tops))}/({'*'.join(map(str, bottoms))})"


def product(work: Work, factors: list[int]) -> int:
    """Write a product of numbers, ones left out."""
    counting = [factor for factor in factors if factor != 1] or [1]
    result = counting[0]
    for factor in counting[1:]:
        result = multiply(work, work.copy(result), work.copy(factor))
    return result


def sequence_chance(text: str) -> Solver:
    """Read a question for the chance of a sequence of letters."""
    if match := ASKED_FIRST.fullmatch(text):
        return chance(match[2], match[1])
    if match := ASKED_LAST.fullmatch(text):
        return chance(match[1], match[2])
    raise ValueError(f"no chance asked: {text!r}")


SOLVERS: dict[str, Callable[[str], Solver]] = {"probability__swr_p_sequence": sequence_chance}
