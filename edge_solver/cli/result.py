"""What a command that has a solution does with it: the summary, then the answer, then the exit code.

A search that just ran and one that is replayed end here alike. How a line reads is ``render``'s business.
"""

from __future__ import annotations

from enum import Enum

from edge_solver.cli import output, render
from edge_solver.core.solution import Solution
from edge_solver.errors import ExitCode
from edge_solver.wording import clean


class Detail(Enum):
    """How much is said about a solution on standard error."""

    NONE = "none"
    BRIEF = "brief"
    LONG = "long"


def deliver(solution: Solution, *, as_json: bool, detail: Detail) -> ExitCode:
    """Print a solution; the answer comes last, so that it stands above the prompt."""
    match detail:
        case Detail.LONG:
            output.say("\n".join(render.summary(solution)))
        case Detail.BRIEF:
            output.say(render.brief(solution))
        case Detail.NONE:
            pass
    if warning := render.doubt(solution):
        output.say(warning)
    if solution.answer is None:
        output.say(f"error: {render.no_answer(solution)}")
    if as_json:
        output.emit_json(solution)
    elif solution.answer is not None:
        output.emit(clean(solution.answer))
    return ExitCode.NO_ANSWER if solution.answer is None else ExitCode.ANSWERED
