"""Times of day: hours and minutes apart, on a clock of 24 hours, so that no number has three digits."""

from __future__ import annotations

import re
from collections.abc import Callable

from .base import Solver, Work

TIME = r"(\d+:\d\d [AP]M)"
SHIFTED = re.compile(rf"What is (\d+) minutes (after|before) {TIME}\?")
BETWEEN = re.compile(rf"How many minutes are there between {TIME} and {TIME}\?")
HOUR, DAY, NOON = 60, 24, 12


def on_24_hours(work: Work, time: str) -> tuple[int, int]:
    """Write a time without AM or PM; return hours and minutes."""
    hours, minutes = map(int, time[:-3].split(":"))
    hours = work.value(hours % NOON + (NOON if time.endswith("PM") else 0))
    minutes = work.copy(minutes)
    work.line(f"{time} = {hours}:{minutes:02d}")
    return hours, minutes


def on_12_hours(work: Work, hours: int, minutes: int) -> str:
    """Write a time with AM or PM."""
    hours, minutes = work.copy(hours), work.copy(minutes)
    time = f"{work.value((hours - 1) % NOON + 1)}:{minutes:02d} {'PM' if hours >= NOON else 'AM'}"
    work.line(f"{hours}:{minutes:02d} = {time}")
    return time


def hours_in(work: Work, minutes: int) -> tuple[int, int]:
    """Split minutes into hours and minutes."""
    whole = work.value(minutes // HOUR)
    rest = work.value(minutes - HOUR * whole)
    work.line(f"{minutes} = {HOUR}*{whole}+{rest}")
    return whole, rest


def later(amount: int, time: str) -> Solver:
    """Return the solver of a time some minutes after another."""

    def solve(work: Work) -> str:
        hours, minutes = on_24_hours(work, time)
        more_hours, more_minutes = hours_in(work, work.copy(amount))
        minutes = work.shows(f"{minutes}+{more_minutes}", minutes + more_minutes)
        carry = minutes >= HOUR
        if carry:
            minutes = work.shows(f"{minutes}-{HOUR}", minutes - HOUR)
        hours = work.shows(f"{hours}+{more_hours}" + "+1" * carry, hours + more_hours + carry)
        if hours >= DAY:
            hours = work.shows(f"{hours}-{DAY}", hours - DAY)
        return on_12_hours(work, hours, minutes)

    return solve


def apart(work: Work, end: tuple[int, int], start: tuple[int, int]) -> tuple[int, int]:
    """Write one time minus another; a day, then an hour, are borrowed first where needed, a line each."""
    hours, minutes = end
    if end < start:
        hours = borrowed(work, (hours, minutes), (hours + DAY, minutes))[0]
    if minutes < start[1]:
        hours, minutes = borrowed(work, (hours, minutes), (hours - 1, minutes + HOUR))
    minutes = work.shows(f"{minutes}-{start[1]}", minutes - start[1])
    return work.shows(f"{hours}-{start[0]}", hours - start[0]), minutes


def borrowed(work: Work, time: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Write a time in another way, `8:18 = 7:78`; return that."""
    hours, minutes = (work.value(number) for number in other)
    work.line(f"{time[0]}:{time[1]:02d} = {hours}:{minutes:02d}")
    return hours, minutes


def earlier(amount: int, time: str) -> Solver:
    """Return the solver of a time some minutes before another."""

    def solve(work: Work) -> str:
        end = on_24_hours(work, time)
        return on_12_hours(work, *apart(work, end, hours_in(work, work.copy(amount))))

    return solve


def minutes_between(first: str, second: str) -> Solver:
    """Return the solver of the minutes from one time to the next occurrence of another."""

    def solve(work: Work) -> str:
        start, end = on_24_hours(work, first), on_24_hours(work, second)
        hours, minutes = apart(work, end, start)
        whole = work.shows(f"{hours}*{HOUR}", hours * HOUR)
        return str(work.shows(f"{whole}+{minutes}", whole + minutes))

    return solve


def time_question(text: str) -> Solver:
    """Read a question about times of day."""
    if match := SHIFTED.fullmatch(text):
        return (later if match[2] == "after" else earlier)(int(match[1]), match[3])
    if match := BETWEEN.fullmatch(text):
        return minutes_between(match[1], match[2])
    raise ValueError(f"no time asked: {text!r}")


SOLVERS: dict[str, Callable[[str], Solver]] = {"measurement__time": time_question}
