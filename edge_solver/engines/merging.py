"""One scoring call for the steps of several problems, behind the ``Scorer`` port.

``score`` only takes note of what is asked. The call is made when the first of the rewards is read, for everything that
was asked for until then; each problem's ledger is asked for its own share. A problem that is alone gets exactly what
the scorer behind would give it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, final, overload, runtime_checkable

from edge_solver.core.budget import Ledger, Payer
from edge_solver.core.ports import Profile, Scorer, ScoreRequest
from edge_solver.core.tree import ROOT, Node
from edge_solver.engines.calls import Call

Group = tuple[Sequence[ScoreRequest], Ledger]
"""What one problem asks for, and its ledger."""


@runtime_checkable
class ManyScorer(Protocol):
    """A scorer that can score the steps of several problems in one call."""

    def score_together(self, groups: Sequence[Group]) -> list[list[float | None]]:
        """Return the rewards of every group, as ``Scorer.score`` would."""
        ...


@runtime_checkable
class Itemised(Protocol):
    """A scorer that can say what each request will be charged for."""

    def spans(self, requests: Sequence[ScoreRequest]) -> list[range]:
        """Return the positions that each of one problem's requests is charged for."""
        ...


@final
class Rewards(Sequence["float | None"]):
    """Rewards that are computed when the first one is read."""

    def __init__(self, group: Group, compute: Callable[[], None]) -> None:
        """Stand for the rewards of a group until ``compute`` has filled them in."""
        self.group = group
        self._compute = compute
        self.values: Sequence[float | None] | None = None

    def __len__(self) -> int:
        """Count the requests."""
        return len(self.group[0])

    @overload
    def __getitem__(self, index: int) -> float | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[float | None]: ...
    def __getitem__(self, index: int | slice) -> float | Sequence[float | None] | None:
        """Return rewards, making the call if need be."""
        if self.values is None:
            self._compute()
        assert self.values is not None  # unless the problem was closed, and then nobody reads
        return self.values[index]


@final
class MergingScorer:
    """Puts the requests of several problems into one call of the scorer behind."""

    def __init__(self, scorer: Scorer) -> None:
        """Stand before a scorer."""
        self._scorer = scorer
        self._pending: list[Rewards] = []
        self._spans: dict[int, dict[int, range]] = {}
        self._on_call: Callable[[Call], None] | None = None

    @property
    def profile(self) -> Profile:
        """The reward model's."""
        return self._scorer.profile

    def listen(self, on_call: Callable[[Call], None] | None) -> None:
        """Tell ``on_call`` of every call from now on, after it was made."""
        self._on_call = on_call

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Open a problem; see ``Scorer.open``."""
        tokens = self._scorer.open(problem, text, steps)
        self._spans[problem] = {ROOT: range(tokens)}
        return tokens

    def take_spans(self, problem: int) -> Mapping[int, range] | None:
        """Return the positions that every node of a problem was charged for, and forget them.

        ``None`` where the scorer behind does not say.
        """
        spans = self._spans.pop(problem, {})
        return spans if isinstance(self._scorer, Itemised) else None

    def solvable(self, problem: int) -> float | None:
        """Judge a problem; see ``Scorer.solvable``."""
        return self._scorer.solvable(problem)

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Forget other nodes; see ``Scorer.retain``. What a closed problem still asked for is dropped."""
        if not nodes:
            self._pending = [asked for asked in self._pending if asked.group[0][0].problem != problem]
        self._scorer.retain(problem, nodes)

    def score(self, requests: Sequence[ScoreRequest], ledger: Ledger) -> Sequence[float | None]:
        """Take note of a problem's requests; see ``Scorer.score``."""
        if not requests:
            return []
        if isinstance(self._scorer, Itemised):
            spans = self._scorer.spans(requests)
            self._spans[requests[0].problem].update(zip((r.node for r in requests), spans, strict=True))
        asked = Rewards((requests, ledger), self._call)
        self._pending.append(asked)
        return asked

    def _call(self) -> None:
        """Score everything that is asked for."""
        pending, self._pending = self._pending, []
        groups = [asked.group for asked in pending]
        before = [ledger.spent() for _, ledger in groups]
        begun = time.perf_counter()
        if len(groups) > 1 and isinstance(self._scorer, ManyScorer):
            rewards: list[Sequence[float | None]] = list(self._scorer.score_together(groups))
        else:
            rewards = [self._scorer.score(requests, ledger) for requests, ledger in groups]
        seconds = time.perf_counter() - begun
        for asked, values in zip(pending, rewards, strict=True):
            asked.values = values
        if self._on_call is not None:
            after = [ledger.spent() for _, ledger in groups]
            flops = {
                requests[0].problem: now.flops_prm - paid.flops_prm
                for (requests, _), paid, now in zip(groups, before, after, strict=True)
            }
            # Every ledger has reckoned with reading the weights; together they are read once.
            bytes_read = sum(now.bytes_read - paid.bytes_read for paid, now in zip(before, after, strict=True))
            bytes_read = max(0, bytes_read - self.profile.shape.weight_bytes * (len(groups) - 1))
            rows = sum(len(values) for values in rewards)
            self._on_call(Call(Payer.SCORE, flops, rows, seconds, seconds, bytes_read))
