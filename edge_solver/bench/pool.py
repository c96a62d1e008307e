"""Several searches at the same time in one thread, so that their steps share the model's calls.

Each search is advanced until it waits for the model, which it says with a pulse; when all of them wait, the first one
to go on makes the call for everybody. What a search does depends on its own ledger and random streams alone, so it
grows the tree that it would grow by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge_solver.bench.books import Account, Books
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.events import Event, Pulsed, Solved
from edge_solver.core.room import open_problems
from edge_solver.core.solution import Solution
from edge_solver.engines.calls import Roomy
from edge_solver.engines.merging import MergingScorer
from edge_solver.errors import ProblemError
from edge_solver.solver import Search


@dataclass(frozen=True, slots=True)
class Job:
    """A problem to be solved."""

    index: int
    """Its place in the suite; names it among the jobs of a pool."""
    text: str
    budget: Budget
    width: int | None = None
    """Where it is not that of all of them."""


@dataclass(frozen=True, slots=True)
class Done:
    """A job that is over."""

    job: Job
    search: Search
    solution: Solution
    account: Account


@dataclass(frozen=True, slots=True)
class Refused:
    """A job that could not begin."""

    job: Job
    reason: str


@dataclass(slots=True)
class _Running:
    job: Job
    search: Search
    events: Iterator[Event]
    width: int
    live: int = 0
    """Branches of it that wait for their next token; without any it waits for rewards, or is about to begin."""

    @property
    def places(self) -> int:
        """The places that it takes of a call, or will take: between two layers those of a whole one."""
        return self.live or self.width


class Pool:
    """Runs jobs, several at a time, as far as the drafter has room for them."""

    def __init__(
        self,
        start: Callable[[Job, Ledger], Search],
        drafter: object,
        books: Books,
        *,
        at_once: int,
        width: int,
        beat: Callable[[], None],
        scorer: MergingScorer | None = None,
    ) -> None:
        """Prepare.

        Args:
            start: Begins the search of a job on a ledger.
            drafter: Asked for room where it has an opinion.
            books: Where time and energy are booked.
            at_once: Searches at the same time. Of several, others begin in the places of branches that have ended.
            width: Branches of a search, where its job does not say.
            beat: Called about once per model call, to show that something is going on.
            scorer: Told when every search has asked it for what it wants.
        """
        self._start, self._drafter, self._books = start, drafter, books
        self._at_once, self._width = at_once, width
        self._beat, self._scorer = beat, scorer
        self._running: list[_Running] = []
        self.is_cancelled = False

    def cancel(self) -> None:
        """Ask for an end; what is under way is dropped. Thread-safe."""
        self.is_cancelled = True

    def run(self, jobs: Iterable[Job]) -> Iterator[Done | Refused]:
        """Yield jobs as they finish; a job is taken from the iterable only when there is room for it."""
        source = iter(jobs)
        waiting: deque[Job] = deque()
        self._books.is_last = False
        try:
            while not self.is_cancelled:
                yield from self._admit(source, waiting)
                if not self._running:
                    break
                yield from self._advance()
                self._beat()
        finally:
            for running in self._running:
                running.events.close()  # type: ignore[attr-defined]  # a generator: frees what the search holds
            self._running.clear()
            self._books.work_for(None)

    def _admit(self, source: Iterator[Job], waiting: deque[Job]) -> Iterator[Refused]:
        """Begin jobs while there is room."""
        while self._has_places():
            if not waiting:
                job = next(source, None)
                if job is None:
                    self._books.is_last = True
                    return
                waiting.append(job)
            job = waiting[0]
            if self._running and isinstance(self._drafter, Roomy) and not self._drafter.has_room(job.text):
                return
            waiting.popleft()
            self._books.open(job.index)
            clock, meter = self._books.clock_of(job.index), self._books.meter_of(job.index)
            ledger = Ledger(job.budget, clock, meter, rates=self._books.rates)
            try:
                search = self._start(job, ledger)
            except ProblemError as error:
                self._books.work_for(None)
                del self._books.accounts[job.index]
                yield Refused(job, str(error))
                continue
            self._running.append(_Running(job, search, iter(search), job.width or self._width))

    def _has_places(self) -> bool:
        """Say whether fewer searches run than asked for, or a call has places for half of another one's branches."""
        if len(self._running) < self._at_once:
            return True
        free = self._at_once * self._width - sum(running.places for running in self._running)
        return len(self._running) < open_problems(self._at_once) and 2 * free >= self._width

    def _advance(self) -> Iterator[Done]:
        """Let every search go on until it waits for the model; those that wait for rewards after the others.

        The first one that writes makes a decode call, and meanwhile the rewards come.
        """
        in_background = self._scorer is not None and self._scorer.in_background
        for running in sorted(self._running, key=lambda running: in_background and not running.live):
            if self.is_cancelled:
                return
            self._books.work_for(running.job.index)
            for event in running.events:
                if isinstance(event, Pulsed):
                    running.live = event.live
                    break
                if isinstance(event, Solved):
                    self._running.remove(running)
                    self._books.work_for(None)
                    account = self._books.accounts.pop(running.job.index)
                    yield Done(running.job, running.search, event.solution, account)
                    break
        if self._scorer is not None:
            self._scorer.start()
