"""One scoring call for the steps of several problems, behind the ``Scorer`` port; on a thread of its own if need be.

``score`` only takes note of what is asked. The call is made for everything that was asked for until ``start`` is
called or the first of the rewards is read; each problem's ledger is asked for its own share. A problem that is alone
gets exactly what the scorer behind would give it.

In the background the call runs while the policy writes on: both libraries let go of Python meanwhile. What is in a call
never depends on how fast one is: it is settled when the call is handed over, and a reward that is not there yet is
waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, final, overload, runtime_checkable

from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.ports import Profile, Scorer, ScoreRequest
from edge_solver.core.tree import ROOT, Node
from edge_solver.engines.calls import Call

Group = tuple[Sequence[ScoreRequest], Ledger]
"""What one problem asks for, and its ledger."""


@dataclass(frozen=True, slots=True)
class Work:
    """Scoring that is paid for."""

    calls: Sequence[Callable[[], None]]
    """To be made in order, after those of earlier work, on any one thread."""
    rewards: Callable[[], list[list[float | None]]]
    """Returns the rewards of every group, as ``Scorer.score`` would, when the calls have been made."""


@runtime_checkable
class ManyScorer(Protocol):
    """A scorer that can score the steps of several problems in one call."""

    def work(self, groups: Sequence[Group]) -> Work:
        """Ask the ledgers, each as if its problem were alone, and return what is to be done."""
        ...


@runtime_checkable
class Itemised(Protocol):
    """A scorer that can say what each request will be charged for."""

    def spans(self, requests: Sequence[ScoreRequest]) -> list[range]:
        """Return the positions that each of one problem's requests is charged for."""
        ...


@final
class Rewards(Sequence["float | None"]):
    """Rewards that are there at the latest when the first one is read."""

    def __init__(self, group: Group, compute: Callable[[Rewards], None]) -> None:
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
        """Return rewards, making the call or waiting for it if need be."""
        if self.values is None:
            self._compute(self)
        assert self.values is not None  # unless the problem was closed, and then nobody reads
        return self.values[index]


@dataclass(frozen=True, slots=True, eq=False)
class _Started:
    """Work that the other thread has been given."""

    asked: list[Rewards]
    work: Work
    done: Future[None]


@final
class MergingScorer:
    """Puts the requests of several problems into one call of the scorer behind."""

    def __init__(self, scorer: Scorer, *, in_background: bool = False) -> None:
        """Stand before a scorer; ``in_background``, one that can tell its work apart gets a thread of its own."""
        self._scorer = scorer
        self._pending: list[Rewards] = []
        self._started: list[_Started] = []
        self._spans: dict[int, dict[int, range]] = {}
        self._on_call: Callable[[Call], None] | None = None
        self._many = scorer if isinstance(scorer, ManyScorer) else None
        self._itemised = scorer if isinstance(scorer, Itemised) else None
        self._noting = 0.0
        """Seconds that taking note took since the last call: the steps are cut into tokens there."""
        self._thread = ThreadPoolExecutor(1, "scoring") if in_background and self._many is not None else None
        self.gathers = False
        """Whether requests wait for those of other problems until ``start`` is called; else they start at once."""

    @property
    def behind(self) -> Scorer:
        """The scorer that does the work."""
        return self._scorer

    @property
    def in_background(self) -> bool:
        """Whether scoring goes on while the policy writes."""
        return self._thread is not None

    @property
    def profile(self) -> Profile:
        """The reward model's."""
        return self._scorer.profile

    def close(self) -> None:
        """End the thread after its current call."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def listen(self, on_call: Callable[[Call], None] | None) -> None:
        """Tell ``on_call`` of every call from now on, after it was made.

        Of a call in the background it is told twice: what it computes when it is handed over, and what the wait for it
        took when it is over.
        """
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
        return spans if self._itemised is not None else None

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
        begun = time.perf_counter()
        asked = Rewards((requests, ledger), self._finish)
        self._pending.append(asked)
        if self._itemised is not None:
            spans = self._itemised.spans(requests)
            self._spans[requests[0].problem].update(zip((r.node for r in requests), spans, strict=True))
        self._noting += time.perf_counter() - begun
        if not self.gathers:
            self.start()
        return asked

    def start(self) -> None:
        """Let the other thread, if there is one, begin with everything that is asked for."""
        if self._thread is None or self._many is None or not self._pending:
            return
        begun, noting, self._noting = time.perf_counter(), self._noting, 0.0
        asked, self._pending = self._pending, []
        before = self._booked(asked)
        work = self._many.work([rewards.group for rewards in asked])
        self._started.append(_Started(asked, work, self._thread.submit(_make, work)))
        self._tell(asked, before, noting + time.perf_counter() - begun, 0.0)

    def _finish(self, wanted: Rewards) -> None:
        """See that rewards are there: those of all work up to the one that they belong to."""
        self.start()
        while self._started and wanted.values is None:
            begun = time.perf_counter()
            started = self._started.pop(0)
            started.done.result()
            waited = time.perf_counter() - begun
            _fill(started.asked, started.work.rewards())
            self._tell(started.asked, self._booked(started.asked), time.perf_counter() - begun, waited)
        if wanted.values is None:
            self._call()

    def _call(self) -> None:
        """Score everything that is asked for, here and now."""
        begun, noting, self._noting = time.perf_counter(), self._noting, 0.0
        asked, self._pending = self._pending, []
        before = self._booked(asked)
        groups = [rewards.group for rewards in asked]
        if len(groups) > 1 and self._many is not None:
            work = self._many.work(groups)
            _make(work)
            values: Sequence[Sequence[float | None]] = work.rewards()
        else:
            values = [self._scorer.score(requests, ledger) for requests, ledger in groups]
        _fill(asked, values)
        seconds = time.perf_counter() - begun
        self._tell(asked, before, noting + seconds, seconds)

    def _booked(self, asked: Sequence[Rewards]) -> list[Cost]:
        """Return what the problems have paid for rewards so far, if anybody wants to know."""
        return [rewards.group[1].booked(Payer.SCORE) for rewards in asked] if self._on_call is not None else []

    def _tell(self, asked: Sequence[Rewards], before: Sequence[Cost], seconds: float, model_seconds: float) -> None:
        """Tell the listener of what was spent since ``before``."""
        if self._on_call is None:
            return
        after = self._booked(asked)
        flops = {
            rewards.group[0][0].problem: now.flops - paid.flops
            for rewards, paid, now in zip(asked, before, after, strict=True)
        }
        # Every ledger has reckoned with reading the weights; together they are read once.
        bytes_read = sum(now.bytes_read - paid.bytes_read for paid, now in zip(before, after, strict=True))
        bytes_read = max(0, bytes_read - self.profile.shape.weight_bytes * (len(asked) - 1))
        rows = sum(map(len, asked)) if any(flops.values()) else 0
        self._on_call(Call(Payer.SCORE, flops, rows, seconds, model_seconds, bytes_read))


def _make(work: Work) -> None:
    for call in work.calls:
        call()


def _fill(asked: Sequence[Rewards], values: Sequence[Sequence[float | None]]) -> None:
    for rewards, of_group in zip(asked, values, strict=True):
        rewards.values = of_group
