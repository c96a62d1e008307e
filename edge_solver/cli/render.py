"""How a search reads to a person: pure functions from events and solutions to lines of text.

Used alike for a search that just ran and for one that is replayed. Text that came from a model or a file is shown
without its control characters, so that it cannot move the cursor or colour the screen. Knows nothing of streams.
"""

from __future__ import annotations

import math

import click

from edge_solver.core.budget import Budget, Cap
from edge_solver.core.events import Drafted, Leading, Started
from edge_solver.core.solution import Apportioned, CandidateAnswer, Solution, Spent
from edge_solver.core.tree import Finish
from edge_solver.quantities import Kind, show
from edge_solver.wording import NO_JOULES, clean, joules

OTHERS = 4
"""Most losing candidates in a summary."""
DEEPEST = 12
"""Most levels that a step is moved to the right."""
GOOD, POOR = 0.8, 0.4
"""Rewards from here up are green, below here red: for the eye only."""

_DOUBTFUL = 0.3
"""Answers with a lower chance come with a warning."""
_KINDS = {Cap.FLOPS: Kind.FLOPS, Cap.JOULES: Kind.JOULES, Cap.SECONDS: Kind.SECONDS, Cap.TOKENS: Kind.TOKENS}
_ENDS = {
    "complete": "every branch is finished",
    "decided": "the vote was decided",
    "cancelled": "stopped by you",
    **{cap.value: f"the cap on {_KINDS[cap].value} was reached" for cap in Cap},
}
_MARKS = {Finish.LENGTH: "too long, closed", Finish.BUDGET: "cut off by the budget"}


def opening(event: Started) -> str:
    """Say what is about to be solved, and by what."""
    used, models = event.strategy, event.policy.name + (f" with {event.prm.name}" if event.prm else "")
    return f"{clean(event.problem)}\n" + _dim(f"{used.name}, width {used.width}, {clean(models)}, seed {event.seed}")


def step(event: Drafted, reward: float | None) -> str:
    """Write one step on a line: depth, reward, text, and the answer where it gives one."""
    mark = ""
    if event.answer is not None:
        mark = "  " + click.style(f"→ {clean(event.answer)}", bold=True)
    elif event.finish in _MARKS:
        mark = "  " + _dim(f"({_MARKS[event.finish]})")
    indent = "  " * min(max(event.depth - 1, 0), DEEPEST)
    return f"{event.depth:>3}  {_reward(reward)}  {indent}{clean(event.text)}{mark}"


def leading(event: Leading) -> str:
    """Write the best answer so far."""
    return _dim(f"     best answer so far: {clean(event.answer)} ({_percent(event.confidence)})")


def summary(solution: Solution) -> list[str]:
    """Write out what is worth knowing of a finished search: certainty, rivals, the way, the bill."""
    tree, bill = solution.tree, solution.spent
    lines: list[str] = []
    if solution.answer is not None:
        lines.append(_verdict(solution))
        others = solution.candidates[1 : OTHERS + 1]
        if others:
            more = len(solution.candidates) - 1 - len(others)
            lines.append("instead of  " + " · ".join(map(_rival, others)) + (f" · {more} more" if more > 0 else ""))
        lines.extend(f"  {_reward(taken.reward)}  {clean(taken.step)}" for taken in solution.best_path)
    lines.append(
        f"{show(bill.flops, Kind.FLOPS)} executed (policy {show(bill.flops_policy, Kind.FLOPS)}, "
        f"reward model {show(bill.flops_prm, Kind.FLOPS)}; {show(bill.flops_paper, Kind.FLOPS)} by the paper's count)"
    )
    lines.append(_bill(bill))
    if (shares := bill.joules.apportioned) is not None and joules(bill.joules) != NO_JOULES:
        lines.append(_shared_out(shares, tree.leaves))
    if bill.tokens_again:
        again = show(bill.tokens_again, Kind.TOKENS)
        lines.append(_dim(f"{again} evaluated again: the tree did not fit into its memory at once"))
    lines.append(_dim(f"{_count(tree.nodes - 1, 'step')}, {_count(tree.leaves, 'whole solution')}; {_end(solution)}"))
    return lines


def brief(solution: Solution) -> str:
    """Write the same on one line, for a log."""
    spent = f"{show(solution.spent.flops, Kind.FLOPS)} · {_bill(solution.spent)} · {_end(solution)}"
    return spent if solution.answer is None else f"{_verdict(solution)} · {spent}"


def doubt(solution: Solution) -> str | None:
    """Say that an answer is probably wrong, where the confidence is a probability and low."""
    if solution.answer is None or solution.solvable is None or solution.confidence >= _DOUBTFUL:
        return None
    return (
        f"doubtful: {clean(solution.policy.name)} gives this answer a chance of {_percent(solution.confidence)}; the "
        "problem may be of a kind that it does not know ('edge-solver models list' shows the others)"
    )


def no_answer(solution: Solution) -> str:
    """Say why there is no answer and what would help."""
    if solution.stopped_by == "cancelled":
        return "stopped before any solution was finished"
    try:
        cap = Cap(solution.stopped_by)
    except ValueError:
        return (
            f"no answer: {_count(solution.tree.nodes - 1, 'step')} written, and no branch came to an end within its "
            "length; another --seed, a larger --width or another --model may find one"
        )
    if cap is Cap.JOULES and solution.spent.joules.value is None:
        return (
            "no answer: energy could no longer be measured, and a cap on joules was to be kept; give --meter estimate, "
            "or a cap in seconds or FLOPs"
        )
    limit = show(solution.budget.of(cap), _KINDS[cap])
    advice = _advice(solution, cap)
    return f"no answer within the budget: the cap of {limit} stopped the search; {advice}"


def _advice(solution: Solution, cap: Cap) -> str:
    """Name the smallest useful caps, wherever the given one is smaller."""
    given, useful = solution.budget, solution.smallest_useful or Budget()
    short = {c: limit for c in given.caps if (limit := useful.of(c)) and limit > (given.of(c) or 0.0)}
    if cap in short:
        flags = " ".join(f"--max-{c.value} {_flag_value(c, limit)}" for c, limit in short.items())
        return f"the smallest useful cap is about {flags}"
    doubled = 2 * (given.of(cap) or 0.0)
    return f"it should have paid for one solution, and did not: try --max-{cap.value} {_flag_value(cap, doubled)}"


def _flag_value(cap: Cap, limit: float) -> str:
    """Write a cap so that it can be typed: two digits, rounded up."""
    grain = 10.0 ** (math.floor(math.log10(limit)) - 1)
    rounded = math.ceil(limit / grain * (1 - 1e-9)) * grain
    match cap:
        case Cap.TOKENS:
            return str(math.ceil(rounded - 1e-6))
        case Cap.FLOPS:
            return show(rounded, Kind.FLOPS).replace(" ", "").removesuffix("FLOP")
        case Cap.SECONDS:
            return f"{rounded:.2g}s" if rounded < 100 else f"{rounded:.0f}s"  # noqa: PLR2004 - where .2g turns to 1e+02
        case Cap.JOULES:
            return f"{rounded:.2g}J" if rounded < 100 else f"{rounded:.0f}J"  # noqa: PLR2004


def _verdict(solution: Solution) -> str:
    votes = solution.candidates[0].votes if solution.candidates else 0
    total = sum(candidate.votes for candidate in solution.candidates)
    answer = click.style(clean(solution.answer or ""), bold=True)
    return f"{answer}  confidence {_percent(solution.confidence)} · {votes} of {_count(total, 'vote')}"


def _rival(candidate: CandidateAnswer) -> str:
    return f"{clean(candidate.answer)} ({_count(candidate.votes, 'vote')}, weight {candidate.weight:.2f})"


def _bill(bill: Spent) -> str:
    energy = joules(bill.joules, is_scoped=True)
    return f"{show(bill.tokens_generated, Kind.TOKENS)} · {show(bill.seconds, Kind.SECONDS)} · {energy}" + (
        " J" if energy == NO_JOULES else ""
    )


def _shared_out(shares: Apportioned, leaves: int) -> str:
    """Say what of the joules went where, and that this was reckoned and not measured."""
    parts = f"prompt {show(shares.prompt, Kind.JOULES)}, decode {show(shares.decode, Kind.JOULES)}"
    parts += f", reward model {show(shares.prm, Kind.JOULES)}"
    each = f"; {show(shares.branches / leaves, Kind.JOULES)} a branch" if leaves else ""
    return _dim(f"joules shared out by FLOPs: {parts}{each}")


def _end(solution: Solution) -> str:
    if solution.stopped_by == Cap.JOULES.value and solution.spent.joules.value is None:
        return "energy could no longer be measured, and a cap on joules was to be kept"
    return _ENDS.get(solution.stopped_by, clean(solution.stopped_by))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _reward(reward: float | None) -> str:
    if reward is None:
        return _dim("  · ")
    return click.style(f"{reward:.2f}", fg="green" if reward >= GOOD else "red" if reward < POOR else "yellow")


def _dim(text: str) -> str:
    return click.style(text, dim=True)
