"""What is under way: the branches of every problem in the loop, and the rows of the next call."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge_solver.core.budget import Ledger
from edge_solver.core.ports import Draft
from edge_solver.engines.branches import Branch, Twins
from edge_solver.engines.prefix import Prefix, Share


@dataclass(slots=True, eq=False)
class Flight:
    """One problem's requests in the loop."""

    problem: int
    ledger: Ledger
    share: Share
    """What the problem has of the cache."""
    waiting: deque[Branch]
    """Those that have not begun, and those that had to make room; the most valuable first."""
    live: list[Twins] = field(default_factory=list)
    """Those that are being written, by their most valuable branch."""
    ready: deque[Draft] = field(default_factory=deque)
    """Drafts that nobody has taken yet."""
    is_stirred: bool = False
    """Whether branches have begun, parted or ended in the latest call."""

    def wait(self, branches: Iterable[Branch]) -> None:
        """Put branches that are not live back into the line, each at its place."""
        self.waiting = deque(sorted([*self.waiting, *branches], key=lambda branch: branch.order))

    @property
    def n_live(self) -> int:
        """How many branches are being written."""
        return sum(map(len, self.live))

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be written."""
        return not self.waiting and not self.live


class Rows:
    """Tokens to be evaluated in one call."""

    def __init__(self) -> None:
        """Start without any."""
        self.tokens: list[int] = []
        self.positions: list[int] = []
        self.sequences: list[int] = []
        self.takers: list[Twins | Prefix | None] = []
        """Who wants a row's logits."""
        self.pending: set[Prefix] = set()
        """Nodes that are in the cache only once the call has been made."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.tokens)

    def clear(self) -> None:
        """Drop all rows."""
        for column in (self.tokens, self.positions, self.sequences, self.takers):
            column.clear()
        self.pending.clear()

    def add_live(self, going: Sequence[Twins]) -> None:
        """Append a row for the newest token of each of these branches."""
        bases = [twins.base for twins in going]
        self.tokens += [base.tokens[-1] for base in bases]
        self.positions += [base.end - 1 for base in bases]
        self.sequences += [base.sequence or 0 for base in bases]
        self.takers += going

    def add(self, token: int, position: int, sequence: int, taker: Twins | Prefix | None) -> None:
        """Append a row."""
        self.tokens.append(token)
        self.positions.append(position)
        self.sequences.append(sequence)
        self.takers.append(taker)
