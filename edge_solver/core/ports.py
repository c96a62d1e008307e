"""The seams: what the solver asks of a drafter, a scorer and a grader, and the plain data that crosses.

Each protocol has a real implementation and a scripted one that ships. Nodes are named by (problem key, node id); the
solver gives the ids, so that an engine can keep its own state per node without knowing the tree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_solver.core.belief import Belief
from edge_solver.core.budget import Ledger
from edge_solver.core.cost import Shape
from edge_solver.core.tree import Finish, Node


@dataclass(frozen=True, slots=True)
class Profile:
    """What the controller needs to know of a model before it has seen it work."""

    name: str
    sha256: str
    shape: Shape
    context: int
    """Most positions that one path may have."""
    step_tokens: float = 24.0
    """Typical tokens of a step: the forecast's first guess, replaced by what is seen."""
    solution_steps: float = 6.0
    """Typical steps of a solution: the forecast's first guess, replaced by what is seen."""
    balance_temperature: float | None = None
    """For a reward model: the T_b of REBASE that suits its rewards, where that was measured."""
    belief: Belief | None = None
    """For a reward model: how to read a confidence from the vote, where that was fitted."""
    members: tuple[Profile, ...] = ()
    """Of an ensemble: the models it is made of. The fields above then hold for the dearest of them."""

    @property
    def models(self) -> tuple[Profile, ...]:
        """The models that do the work: the members of an ensemble, or this one alone."""
        return self.members or (self,)


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """Ask for one step that continues ``parent``; the result will be node ``node``."""

    problem: int
    node: int
    parent: int
    seed: int
    temperature: float
    """Softmax temperature; 0 takes the likeliest token."""
    max_tokens: int
    place: int | None = None
    """Names the random stream, together with the seed; ``None`` takes the node's id."""

    @property
    def stream(self) -> tuple[int, int]:
        """What all of its random draws follow from."""
        return self.seed, self.node if self.place is None else self.place


@dataclass(frozen=True, slots=True)
class Draft:
    """One step as the policy wrote it."""

    problem: int
    node: int
    text: str
    n_tokens: int
    finish: Finish
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """A sign of life after each decode call, so that listeners can show progress and cancel in time."""

    live: int
    """Branches that are still being written."""


class Drafter(Protocol):
    """Continues tree nodes by one step each."""

    @property
    def profile(self) -> Profile:
        """The policy's name, checksum, shape and typical lengths."""
        ...

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root (node 0) of a new problem and return its prompt's number of tokens.

        ``steps`` were written below it in an earlier search and may be continued, parents first; each is evaluated
        again when that is needed, and charged then.

        Raises:
            ProblemError: The prompt does not fit the model's context.
        """
        ...

    def draft(self, requests: Sequence[DraftRequest], ledger: Ledger) -> Iterator[Draft | Pulse]:
        """Yield every requested step as it finishes, most valuable request first in line.

        The ledger is asked before every decode call. When it refuses, requests are dropped from the end of the line
        (they come back with ``Finish.BUDGET``) until it grants the rest.
        """
        ...

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Free what is kept for every other node of this problem; an empty collection closes the problem.

        The most valuable nodes come first: where memory is short, those behind them give way.
        """
        ...


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Ask for the reward of one new step."""

    problem: int
    node: int
    parent: int
    text: str


class Scorer(Protocol):
    """Rewards new steps, given the path above them."""

    @property
    def profile(self) -> Profile:
        """The process reward model's name, checksum and shape."""
        ...

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root (node 0) of a new problem and return its number of tokens; see ``Drafter.open``."""
        ...

    def solvable(self, problem: int) -> float | None:
        """Return the chance that a sampled solution of the problem is right, as the model judges the problem alone.

        ``None`` before anything was scored, and from a model that was not trained to say it.
        """
        ...

    def score(self, requests: Sequence[ScoreRequest], ledger: Ledger) -> Sequence[float | None]:
        """Return one reward in [0, 1] per request, or ``None`` from the first request the ledger does not pay for.

        The call may be put off until the first reward is read, so that several problems can share it.
        """
        ...

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Free what is kept for every other node of this problem; an empty collection closes the problem."""
        ...


class Grader(Protocol):
    """Says when two answers are the same."""

    def same(self, first: str, second: str) -> bool:
        """Say whether two answers are equal; symmetric, and safe against hostile input."""
        ...

    def canonical(self, answer: str) -> str:
        """Return one spelling for everything that is plainly the same answer."""
        ...
