"""A run of tokens, and how much of it is in the KV cache; and what a problem has of the cache in all.

Plain state: ``prefixes`` keeps it true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True, eq=False)
class Share:
    """What one problem has of the cache."""

    cells: int
    """Most cells that it may use."""
    used: int = 0
    """Cells in use."""
    sequences: int = 0
    """Sequences in use."""
    is_begun: bool = False
    """Whether its prompt has been used."""


@dataclass(slots=True, eq=False)
class Prefix:
    """A run of tokens that a node ends in, or that several have in common; and how much of it is in the cache."""

    share: Share
    """Of the node's problem."""
    parent: Prefix | None
    start: int
    """Position of its first token."""
    tokens: list[int]
    is_prompt: bool = False
    """Whether it is a part of the prompt, and no step."""
    evaluated: int = 0
    """How many of its tokens are in the cache."""
    seen: int = 0
    """How many of its tokens have ever been there."""
    sequence: int | None = None
    """The sequence that ends in this node, kept so that it can be continued."""
    holders: set[int] = field(default_factory=set)
    """Every sequence that passes through it."""
    logits: NDArray[np.float32] | None = None
    """What may come after its last token; kept while the node is wanted and in the cache."""
    worth: tuple[int, int] = (0, 0)
    """Whoever has least goes first when room is needed."""
    awaited: int = 0
    """How many steps are still to begin after it."""
    writers: int = 0
    """How many branches write it, or have ended in it with a step that may be continued."""

    @property
    def end(self) -> int:
        """Position after its last token."""
        return self.start + len(self.tokens)

    @property
    def is_present(self) -> bool:
        """Whether all of it is in the cache."""
        return self.evaluated == len(self.tokens) and bool(self.holders)

    def path(self) -> Iterator[Prefix]:
        """Iterate from this node up to the start of the prompt."""
        node: Prefix | None = self
        while node is not None:
            yield node
            node = node.parent

    @property
    def is_ready(self) -> bool:
        """Whether a step can be begun after it without a call."""
        return self.is_present and self.logits is not None

    @property
    def again(self) -> int:
        """How many of its tokens have to be evaluated again."""
        return self.seen - self.evaluated

    def lacking(self, planned: Collection[Prefix] = ()) -> list[Prefix]:
        """Return the nodes of its path that have tokens to be evaluated, from the top down; none of those planned."""
        chain: list[Prefix] = []
        for node in self.path():
            if node.is_present or node in planned:
                break
            chain.append(node)
        return chain[::-1]
