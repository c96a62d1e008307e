"""Word problems of two to five steps, in plain sentences: the door to the stories."""

from __future__ import annotations

import random
from itertools import accumulate

from .base import Problem, Work
from .stories.chains import HEAP_STORIES, compared
from .stories.counts import COUNTS
from .stories.engine import Told
from .stories.measures import MEASURES
from .stories.money import MONEY

SHAPES = (*MONEY, *COUNTS, *MEASURES)
# A shape of more steps is drawn more often: it has more to learn.
WEIGHTS = tuple(accumulate(len(shape.steps) - 1 or 0.5 for shape in SHAPES))
LONGEST = 420
MOST_STEPS = 14


def words(rng: random.Random) -> Problem:
    """Draw one of the stories."""
    told = tell(rng)
    return Problem(told.text, "word", told.solve)


def tell(rng: random.Random) -> Told:
    """Tell a story: mostly one of the fixed shapes, else one put together from parts."""
    while True:
        kind = rng.random()
        if kind < 0.72:
            (shape,) = rng.choices(SHAPES, cum_weights=WEIGHTS)
            told = shape.tell(rng)
        elif kind < 0.9:
            told = rng.choice(HEAP_STORIES).tell(rng)
        else:
            told = compared(rng)
        if len(told.text) <= LONGEST and steps_of(told) <= MOST_STEPS:
            return told


def steps_of(told: Told) -> int:
    """Count the lines of the right solution."""
    work = Work()
    told.solve(work)
    return len(work.steps)
