"""What a listener knows of a search: the tree so far, how the vote stands, and the bill, from events alone.

It knows nothing of screens. The tree is told as lines from top to bottom, depth first, older siblings first, so that a
line never changes its place among those that are there. A step moves to the right only where siblings part: a chain of
single steps stays in one column, however long it is. Branches that write the same share a line until they part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from edge_solver.core.events import (
    Billed,
    Drafted,
    Event,
    Leading,
    Planned,
    Pulsed,
    Scored,
    Solved,
    Started,
    Voted,
)
from edge_solver.core.solution import CandidateAnswer, Solution, Spent
from edge_solver.core.tree import ROOT, Finish

PACE_SECONDS = 0.25
"""Least time between two points of the speed curve: decode calls alone are too short to be timed."""
PACES = 120
"""Points of the speed curve that are kept."""


@dataclass(slots=True, eq=False)
class Step:
    """One step as far as it is known."""

    id: int
    parent: int
    depth: int
    text: str
    n_tokens: int = 0
    finish: Finish = Finish.STEP
    answer: str | None = None
    reward: float | None = None
    width: int = 0
    """Branches that were given to it, over all rounds."""
    pruned: bool = False
    children: list[int] = field(default_factory=list)


class Line(NamedTuple):
    """One line of the tree; made in thousands, so a tuple."""

    step: Step
    """The oldest of those that it stands for."""
    guide: str
    """What joins it to the lines above."""
    equals: tuple[Step, ...]
    """All steps with this text after the same steps."""

    @property
    def width(self) -> int:
        """Branches that were given to all of them."""
        return sum(step.width for step in self.equals)

    @property
    def is_given_up(self) -> bool:
        """Whether nothing will come after any of them."""
        return all(step.pruned and not step.children for step in self.equals)

    def is_on(self, path: frozenset[int]) -> bool:
        """Say whether a path runs through one of them."""
        return any(step.id in path for step in self.equals)


class Growth:
    """Hears events and keeps what they add up to."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.started: Started | None = None
        self.solution: Solution | None = None
        self.spent: Spent | None = None
        self.live = 0
        """Branches that are being written."""
        self.candidates: tuple[CandidateAnswer, ...] = ()
        self.shifts: dict[str, float] = {}
        """By how much the latest vote changed an answer's weight."""
        self.confidence = 0.0
        self.paces: deque[float] = deque(maxlen=PACES)
        """Tokens per second, oldest first."""
        self.steps: dict[int, Step] = {ROOT: Step(ROOT, ROOT, 0, "")}
        self.best: int | None = None
        """The winner's heaviest leaf."""
        self.newest: int = ROOT
        self._paced = (0, 0.0)
        self._lines: list[Line] | None = None
        self._places: dict[int, int] | None = None
        self._path: frozenset[int] | None = None

    @property
    def root(self) -> Step:
        """The problem."""
        return self.steps[ROOT]

    def hear(self, events: Iterable[Event]) -> None:
        """Take note of events."""
        for event in events:
            self._hear(event)

    def lines(self) -> list[Line]:
        """Return the tree from top to bottom, without the root."""
        if self._lines is None:
            self._lines = self._laid_out()
            self._places = None
        return self._lines

    def place(self, step: int) -> int | None:
        """Return the number of a step's line."""
        lines = self.lines()
        if self._places is None:
            self._places = {equal.id: number for number, line in enumerate(lines) for equal in line.equals}
        return self._places.get(step)

    def path(self, step: int) -> list[Step]:
        """Return the steps from the first one down to this one."""
        found: list[Step] = []
        while step != ROOT:
            found.append(self.steps[step])
            step = self.steps[step].parent
        return found[::-1]

    @property
    def best_path(self) -> frozenset[int]:
        """The steps of the leading solution."""
        if self._path is None:
            self._path = frozenset(step.id for step in self.path(self.best)) if self.best is not None else frozenset()
        return self._path

    def _hear(self, event: Event) -> None:
        match event:
            case Started():
                self.started = event
                self.root.text = event.problem
            case Planned() | Scored():
                self._mark(event)
            case Drafted():
                self._add(event)
            case Voted():
                self._count(event)
            case Leading():
                self.confidence = event.confidence
                if not self.candidates:  # a run that was recorded before votes were
                    self._lead(self._leaf_of(event.answer))
            case Pulsed() | Billed():
                self.live = event.live if isinstance(event, Pulsed) else self.live
                self._bill(event.spent)
            case Solved():
                self._end(event.solution)

    def _mark(self, event: Planned | Scored) -> None:
        """Take note of what became of steps; those of a run that was cut short may be missing."""
        steps = self.steps
        if isinstance(event, Scored):
            if event.node in steps:
                steps[event.node].reward = event.reward
            return
        for node, width in event.expand:
            if node in steps:
                steps[node].width += width
        for node in event.prune:
            if node in steps:
                steps[node].pruned = True

    def _add(self, event: Drafted) -> None:
        if event.node in self.steps or event.parent not in self.steps:
            return
        self.steps[event.node] = Step(
            event.node, event.parent, event.depth, event.text, event.n_tokens, event.finish, event.answer
        )
        siblings = self.steps[event.parent].children
        siblings.append(event.node)
        if len(siblings) > 1 and siblings[-2] > event.node:
            siblings.sort()  # drafts come as they finish
        self.newest = event.node
        self._lines = None

    def _count(self, event: Voted) -> None:
        before = {candidate.answer: candidate.weight for candidate in self.candidates}
        self.shifts = {c.answer: c.weight - before.get(c.answer, 0.0) for c in event.candidates}
        self.candidates, self.confidence = event.candidates, event.confidence
        self._lead(event.best)

    def _lead(self, leaf: int | None) -> None:
        if leaf != self.best and (leaf is None or leaf in self.steps):
            self.best, self._path = leaf, None

    def _leaf_of(self, answer: str) -> int | None:
        leaves = [step for step in self.steps.values() if step.answer == answer]
        return max(leaves, key=lambda step: (step.reward or 0.0, -step.id)).id if leaves else None

    def _end(self, solution: Solution) -> None:
        self.solution, self.live = solution, 0
        self.candidates, self.shifts, self.confidence = solution.candidates, {}, solution.confidence
        self._bill(solution.spent)
        if self.best is None and solution.answer is not None:
            self._lead(self._leaf_of(solution.answer))

    def _bill(self, spent: Spent) -> None:
        self.spent = spent
        tokens, seconds = self._paced
        apart = spent.seconds - seconds
        if apart >= PACE_SECONDS:
            self.paces.append((spent.tokens_generated - tokens) / apart)
            self._paced = (spent.tokens_generated, spent.seconds)

    def _laid_out(self) -> list[Line]:
        lines: list[Line] = []
        waiting: list[tuple[tuple[Step, ...], str, str]] = [((self.root,), "", "")]
        while waiting:
            equals, guide, below = waiting.pop()
            if equals[0].id != ROOT:
                lines.append(Line(equals[0], guide, equals))
            after = self._after(equals)
            if len(after) == 1:
                waiting.append((after[0], below, below))
            elif after:
                waiting.append((after[-1], below + "└ ", below + "  "))
                waiting.extend((group, below + "├ ", below + "│ ") for group in reversed(after[:-1]))
        return lines

    def _after(self, equals: tuple[Step, ...]) -> list[tuple[Step, ...]]:
        """Return the steps after any of these, equal ones together, by the age of the oldest."""
        steps = self.steps
        if len(equals) == 1 and len(equals[0].children) == 1:  # most of them, and there are thousands
            return [(steps[equals[0].children[0]],)]
        groups: dict[tuple[str, Finish, str | None], list[Step]] = {}
        for child in sorted(child for step in equals for child in step.children):
            step = steps[child]
            groups.setdefault((step.text, step.finish, step.answer), []).append(step)
        return [tuple(group) for group in groups.values()]
