"""The search tree: an append-only list of solution steps, compared by integer id.

Node 0 is the root and holds the problem; every other node is one step of a solution. Nodes never change. What changes
is which of them are still worth growing: a strategy may prune a node, and that is recorded beside the nodes. The tree
knows nothing of models, budgets or how rewards come about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

ROOT = 0


class Finish(str, Enum):
    """Why a step ended."""

    STEP = "step"
    """The step is whole; the solution may be continued from here."""
    ANSWER = "answer"
    """The step states the final answer; the solution is complete."""
    LENGTH = "length"
    """A length limit (step, solution, depth or memory) closed the branch without an answer."""
    BUDGET = "budget"
    """The ledger refused the next token; the text is a fragment."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a solution (or, as node 0, the problem)."""

    id: int
    parent: int | None
    """Id of the step before; ``None`` only for the root."""
    depth: int
    """Number of steps from the root; the root has 0."""
    text: str
    n_tokens: int
    """Tokens that the policy generated for this step (for the root: the prompt's tokens)."""
    end: int
    """Position after the last token of this step, counted from the start of the prompt."""
    finish: Finish
    answer: str | None = None
    """The final answer as written, for a complete solution."""
    reward: float | None = None
    """The process reward in [0, 1]; ``None`` where the step was not scored."""


class Tree:
    """All steps drafted for one problem, in the order in which they were planned."""

    def __init__(self, problem: str, prompt_tokens: int) -> None:
        """Start with the root alone."""
        root = Node(ROOT, None, 0, problem, prompt_tokens, prompt_tokens, Finish.STEP)
        self._nodes: dict[int, Node] = {ROOT: root}
        self._children: dict[int, list[int]] = {ROOT: []}
        self._rewards: dict[int, tuple[float, ...]] = {ROOT: ()}
        self._pruned: set[int] = set()
        self._answers: list[Node] = []
        self._open: set[int] = set()
        """The steps that can be continued: wide trees are asked for them far too often to look at every node."""

    def __len__(self) -> int:
        """Count the nodes, the root included."""
        return len(self._nodes)

    def __getitem__(self, node_id: int) -> Node:
        """Return the node with this id."""
        return self._nodes[node_id]

    def __iter__(self) -> Iterator[Node]:
        """Iterate over all nodes by id, the root first."""
        return iter(self._nodes.values())

    @property
    def next_id(self) -> int:
        """The id after the newest node's."""
        return next(reversed(self._nodes)) + 1

    @property
    def root(self) -> Node:
        """The node that holds the problem."""
        return self._nodes[ROOT]

    @property
    def steps(self) -> list[Node]:
        """Every node but the root."""
        return [node for node in self._nodes.values() if node.id != ROOT]

    @property
    def depth(self) -> int:
        """The largest number of steps on a path."""
        return max(node.depth for node in self)

    def add(self, node: Node) -> None:
        """Append a node; ids only grow, with gaps for steps that were planned and never written."""
        if node.id < self.next_id or node.parent not in self._nodes:
            raise ValueError(f"node {node.id} with parent {node.parent} does not follow node {self.next_id - 1}")
        self._nodes[node.id] = node
        self._children[node.id] = []
        self._children[node.parent].append(node.id)
        above = self._rewards[node.parent]
        self._rewards[node.id] = above if node.reward is None else (*above, node.reward)
        self._open.discard(node.parent)
        if node.finish is Finish.STEP:
            self._open.add(node.id)
        elif node.finish is Finish.ANSWER:
            self._answers.append(node)

    def prune(self, node_ids: Iterable[int]) -> None:
        """Record that these nodes will not be grown any further.

        A fragment that the budget cut off leaves its place when it is pruned: the step before it is open again.
        """
        pruned = set(node_ids)
        self._pruned |= pruned
        self._open -= pruned
        for node in (self._nodes[node_id] for node_id in pruned if node_id in self._nodes):
            if node.finish is Finish.BUDGET and node.parent is not None and self._is_open(self._nodes[node.parent]):
                self._open.add(node.parent)

    def is_pruned(self, node_id: int) -> bool:
        """Say whether a strategy gave this node up."""
        return node_id in self._pruned

    def children(self, node_id: int) -> tuple[int, ...]:
        """Return the ids of the steps that continue this node, oldest first."""
        return tuple(self._children[node_id])

    def path(self, node_id: int) -> tuple[Node, ...]:
        """Return the steps from the first one down to this node, without the root."""
        steps: list[Node] = []
        node = self._nodes[node_id]
        while node.parent is not None:
            steps.append(node)
            node = self._nodes[node.parent]
        return tuple(reversed(steps))

    def rewards(self, node_id: int) -> tuple[float, ...]:
        """Return the rewards along the path to this node, skipping steps that were not scored."""
        return self._rewards[node_id]

    def frontier(self) -> tuple[Node, ...]:
        """Return the steps that can be continued: whole, not pruned, not the root, no child but pruned fragments."""
        return tuple(self._nodes[node_id] for node_id in sorted(self._open))

    def fragments(self) -> tuple[Node, ...]:
        """Return the steps that the budget cut off, without those that were pruned since."""
        return tuple(node for node in self.steps if node.finish is Finish.BUDGET and node.id not in self._pruned)

    def answers(self) -> tuple[Node, ...]:
        """Return the leaves that complete a solution, oldest first."""
        return tuple(self._answers)

    def _is_open(self, node: Node) -> bool:
        return (
            node.id != ROOT
            and node.finish is Finish.STEP
            and node.id not in self._pruned
            and all(map(self._is_given_up, self._children[node.id]))
        )

    def _is_given_up(self, node_id: int) -> bool:
        return node_id in self._pruned and self._nodes[node_id].finish is Finish.BUDGET
