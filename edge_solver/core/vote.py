"""From finished leaves to one answer: every distinct leaf votes once, for its class of equal answers.

``majority`` counts leaves, ``weighted`` adds up their rewards (the paper's final rule), ``best-of-n`` takes the best
single leaf. What counts as equal is the grader's business and comes in as a function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Ballot:
    """One leaf's vote."""

    node: int
    answer: str
    weight: float
    """The aggregated reward of the leaf's path, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class of equal answers."""

    answer: str
    """The spelling of its heaviest leaf."""
    weight: float
    """What the rule gives the class; the largest wins."""
    votes: int
    """Number of distinct leaves."""
    best: int
    """Id of its heaviest leaf."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The result of a vote: candidates from the heaviest down, none where nothing has finished."""

    candidates: tuple[Candidate, ...]

    @property
    def winner(self) -> Candidate | None:
        """The heaviest candidate."""
        return self.candidates[0] if self.candidates else None

    @property
    def confidence(self) -> float:
        """The winner's share of all weight, 0 where there is no winner."""
        total = math.fsum(candidate.weight for candidate in self.candidates)
        return self.candidates[0].weight / total if total > 0 else 0.0


RULES: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {"weighted": math.fsum, "majority": lambda weights: float(len(weights)), "best-of-n": max}
)


def vote(rule: str, ballots: Iterable[Ballot], same: Callable[[str, str], bool]) -> Tally:
    """Group the ballots by ``same`` and rank the groups by a rule; ties go to more votes, then to the older leaf."""
    groups: list[list[Ballot]] = []
    group_of: dict[str, list[Ballot]] = {}  # most answers are spelled as one before
    for ballot in ballots:
        group = group_of.get(ballot.answer)
        if group is None:
            group = next((known for known in groups if same(known[0].answer, ballot.answer)), None)
            if group is None:
                groups.append(group := [])
            group_of[ballot.answer] = group
        group.append(ballot)
    candidates = [_candidate(RULES[rule], group) for group in groups]
    return Tally(tuple(sorted(candidates, key=lambda c: (-c.weight, -c.votes, c.best))))


def _candidate(weigh: Callable[[Sequence[float]], float], group: Sequence[Ballot]) -> Candidate:
    best = max(group, key=lambda ballot: (ballot.weight, -ballot.node))
    return Candidate(best.answer, weigh([ballot.weight for ballot in group]), len(group), best.node)
