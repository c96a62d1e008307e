"""Column addition and subtraction, a line per digit: what a small network can learn."""

from __future__ import annotations

from .base import Work, plus

HEAD_DIGITS = 4


def easy_sum(a: int, b: int) -> bool:
    """Say whether a sum or difference is worked in the head: two digits and two, three and one; or equal parts."""
    return len(str(abs(a))) + len(str(abs(b))) <= HEAD_DIGITS


def turned(a: int, b: int) -> str:
    """Return ` = 12-7` for `-7+12`: a sum of mixed or negative signs as one of natural numbers, else nothing.

    Which number is larger is settled in these tokens, so that the result needs only adding or subtracting.
    """
    if a == -b or not a or not b or (a > 0 and b >= -a):
        return ""
    if a < 0 < b and b > -a:
        return f" = {b}-{-a}"
    large, small = max(abs(a), abs(b)), min(abs(a), abs(b))
    return f" = -({-a}+{-b})" if a < 0 and b < 0 else f" = -({large}-{small})"


def add(work: Work, a: int, b: int) -> int:
    """Write a sum of integers of any sign: in the head when it is easy, else in columns."""
    if a == -b or easy_sum(a, b):
        return work.shows(f"{plus(a, b)}{turned(a, b)}", a + b)
    if middle := turned(a, b):
        work.line(f"{plus(a, b)}{middle}")
    if a < 0 and b < 0:
        return -add(work, work.copy(-a), work.copy(-b))
    if a < 0 or b < 0:
        positive, negative = (b, -a) if a < 0 else (a, -b)
        if positive < negative:
            return -take(work, work.copy(negative), work.copy(positive))
        return take(work, work.copy(positive), work.copy(negative))
    in_sight(work, f"{a}+{b}")
    total = digits_added(work, a, b)
    work.line(f"{a}+{b} = {total}")
    return total


def in_sight(work: Work, expression: str) -> None:
    """Write what is to be worked in columns, unless the line before ends with it: digits are read off there."""
    last = work.steps[-1] if work.steps else ""
    if last != expression and not last.endswith((f" {expression}", f"({expression})")):
        work.line(expression)


def digits_added(work: Work, a: int, b: int) -> int:
    """Write one line a column, from the right; return the sum read off the columns."""
    carry, total, place = 0, 0, 1
    while a or b:
        x, y = work.copy(a % 10), work.copy(b % 10)
        column = work.shows(f"{x}+{y}+1" if carry else f"{x}+{y}", x + y + carry)
        a, b = a // 10, b // 10
        total += (column % 10) * place
        carry = 1 if column > 9 else 0
        place *= 10
    return work.value(total + carry * place)


def take(work: Work, a: int, b: int) -> int:
    """Write a difference of non-negative integers, `a >= b` when nothing went wrong before."""
    if a < b:
        return work.shows(f"{a}-{b}", a - b)
    if a == b or easy_sum(a, b):
        return work.shows(f"{a}-{b}", a - b)
    in_sight(work, f"{a}-{b}")
    total = digits_taken(work, a, b)
    work.line(f"{a}-{b} = {total}")
    return total


def digits_taken(work: Work, a: int, b: int) -> int:
    """Write one line a column, borrowing ten where needed."""
    borrow, total, place = 0, 0, 1
    while a:
        x, y = work.copy(a % 10), work.copy(b % 10)
        short = x - y - borrow < 0
        top = x + 10 if short else x
        column = work.shows(f"{top}-{y}-1" if borrow else f"{top}-{y}", top - y - borrow)
        a, b = a // 10, b // 10
        total += (abs(column) % 10) * place
        borrow = 1 if short else 0
        place *= 10
    return work.value(total)


def subtract(work: Work, a: int, b: int) -> int:
    """Write a difference of integers of any sign."""
    return add(work, a, -b)
