"""What a listener knows of a search after some of its events: the tree, the bill, the best answer.

Drafts come in the order in which they were finished and their rewards after them, so a round's nodes join the tree
when the round is over. A run that was cut short has a solution too: the best that its events tell, marked as
interrupted.
"""

from __future__ import annotations

from collections.abc import Iterable

from edge_solver.core.events import Billed, Drafted, Event, Leading, Planned, Pulsed, Scored, Solved, Started
from edge_solver.core.reward import AGGREGATES, aggregate
from edge_solver.core.solution import Energy, PathStep, Solution, Spent, TreeSize
from edge_solver.core.tree import Node, Tree
from edge_solver.errors import RecordError

INTERRUPTED = "interrupted"
"""What a run that was cut short was stopped by."""

_NOTHING = Spent(0, 0, 0, 0, 0, 0, 0, 0.0, Energy(None, "unavailable", ""))


class Replay:
    """A search, retold by its events."""

    def __init__(self, events: Iterable[Event]) -> None:
        """Read all events of a run, which need not be finished.

        Raises:
            RecordError: There are none, or they tell of steps that cannot be.
        """
        stream = iter(events)
        started = next(stream, None)
        if not isinstance(started, Started):
            raise RecordError("the run does not begin with its problem")
        self.started = started
        self.tree = Tree(started.problem, started.prompt_tokens)
        self.leading: Leading | None = None
        self.solved: Solution | None = None
        self.spent = _NOTHING
        self._drafted: list[Drafted] = []
        self._rewards: dict[int, float] = {}
        for event in stream:
            self._take(event)
        self._grow()

    def _take(self, event: Event) -> None:
        match event:
            case Planned():
                self._grow()
                self.tree.prune(event.prune)
            case Drafted():
                self._drafted.append(event)
            case Scored():
                self._rewards[event.node] = event.reward
            case Leading():
                self.leading = event
            case Billed() | Pulsed():
                self.spent = event.spent
            case Solved():
                self.solved, self.spent = event.solution, event.solution.spent
            case Started():
                raise RecordError("a second run starts in the middle of the first")

    def _grow(self) -> None:
        """Let the steps of a round join the tree, oldest first."""
        for event in sorted(self._drafted, key=lambda event: event.node):
            self._add(event)
        self._drafted.clear()

    def _add(self, event: Drafted) -> None:
        try:
            parent = self.tree[event.parent]
            end = parent.end + event.n_tokens
            reward = self._rewards.get(event.node)
            depth = parent.depth + 1
            self.tree.add(
                Node(event.node, parent.id, depth, event.text, event.n_tokens, end, event.finish, event.answer, reward)
            )
        except (KeyError, ValueError) as error:
            raise RecordError(f"step {event.node} cannot follow step {event.parent}") from error

    @property
    def best_path(self) -> tuple[Node, ...]:
        """The steps of the best solution, none where nothing has finished."""
        leaves = [leaf for leaf in self.tree.answers() if leaf.answer is not None]
        if self.solved is not None:
            wanted = [(step.step, step.reward) for step in self.solved.best_path]
            paths = (self.tree.path(leaf.id) for leaf in leaves)
            return next((path for path in paths if [(node.text, node.reward) for node in path] == wanted), ())
        # The leader is spelled as its heaviest leaf.
        rivals = [leaf for leaf in leaves if self.leading is not None and leaf.answer == self.leading.answer]
        return self.tree.path(max(rivals, key=self._weight).id) if rivals else ()

    @property
    def solution(self) -> Solution:
        """The run's own result; of a run that was cut short, as much of one as its events tell."""
        if self.solved is not None:
            return self.solved
        started, leading = self.started, self.leading
        return Solution(
            problem=started.problem,
            answer=leading.answer if leading else None,
            confidence=leading.confidence if leading else 0.0,
            stopped_by=INTERRUPTED,
            candidates=(),
            spent=self.spent,
            budget=started.budget,
            strategy=started.strategy,
            tree=TreeSize(len(self.tree), len(self.tree.answers()), self.tree.depth),
            best_path=tuple(PathStep(node.text, node.reward) for node in self.best_path),
            policy=started.policy,
            prm=started.prm,
            seed=started.seed,
        )

    def _weight(self, leaf: Node) -> float:
        rule = self.started.strategy.aggregate
        return aggregate(rule if rule in AGGREGATES else "last", self.tree.rewards(leaf.id))
