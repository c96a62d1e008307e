"""Which part of which tree sits in the KV cache: paths, the sequences that hold them, and the cells they fill.

Bookkeeping only, in the manner of a page table: it hands out llama.cpp's sequence ids, forks them, frees them, gives up
what is worth least, and always knows what every problem has in use. The invariant: a node's tokens are in the cache at
most once, and are there as long as at least one sequence passes through the node.

What every prompt begins with (solved examples) stays in the cache from one problem to the next, and so does the latest
prompt as a whole. Both are kept only where a new context would put them, so that a tree does not depend on what was
solved before it: where in the cache a path sits decides how its attention is rounded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from edge_solver.engines.prefix import Prefix, Share

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

    def clear(self) -> None:
        """Empty the cache."""
        ...


class Prefixes:
    """All nodes of all open problems, and the cache's cells and sequences shared out among them."""

    def __init__(self, store: SequenceStore, sequences: int, cells: int, opening: Sequence[int] = ()) -> None:
        """Start empty, with ``sequences`` ids to give away and ``cells`` tokens of room.

        ``opening`` is what every prompt begins with, where that is worth keeping.
        """
        self._store = store
        self._free = list(range(sequences - 1, -1, -1))
        self._nodes: dict[int, dict[int, Prefix]] = {}
        self._shares: dict[int, Share] = {}
        self._opening = Prefix(Share(len(opening)), None, 0, list(opening), is_prompt=True) if opening else None
        self._latest: Prefix | None = None
        self._is_crowded = False
        self.cells, self.sequences = cells, sequences
        self.reserved = 0
        """Sequences that will be taken by branches that are about to begin."""

    def __getitem__(self, key: NodeKey) -> Prefix:
        """Return a node of an open problem."""
        problem, node = key
        return self._nodes[problem][node]

    @property
    def used(self) -> int:
        """Cells that the open problems use."""
        return sum(share.used for share in self._shares.values())

    @property
    def promised(self) -> int:
        """Cells that the open problems may use."""
        return sum(share.cells for share in self._shares.values())

    @property
    def free_sequences(self) -> int:
        """How many more sequences can be begun, beyond those that are reserved."""
        return len(self._free) - self.reserved

    @property
    def shares(self) -> Mapping[int, Share]:
        """What every open problem has of the cache."""
        return self._shares

    def share(self, problem: int) -> Share:
        """Return what an open problem has of the cache."""
        return self._shares[problem]

    @property
    def opening(self) -> Prefix | None:
        """What every prompt begins with, where that is kept."""
        return self._opening

    def cells_of(self, nodes: Iterable[Prefix]) -> int:
        """Return the cells that nodes of one problem will fill when they are evaluated."""
        return sum(len(node.tokens) - node.evaluated for node in nodes if node is not self._opening)

    def add_root(self, key: NodeKey, tokens: list[int], cells: int) -> Prefix:
        """Open a problem with its prompt and its share of the cells; what is in the cache of it is found again.

        The prompt must begin with the opening, which counts as part of the problem's share.
        """
        problem, node = key
        share = self._shares[problem] = Share(cells)
        start = len(self._opening.tokens) if self._opening else 0
        root, own = self._latest, tokens[start:]
        self._latest = None
        if root is not None and root.tokens == own:
            root.share, share.used, share.sequences = share, root.evaluated, 1
        else:
            if root is not None:
                self.release(root)
            root = Prefix(share, self._opening, start, own, is_prompt=True)
        share.used += start
        if len(self._shares) > 1:
            self._is_crowded = True
        elif not any(above.holders for above in root.path()):
            self._store.clear()
        self._nodes[problem] = {node: root}
        return root

    def add_known(self, problem: int, steps: Iterable[tuple[int, int, list[int]]]) -> None:
        """Add nodes with their parents and tokens, which are known and not in the cache; parents come first."""
        nodes = self._nodes[problem]
        known: dict[tuple[Prefix, tuple[int, ...]], Prefix] = {}
        for node, parent, tokens in steps:
            above = nodes[parent]
            nodes[node] = known.setdefault((above, tuple(tokens)), Prefix(above.share, above, above.end, tokens))

    def add_child(self, problem: int, nodes: Iterable[int], parent: Prefix, token: int) -> Prefix:
        """Begin a run of tokens after another, for all nodes that begin with it; it has no sequence yet."""
        child = Prefix(parent.share, parent, parent.end, [token])
        self._nodes[problem].update(dict.fromkeys(nodes, child))
        return child

    def hand_over(self, parent: Prefix, child: Prefix) -> None:
        """Let a child go on with the sequence of its parent, which is present and has one."""
        child.sequence, parent.sequence = parent.sequence, None
        assert child.sequence is not None  # only a kept parent can be taken over
        child.holders.add(child.sequence)

    def leave(self, problem: int, names: Sequence[int], node: Prefix) -> None:
        """Forget that nodes of a problem end here; the last ones to leave give up the sequence."""
        known = self._nodes.get(problem, {})
        for name in names:
            known.pop(name, None)
        node.writers -= len(names)
        if not node.writers:
            self.release(node)

    def settle(self, node: Prefix, length: int) -> None:
        """Give a node a sequence of its own that shares ``length`` positions with what is in the cache of its path."""
        if node.sequence is None:
            held = next((above for above in node.path() if above.holders), None)
            self._give_sequence(node, held, length)

    def evaluated(self, node: Prefix) -> None:
        """Record that a node's whole path has been evaluated on its own sequence."""
        for above in node.path():
            if above.evaluated == len(above.tokens) and above is not node:
                break
            if above is not self._opening:  # every share has counted it
                above.share.used += len(above.tokens) - above.evaluated
            above.evaluated = len(above.tokens)
            above.seen = max(above.seen, above.evaluated)

    def grown(self, share: Share, nodes: Sequence[Prefix]) -> None:
        """Record the same of nodes of one problem that lack their last token alone."""
        for node in nodes:
            node.evaluated += 1
            node.seen = max(node.seen, node.evaluated)
        share.used += len(nodes)

    def release(self, node: Prefix) -> None:
        """Give up a node's own sequence; its cells become free unless another sequence passes through."""
        sequence, node.sequence = node.sequence, None
        if sequence is None:
            return
        self._store.free(sequence)
        self._free.append(sequence)
        node.share.sequences -= 1
        for above in node.path():
            above.holders.discard(sequence)
            if not above.holders:
                if above is not self._opening:
                    above.share.used -= above.evaluated
                above.evaluated, above.logits = 0, None

    def evict(self, problem: int, spare: Collection[Prefix], most: int, *, cells: bool = True) -> bool:
        """Release the least valuable kept node of a problem; say whether there was one.

        Args:
            problem: Whose.
            spare: Nodes that must stay.
            most: Nodes of a higher class of worth stay too.
            cells: Look only at nodes whose release frees cells, not only a sequence.
        """
        chosen = [
            node
            for node in dict.fromkeys(self._nodes[problem].values())
            if node.sequence is not None
            and not node.is_prompt
            and node.worth[0] <= most
            and node not in spare
            and (not cells or any(above.evaluated for above in node.path() if len(above.holders) == 1))
        ]
        if not chosen:
            return False
        self.release(min(chosen, key=lambda node: node.worth))
        return True

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Release every other node of a problem; with no nodes, forget the problem.

        The order of those that stay is that of their worth.
        """
        known = self._nodes.get(problem, {})
        if not nodes:
            self._close(problem)
            return
        wanted: dict[Prefix, int] = {}
        for rank, node_id in enumerate(nodes):
            if node_id in known:
                wanted.setdefault(known[node_id], rank)
        for node in dict.fromkeys(known.values()):
            if node in wanted:
                node.worth = (0, -wanted[node])
            else:
                self.release(node)
                node.logits = None

    def _close(self, problem: int) -> None:
        """Release all of a problem, but keep its prompt where it stands as in a new context."""
        known, share = self._nodes.pop(problem, {}), self._shares.pop(problem, None)
        if share is None:
            return
        root = next(iter(known.values()))
        for node in known.values():
            if node is not root:
                self.release(node)
        if not self._shares and not self._is_crowded and root.is_ready:
            self._latest, root.awaited = root, 0
        else:
            self.release(root)
        if not self._shares:
            self._is_crowded = False

    def _give_sequence(self, node: Prefix, held: Prefix | None, length: int) -> None:
        """Put a free sequence through ``node`` that shares its first ``length`` positions with ``held``."""
        sequence = node.sequence = self._free.pop()
        node.share.sequences += 1
        if held is not None:
            self._store.fork(next(iter(held.holders)), sequence, length)
        for above in node.path():
            above.holders.add(sequence)
