"""What a strategy is: a rule that says which nodes to expand next, and a rule that turns leaves into an answer.

Both are pure functions of the tree, a forecast and settings. The solver does everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge_solver.core.budget import Cap
from edge_solver.core.forecast import Forecast
from edge_solver.core.tree import Tree

PAPER_BALANCE = 0.1


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """The user's choices that a strategy may look at."""

    width: int = 16  # N in the paper
    balance_temperature: float | None = None
    """T_b in the paper; ``None`` takes what suits the reward model."""
    rounding: str = "exact"
    aggregate: str = "last"
    """How a path's rewards become one: last, min, product or mean."""
    vote: str | None = None
    """The final rule; ``None`` takes the strategy's own."""
    temperature: float = 0.6
    """The policy's softmax temperature."""
    beam_width: int = 4  # M in search-and-learn: children of each kept step in beam search and DVTS
    max_step_tokens: int = 256
    max_solution_tokens: int = 1024
    max_steps: int = 96

    @property
    def balance(self) -> float:
        """T_b; where nobody says otherwise the paper's (Wu et al. 2024, appendix C)."""
        return PAPER_BALANCE if self.balance_temperature is None else self.balance_temperature


@dataclass(frozen=True, slots=True)
class Expansion:
    """Draft ``width`` new children of a node."""

    node: int
    width: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next; a plan that neither expands nor prunes ends the search."""

    expand: tuple[Expansion, ...] = ()
    """Most valuable first: where the budget ends in mid-call, the end of the line is dropped."""
    prune: tuple[int, ...] = ()
    """Nodes that will not be grown any further."""
    short_of: Cap | None = None
    """The cap that made this plan narrower than the settings asked for."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named way to spend a budget."""

    name: str
    summary: str
    plan: Callable[[Tree, Forecast, SearchSettings], Plan]
    vote: str
    """The default final rule: weighted, majority or best-of-n."""
    scored: bool = True
    """Whether steps are scored at all."""
    width: int | None = None
    """A fixed width, where the strategy allows no other."""
    temperature: float | None = None
    """A fixed softmax temperature, where the strategy allows no other."""
    independent: bool = False
    """Whether no solution depends on another, so that a stopping rule may have them drawn a few at a time."""
