"""When a search may end before its width is reached: rules over how the vote stands.

A rule sees plain numbers and says yes or no. It is asked before every round, since the branches of one layer finish at
different times. ``decided`` changes no answer: what is still to come cannot elect anybody else. ``beta`` and ``esc``
stop there too, and earlier, where they may bet on the leader. Leaves of one tree are not drawn independently, so these
two count one vote per first step: all leaves below a child of the root speak through the answer that leads among them.

What is under way when a rule fires is given up, so a rule saves little where all solutions are written side by side.
Independent samples need not be: under a rule they are drawn in windows, as ``esc`` asks for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from edge_solver.core.tree import Tree
from edge_solver.core.vote import Ballot, Tally, vote

CERTAINTY = 0.95
"""The probability that ``beta`` asks for: the value of its source."""
WINDOW = 5
"""Samples that are drawn together under a rule, and votes that have to agree for ``esc``: the value of its source."""
_DRIFT = 1e-9  # weights are sums of floats: a lead no larger than this might be rounding


@dataclass(frozen=True, slots=True)
class Standing:
    """How a vote stands."""

    rule: str
    """The final rule: weighted, majority or best-of-n."""
    tally: Tally
    """Of all leaves so far, by that rule."""
    branches: tuple[int, ...]
    """One vote per first step, oldest first: the place in ``tally`` of the answer that leads below it."""
    to_come: int
    """The most leaves that may still vote."""


def standing(
    tree: Tree, ballots: Sequence[Ballot], rule: str, same: Callable[[str, str], bool], to_come: int
) -> Standing:
    """Count the ballots of a tree, all together and below each first step."""
    tally = vote(rule, ballots, same)
    below: dict[int, list[Ballot]] = {}
    for ballot in ballots:
        below.setdefault(tree.path(ballot.node)[0].id, []).append(ballot)

    def place(answer: str) -> int:
        places = (place for place, candidate in enumerate(tally.candidates) if same(candidate.answer, answer))
        return next(places, len(tally.candidates))  # equality of answers need not be transitive

    leaders = (vote(rule, below[first], same).candidates[0].answer for first in sorted(below))
    return Standing(rule, tally, tuple(map(place, leaders)), to_come)


def never(now: Standing) -> bool:
    """Go on to the end."""
    del now
    return False


def decided(now: Standing) -> bool:
    """Say whether the winner stays even if all that is to come speaks with full weight for one rival.

    Under best-of-n that is so when nothing is to come: a single leaf may always be better.
    """
    winner = now.tally.winner
    if winner is None:
        return False
    rivals = [candidate.weight for candidate in now.tally.candidates[1:]]
    rivals.append(0.0)  # an answer that nobody has given yet
    return not now.to_come or winner.weight - _at_best(now.rule, max(rivals), now.to_come) > _DRIFT


def beta(now: Standing) -> bool:
    """Say whether the winner is very probably the answer that the policy gives most often.

    With v1 votes for it and v2 for the strongest rival, the winner's share has the posterior Beta(v1 + 1, v2 + 1) under
    a flat prior; the rule asks ``1 - I_0.5(v1 + 1, v2 + 1) >= 0.95`` (Aggarwal et al. 2023, "Let's Sample Step by
    Step", arXiv 2305.11860, the Beta criterion).
    """
    votes = Counter(now.branches)
    first = votes.pop(0, 0)
    return decided(now) or leads(first, max(votes.values(), default=0)) >= CERTAINTY


def esc(now: Standing) -> bool:
    """Say whether all votes of one window are for the winner.

    Windows of five follow one another without overlap, in the order in which first steps were drawn (Li et al. 2024,
    "Escape Sky-high Cost", arXiv 2401.10480, the stopping criterion).
    """
    last = len(now.branches) - WINDOW
    windows = (now.branches[start : start + WINDOW] for start in range(0, last + 1, WINDOW))
    return decided(now) or any(set(window) == {0} for window in windows)


def leads(first: int, second: int) -> float:
    """Return ``1 - I_0.5(first + 1, second + 1)``: the chance that a share above one half lies behind these votes.

    For whole numbers the incomplete beta function is a sum of binomials: exact, without a numerical library.
    """
    flips = first + second + 1
    at_most_first: int = sum(math.comb(flips, heads) for heads in range(first + 1))
    return at_most_first / (1 << flips)


def _at_best(rule: str, weight: float, more: int) -> float:
    """Return what a weight would become if all that is to come were for it, each leaf with a reward of 1."""
    return max(weight, 1.0) if rule == "best-of-n" else weight + more


STOPS: Mapping[str, Callable[[Standing], bool]] = MappingProxyType(
    {"none": never, "decided": decided, "beta": beta, "esc": esc}
)
