"""Which part of which tree sits in the KV cache: paths, the sequences that hold them, and the cells they fill.

Bookkeeping only, in the manner of a page table: it hands out llama.cpp's sequence ids, forks them, and frees them, and
always knows what every problem has in use. The invariant: a node's tokens are in the cache at most once, and are there
as long as at least one sequence passes through the node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

NodeKey = tuple[int, int]
"""Problem and node id."""


class SequenceStore(Protocol):
    """What a KV cache can do with sequences."""

    def fork(self, source: int, target: int, length: int) -> None:
        """Let ``target`` share the first ``length`` positions of ``source``."""
        ...

    def free(self, sequence: int) -> None:
        """Take a sequence out of every cell."""
        ...


@dataclass(slots=True, eq=False)
class Share:
    """What one problem has of the cache."""

    cells: int
    """Most cells that it may use."""
    used: int = 0
    """Cells in use."""
    sequences: int = 0
    """Sequences in use."""


@dataclass(slots=True, eq=False)
class Prefix:
    """One node's tokens, and how much of them is in the cache."""

    share: Share
    """Of the node's problem."""
    parent: Prefix | None
    start: int
    """Position of its first token."""
    tokens: list[int]
    evaluated: int = 0
    """How many of its tokens are in the cache."""
    sequence: int | None = None
    """The sequence that ends in this node, kept so that it can be continued."""
    holders: set[int] = field(default_factory=set)
    """Every sequence that passes through it."""
    logits: NDArray[np.float32] | None = None
    """What may come after its last token; kept as long as ``sequence`` is."""

    @property
    def end(self) -> int:
        """Position after its last token."""
        return self.start + len(self.tokens)

    def path(self) -> Iterator[Prefix]:
        """Iterate from this node up to the root."""
        node: Prefix | None = self
        while node is not None:
            yield node
            node = node.parent


class Prefixes:
    """All nodes of all open problems, and the cache's cells and sequences shared out among them."""

    def __init__(self, store: SequenceStore, sequences: int, cells: int) -> None:
        """Start empty, with ``sequences`` ids to give away and ``cells`` tokens of room."""
        self._store = store
        self._free = list(range(sequences - 1, -1, -1))
        self._nodes: dict[int, dict[int, Prefix]] = {}
        self._shares: dict[int, Share] = {}
        self.cells = cells

    def __getitem__(self, key: NodeKey) -> Prefix:
        """Return a node of an open problem."""
        problem, node = key
        return self._nodes[problem][node]

    @property
    def used(self) -> int:
        """Cells in use."""
        return sum(share.used for share in self._shares.values())

    @property
    def promised(self) -> int:
        """Cells that the open problems may use."""
        return sum(share.cells for share in self._shares.values())

    @property
    def free_sequences(self) -> int:
        """How many more sequences can be begun."""
        return len(self._free)

    @property
    def shares(self) -> Mapping[int, Share]:
        """What every open problem has of the cache."""
        return self._shares

    def share(self, problem: int) -> Share:
        """Return what an open problem has of the cache."""
        return self._shares[problem]

    def kept(self, problem: int | None = None) -> list[Prefix]:
        """Return the nodes whose own sequence is kept, oldest first: of one problem, or of all."""
        owners = self._nodes if problem is None else (problem,)
        return [node for owner in owners for node in self._nodes[owner].values() if node.sequence is not None]

    def add_root(self, key: NodeKey, tokens: list[int], cells: int) -> Prefix:
        """Open a problem with its prompt and its share of the cells; nothing is in the cache yet."""
        problem, node = key
        share = self._shares[problem] = Share(cells)
        root = Prefix(share, None, 0, tokens)
        self._nodes[problem] = {node: root}
        return root

    def add_known(self, key: NodeKey, parent: NodeKey, tokens: list[int]) -> None:
        """Add a node whose tokens are known and not in the cache."""
        above = self[parent]
        self._nodes[key[0]][key[1]] = Prefix(above.share, above, above.end, tokens)

    def add_child(self, key: NodeKey, parent: Prefix, *, take_over: bool = False) -> Prefix:
        """Begin a node after a fully evaluated one, on a sequence forked from it (or on the parent's own)."""
        problem, node = key
        child = self._nodes[problem][node] = Prefix(parent.share, parent, parent.end, [])
        if take_over:
            child.sequence, parent.sequence, parent.logits = parent.sequence, None, None
            assert child.sequence is not None  # only a kept parent can be taken over
            child.holders.add(child.sequence)
        else:
            self._give_sequence(child, parent, parent.end)
        return child

    def settle(self, node: Prefix) -> tuple[list[int], int]:
        """Give a node a sequence of its own and return the tokens that it still lacks and where they start.

        The caller must evaluate exactly these, then say so with ``evaluated``.
        """
        lacking = self.lacking(node)
        if node.sequence is None:
            held = next((above for above in node.path() if above.holders), None)
            self._give_sequence(node, held, node.end - len(lacking))
        return lacking, node.end - len(lacking)

    def lacking(self, node: Prefix) -> list[int]:
        """Return the tokens to evaluate before a node's next token can be sampled (always the end of its path).

        That is what is not in the cache, or at least the last token where its logits were not kept.
        """
        if node.logits is not None:
            return []
        if node.evaluated == len(node.tokens) and node.holders:
            return node.tokens[-1:]
        parts: list[list[int]] = []
        for above in node.path():
            if above.evaluated == len(above.tokens) and above.holders:
                break
            parts.append(above.tokens[above.evaluated :])
        return [token for part in reversed(parts) for token in part]

    def evaluated(self, node: Prefix) -> None:
        """Record that a node's whole path has been evaluated on its own sequence."""
        for above in node.path():
            if above.evaluated == len(above.tokens) and above is not node:
                break
            above.share.used += len(above.tokens) - above.evaluated
            above.evaluated = len(above.tokens)

    def advanced(self, node: Prefix) -> None:
        """Record that the newest token of a node has been evaluated, where everything before it was."""
        node.evaluated += 1
        node.share.used += 1

    def release(self, node: Prefix) -> None:
        """Give up a node's own sequence; its cells become free unless another sequence passes through."""
        sequence, node.sequence, node.logits = node.sequence, None, None
        if sequence is None:
            return
        self._store.free(sequence)
        self._free.append(sequence)
        node.share.sequences -= 1
        for above in node.path():
            above.holders.discard(sequence)
            if not above.holders:
                above.share.used -= above.evaluated
                above.evaluated = 0

    def retain(self, problem: int, nodes: frozenset[int]) -> None:
        """Release every other node of a problem; with no nodes, forget the problem."""
        for node_id, node in self._nodes.get(problem, {}).items():
            if node_id not in nodes:
                self.release(node)
        if not nodes:
            self._nodes.pop(problem, None)
            self._shares.pop(problem, None)

    def _give_sequence(self, node: Prefix, held: Prefix | None, length: int) -> None:
        """Put a free sequence through ``node`` that shares its first ``length`` positions with ``held``."""
        sequence = node.sequence = self._free.pop()
        node.share.sequences += 1
        if held is not None:
            self._store.fork(next(iter(held.holders)), sequence, length)
        for above in node.path():
            above.holders.add(sequence)
