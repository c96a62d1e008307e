"""How a model wants to be asked and how it writes: prompt template, where a step ends, where the answer stands.

Plain data from the registry; engines read it, nothing here runs a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepFormat:
    """The text conventions of one policy or process reward model."""

    prefix: str = "Problem: "
    """Before the problem; may hold control tokens."""
    suffix: str = '\nSolve it step by step, one short step a line. Last line: "The answer is: ...".\nSolution:\n'
    """After the problem; may hold control tokens."""
    step_end: str = "\n"
    """What ends a step."""
    step_tokens: float = 40.0
    solution_steps: float = 8.0


AnswerReader = Callable[[str], str | None]
"""Reads the final answer out of a step; ``None`` where the step states none."""
