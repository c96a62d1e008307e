"""How a model wants to be asked and how it writes: plain data that the catalogue fills in and the engines read.

Nothing here runs a model or opens a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class StepFormat:
    """The text conventions of a policy."""

    prefix: str = "Problem:\n"
    """Before the problem; may hold control tokens."""
    suffix: str = '\nSolve it step by step, one short step a line. Last line: "The answer is: ...".\nSolution:\n'
    """After the problem; may hold control tokens."""
    step_end: str = "\n"
    """What ends a step."""
    step_tokens: float = 40.0
    solution_steps: float = 8.0
    stops: tuple[str, ...] = ()
    """Text that shows that the solution is over and the model goes on with something else; it is cut off."""
    answer: str | None = None
    """Regular expression with one group around the final answer; ``None`` where the usual forms serve."""
    step_token: int | None = None
    """The id that the step mark has in the vocabulary this format was made for, where it is one token."""


class Reading(Enum):
    """How a reward in [0, 1] is got from what a graph says of a token."""

    PROBABILITY = "probability"
    """It is one number, and the reward."""
    SIGMOID = "sigmoid"
    """It is one logit (a value head)."""
    SOFTMAX = "softmax"
    """It is a logit per label; the reward is the share of the good one."""
    MEAN_SIGMOID = "mean-sigmoid"
    """It is the same logit many times (a reward head copied over a vocabulary)."""


@dataclass(frozen=True, slots=True)
class ScoreFormat:
    """How a process reward model wants to read a solution, and where in it the rewards stand.

    It reads prefix, problem and suffix, then every step between ``first`` (or ``between``) and ``end``. Each piece is
    cut into tokens by itself, so ``end`` has the same tokens whatever stands before it, and the reward of a step is
    read at the last of them.
    """

    prefix: str = ""
    """Before the problem; may hold control tokens."""
    suffix: str = ""
    """After the problem; may hold control tokens."""
    first: str = ""
    """Before the first step."""
    between: str = ""
    """Before every later step."""
    end: str = "\n"
    """After every step: the mark that the model was trained to judge at."""
    end_token: int | None = None
    """The id of ``end`` in the vocabulary that this format was made for, where it is one token."""
    start_token: bool = False
    """Whether the text begins with the tokenizer's start token."""
    verbatim: bool = False
    """Whether the model reads steps as the policy wrote them, marks included; ``first``, ``between`` and ``end`` are
    then not used, except for a step without text."""
    reading: Reading = Reading.PROBABILITY
    labels: tuple[int, ...] = ()
    """For ``SOFTMAX``: the columns that it is taken over; all of them where this is empty."""
    good: int = 0
    """For ``SOFTMAX``: which of them says that the step is right."""


AnswerReader = Callable[[str], str | None]
"""Reads the final answer out of a step; ``None`` where the step states none."""
