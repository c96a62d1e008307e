"""A scorer that takes no network's word for arithmetic: what a step claims in digits is computed again.

A small reward model has to recompute what it reads, and errs at it; a processor does not, in microseconds. The reward
of a step that is refuted, and of all that is written below it, is lowered to almost nothing. Every other reward is the
model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol, final

from edge_solver.core.budget import Ledger
from edge_solver.core.ports import Profile, Scorer, ScoreRequest
from edge_solver.core.tree import Node
from edge_solver.engines.merging import Group, Itemised, ManyScorer, Work

REFUTED = 0.01
"""What is left of the reward of a refuted step: not zero, so that an order remains where all are."""


class FullScorer(Scorer, ManyScorer, Itemised, Protocol):
    """A scorer with all that the scorers of this room can do."""


@final
class RecomputingScorer:
    """Stands before a scorer and lowers the rewards of refuted steps."""

    def __init__(self, scorer: FullScorer, is_refuted: Callable[[str], bool]) -> None:
        """Recompute by ``is_refuted``, which has to be sure where it says so."""
        self._scorer = scorer
        self._is_refuted = is_refuted
        self._refuted: dict[int, set[int]] = {}
        """Of each open problem, the nodes on a path with a refuted step."""

    @property
    def profile(self) -> Profile:
        """The reward model's."""
        return self._scorer.profile

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Open a problem; see ``Scorer.open``."""
        self._refuted[problem] = set()
        for step in steps:
            self._note(problem, step.id, step.parent, step.text)
        return self._scorer.open(problem, text, steps)

    def solvable(self, problem: int) -> float | None:
        """Judge a problem; see ``Scorer.solvable``."""
        return self._scorer.solvable(problem)

    def spans(self, requests: Sequence[ScoreRequest]) -> list[range]:
        """Return the positions that each request is charged for."""
        return self._scorer.spans(requests)

    def score(self, requests: Sequence[ScoreRequest], ledger: Ledger) -> list[float | None]:
        """Score steps; see ``Scorer.score``."""
        self._note_all(requests)
        return self._lowered(requests, self._scorer.score(requests, ledger))

    def work(self, groups: Sequence[Group]) -> Work:
        """Book the steps of several problems; see ``ManyScorer.work``."""
        for requests, _ in groups:
            self._note_all(requests)
        work = self._scorer.work(groups)

        def rewards() -> list[list[float | None]]:
            of_groups = zip(groups, work.rewards(), strict=True)
            return [self._lowered(requests, given) for (requests, _), given in of_groups]

        return Work(work.calls, rewards)

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Forget other nodes; see ``Scorer.retain``. What was refuted stays so: a node may come back."""
        if not nodes:
            self._refuted.pop(problem, None)
        self._scorer.retain(problem, nodes)

    def _lowered(self, requests: Sequence[ScoreRequest], rewards: Sequence[float | None]) -> list[float | None]:
        """Return the rewards as they are given on; a problem that was closed meanwhile has nobody who reads them."""
        return [
            reward if reward is None or r.node not in self._refuted.get(r.problem, ()) else REFUTED * reward
            for r, reward in zip(requests, rewards, strict=True)
        ]

    def _note_all(self, requests: Sequence[ScoreRequest]) -> None:
        for request in requests:
            self._note(request.problem, request.node, request.parent, request.text)

    def _note(self, problem: int, node: int, parent: int | None, text: str) -> None:
        refuted = self._refuted[problem]
        if parent in refuted or self._is_refuted(text):
            refuted.add(node)
