"""Parts of a hundred: of, more, less, and which percentage."""

from __future__ import annotations

import random

from .base import Problem, Work, quotient
from .columns import add, subtract
from .rationals import exact, times

OF = (
    "What is {p}% of {n}?",
    "{p}% of {n}",
    "Calculate {p}% of {n}.",
    "Find {p} percent of {n}.",
    "What is {p} percent of {n}?",
)
MORE = ("Increase {n} by {p}%.", "{n} increased by {p}%", "What is {n} plus {p}%?", "{n} + {p}%")
LESS = ("Decrease {n} by {p}%.", "{n} decreased by {p}%", "What is {n} minus {p}%?", "{n} - {p}%")
WHICH = ("What percent of {n} is {m}?", "{m} is what percent of {n}?", "What percentage is {m} out of {n}?")


def percentages(rng: random.Random) -> Problem:
    """Draw a question whose answer is an integer."""
    percent = rng.choice((5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80, rng.randint(1, 99)))
    number = rng.randint(2, 99)
    while number * percent % 100 or number > 2000:
        number = 20 * rng.randint(1, 45) if percent % 5 == 0 else 100 * rng.randint(1, 15)
    kind = rng.randrange(4)
    part = number * percent // 100
    text = rng.choice((OF, MORE, LESS, WHICH)[kind]).format(p=percent, n=number, m=part)

    def solve(work: Work) -> str:
        if kind == 3:
            hundredfold = work.shows(f"{work.copy(part)}*100", part * 100)
            return str(exact(work, hundredfold, work.copy(number)))
        share = portion(work, work.copy(number), work.copy(percent))
        if kind == 0:
            return str(share)
        whole = work.copy(number)
        return str((add if kind == 1 else subtract)(work, whole, share))

    return Problem(text, "percent", solve)


def portion(work: Work, number: int, percent: int) -> int:
    """Write a percentage of a number: multiply, then divide by a hundred."""
    product = times(work, number, percent)
    return work.shows(f"{product}/100", quotient(product, 100))
