"""What the finished solutions of a tree come to: their vote under one rule, and how sure its winner is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_solver.core.belief import Belief
from edge_solver.core.reward import aggregate
from edge_solver.core.tree import Node, Tree
from edge_solver.core.vote import Ballot, Tally, vote


@dataclass(frozen=True, slots=True)
class Jury:
    """Counts the leaves of one tree, now or later."""

    tree: Tree
    rule: str
    """A name in ``vote.RULES``."""
    aggregate: str
    """How the rewards of a path become the weight of its leaf, a name in ``reward.AGGREGATES``."""
    same: Callable[[str, str], bool]
    """Whether two answers are equal."""
    belief: Belief | None = None
    """The reward model's fit of how likely an answer is right; without one the share of the vote has to do."""
    scored: bool = True
    """Whether rewards count."""

    def weight(self, leaf: int) -> float:
        """Return a leaf's weight, in [0, 1]."""
        return aggregate(self.aggregate, self.tree.rewards(leaf) if self.scored else ())

    def ballots(self, leaves: Sequence[Node] | None = None) -> list[Ballot]:
        """Return the votes of some leaves, by default of all that have an answer."""
        found = self.tree.answers() if leaves is None else leaves
        return [Ballot(leaf.id, leaf.answer, self.weight(leaf.id)) for leaf in found if leaf.answer is not None]

    def tally(self, leaves: Sequence[Node] | None = None) -> Tally:
        """Count these votes."""
        return vote(self.rule, self.ballots(leaves), self.same)

    def confidence(self, tally: Tally, solvable: float | None) -> float:
        """Return how sure the winner is, in [0, 1].

        Args:
            tally: Its result.
            solvable: What the reward model made of the problem alone; ``None`` where it judges no problems.
        """
        winner = tally.winner
        if winner is None or self.belief is None or solvable is None:
            return tally.confidence
        return self.belief.chance(tally.confidence, self.weight(winner.best), solvable)
