"""Searches that share the engines grow the trees that they would grow alone, and their costs add up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.bench.books import Books
from edge_solver.bench.pool import Done, Job, Pool, Refused
from edge_solver.core.budget import Budget, Ledger, Payer
from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.core.strategies import STRATEGIES, SearchSettings
from edge_solver.core.tree import Node
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.calls import Call
from edge_solver.engines.merging import MergingScorer
from edge_solver.engines.scripted import ScriptedClock, ScriptedDrafter, ScriptedGrader, ScriptedScorer
from edge_solver.solver import Engines, Search

PROBLEMS = ["12 * 7 + 5", "(12 * 7 + 5) * 3 - 48 / 6", "2 + 2", "9 * 8 - 7 * 6", "100 / 5 + 3 * 3"]


def alone(text: str, strategy: str, budget: Budget, seed: int) -> Search:
    clock = ScriptedClock()
    engines = Engines(ScriptedDrafter(clock=clock), ScriptedScorer(clock=clock), ScriptedGrader())
    ledger = Ledger(budget, clock, ScriptedMeter())
    search = Search(text, engines, ledger, STRATEGIES[strategy], SearchSettings(width=6), seed=seed)
    for _ in search:
        pass
    return search


def pooled(
    texts: Sequence[str], strategy: str, budget: Budget, seed: int, at_once: int
) -> tuple[dict[int, Done], Books, ScriptedClock]:
    clock = ScriptedClock()
    engines = Engines(ScriptedDrafter(clock=clock), MergingScorer(ScriptedScorer(clock=clock)), ScriptedGrader())
    books = Books(clock, ScriptedMeter())

    def start(job: Job, ledger: Ledger) -> Search:
        return Search(
            job.text, engines, ledger, STRATEGIES[strategy], SearchSettings(width=6), seed=seed, key=job.index
        )

    pool = Pool(start, engines.drafter, books, at_once=at_once, width=6, beat=lambda: None)
    done = {}
    for item in pool.run(Job(index, text, budget) for index, text in enumerate(texts)):
        assert isinstance(item, Done)
        done[item.job.index] = item
    return done, books, clock


def nodes(search: Search) -> list[Node]:
    return list(search.tree)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    texts=st.lists(st.sampled_from(PROBLEMS), min_size=1, max_size=5),
    strategy=st.sampled_from(sorted(STRATEGIES)),
    tokens=st.sampled_from([None, 40, 150, 600]),
    seed=st.integers(0, 5),
    at_once=st.integers(1, 5),
)
def test_a_pooled_search_is_the_search_alone(
    texts: list[str], strategy: str, tokens: int | None, seed: int, at_once: int
) -> None:
    budget = Budget(tokens=tokens)
    done, _, _ = pooled(texts, strategy, budget, seed, at_once)
    for index, text in enumerate(texts):
        search = alone(text, strategy, budget, seed)
        assert nodes(done[index].search) == nodes(search)
        together, single = done[index].solution, search.solution()
        assert (together.answer, together.stopped_by) == (single.answer, single.stopped_by)
        assert (together.spent.flops, together.spent.tokens_prm) == (single.spent.flops, single.spent.tokens_prm)
        assert tokens is None or together.spent.tokens_generated <= tokens


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (2, 3), (4, 6)])
def test_problems_begin_in_the_places_of_branches_that_have_ended(at_once: int, most: int) -> None:
    """Branches of unequal length leave places free; those of no more than ``at_once`` problems are ever given away."""
    started: list[int] = []
    over: set[int] = set()
    opened: list[int] = []
    clock = ScriptedClock()
    engines = Engines(ScriptedDrafter(clock=clock), None, ScriptedGrader())

    def start(job: Job, ledger: Ledger) -> Search:
        started.append(job.index)
        opened.append(len(started) - len(over))
        return Search(job.text, engines, ledger, STRATEGIES["majority"], SearchSettings(width=6), key=job.index)

    pool = Pool(start, engines.drafter, Books(clock, ScriptedMeter()), at_once=at_once, width=6, beat=lambda: None)
    for item in pool.run(Job(index, text, Budget()) for index, text in enumerate(PROBLEMS * 3)):
        over.add(item.job.index)
    assert sorted(started) == sorted(over) == list(range(len(PROBLEMS) * 3))
    assert max(opened) == most


def test_every_second_is_booked_once() -> None:
    done, books, clock = pooled(PROBLEMS, "rebase", Budget(), 0, 3)
    booked = sum(item.account.seconds for item in done.values()) + books.nobody.seconds
    assert round(booked, 6) == round(clock(), 6)
    assert all(item.account.seconds > 0 for item in done.values())


def test_a_problem_alone_has_all_of_the_time_in_its_calls_and_between_them() -> None:
    now = [0.0]
    books = Books(lambda: now[0], ScriptedMeter())
    account = books.open(1)
    for now[0] in (3.0, 4.0):
        books.called(Call(Payer.DECODE, {1: 10}, rows=1, seconds=0.5, model_seconds=0.25))
    now[0] = 6.0
    books.work_for(None)
    now[0] = 7.0
    assert (account.seconds, account.busy_seconds, account.model_seconds, account.calls) == (6.0, 1.0, 0.5, 2)
    assert books.read(account).joules == books.whole()[0].joules
    assert books.nobody.seconds == 1.0


def test_a_call_could_have_had_what_waits_for_it() -> None:
    """While problems wait to begin every place could be taken; after that, those who wanted a token could have one."""
    books = Books(ScriptedClock(), ScriptedMeter(), full=8)
    account = books.open(1)
    call = Call(Payer.DECODE, {1: 10}, rows=3, seconds=0.0, model_seconds=0.0, paths=2, waiting=1)
    books.called(call)
    assert (account.rows, account.room, account.paths) == (3, 8, 2)
    books.is_last = True
    books.called(call)
    assert (account.rows, account.room, account.paths) == (6, 12, 4)


def test_the_last_problem_leaves_none_waiting() -> None:
    _, books, _ = pooled(PROBLEMS, "majority", Budget(), 0, 2)
    assert books.is_last


def test_a_problem_that_cannot_begin_does_not_stop_the_others() -> None:
    clock = ScriptedClock()
    engines = Engines(ScriptedDrafter(clock=clock), None, ScriptedGrader())
    books = Books(clock, ScriptedMeter())
    pool = Pool(
        lambda job, ledger: Search(
            job.text, engines, ledger, STRATEGIES["majority"], SearchSettings(width=2), key=job.index
        ),
        engines.drafter,
        books,
        at_once=2,
        width=2,
        beat=lambda: None,
    )
    items = list(pool.run([Job(0, "2 + 2", Budget()), Job(1, "1 + " * 3000, Budget()), Job(2, "3 + 3", Budget())]))
    assert sorted((item.job.index, type(item)) for item in items if isinstance(item, Done)) == [(0, Done), (2, Done)]
    (refused,) = (item for item in items if isinstance(item, Refused))
    assert "tokens" in refused.reason


def test_cancelling_drops_what_is_under_way_and_frees_it() -> None:
    clock = ScriptedClock()
    drafter, scorer = ScriptedDrafter(clock=clock), ScriptedScorer(clock=clock)
    engines = Engines(drafter, MergingScorer(scorer), ScriptedGrader())
    pools: list[Pool] = []
    pool = Pool(
        lambda job, ledger: Search(
            job.text, engines, ledger, STRATEGIES["rebase"], SearchSettings(width=4), key=job.index
        ),
        drafter,
        Books(clock, ScriptedMeter()),
        at_once=3,
        width=4,
        beat=lambda: pools[0].cancel() if clock.calls > 20 else None,
    )
    pools.append(pool)
    assert not list(pool.run(Job(index, text, Budget()) for index, text in enumerate(PROBLEMS)))
    assert drafter.held == scorer.held == 0


class Gauge:
    """A battery that gives 50 J every ten readings."""

    def __init__(self) -> None:
        self.readings = 0
        self.is_lost = False

    def read(self, _activity: Activity) -> Reading:
        self.readings += 1
        if self.is_lost:
            return Reading(None, EnergyLabel.UNAVAILABLE, "whole device")
        return Reading(50.0 * (self.readings // 10), EnergyLabel.MEASURED_BATTERY, "whole device", "battery")


def measured(gauge: Gauge) -> tuple[dict[int, Done], Books]:
    clock = ScriptedClock()
    engines = Engines(ScriptedDrafter(clock=clock), MergingScorer(ScriptedScorer(clock=clock)), ScriptedGrader())
    books = Books(clock, gauge)
    pool = Pool(
        lambda job, ledger: Search(
            job.text, engines, ledger, STRATEGIES["rebase"], SearchSettings(width=4), key=job.index
        ),
        engines.drafter,
        books,
        at_once=2,
        width=4,
        beat=lambda: None,
    )
    jobs = (Job(index, text, Budget()) for index, text in enumerate(PROBLEMS))
    return {item.job.index: item for item in pool.run(jobs) if isinstance(item, Done)}, books


def test_what_a_battery_gave_belongs_to_the_whole_run_and_to_no_problem() -> None:
    gauge = Gauge()
    done, books = measured(gauge)
    assert {item.solution.spent.joules.value for item in done.values()} == {None}
    assert {item.solution.spent.joules.label for item in done.values()} == {"unavailable"}
    reading, seconds = books.whole()
    assert reading.label is EnergyLabel.MEASURED_BATTERY
    assert reading.joules == 50.0 * (gauge.readings // 10)
    assert reading.joules > 0
    assert seconds > 0


def test_a_battery_that_is_lost_leaves_no_figure_of_the_run() -> None:
    gauge = Gauge()
    _, books = measured(gauge)
    gauge.is_lost = True
    reading, _ = books.whole()
    assert (reading.joules, reading.label) == (None, EnergyLabel.UNAVAILABLE)
