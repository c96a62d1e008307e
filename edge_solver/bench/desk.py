"""Where the searches of one group of arms begin, and where their outcomes are graded and filed.

With a budget for the whole suite, every problem gets a first look and then what it deserves of the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from edge_solver.assembly import Assembly
from edge_solver.bench import pot
from edge_solver.bench.arms import Arm, Group
from edge_solver.bench.books import Books
from edge_solver.bench.line import TOO_LONG, Key, Line, Load, key_of, with_load, write_line
from edge_solver.bench.order import Order
from edge_solver.bench.outcome import Outcome, part, whole
from edge_solver.bench.pool import Done, Job, Pool, Refused
from edge_solver.bench.pot import PILOT, Pot, fair_shares, samples_wished
from edge_solver.bench.results import ResultsFolder
from edge_solver.bench.suites import Problem
from edge_solver.core.budget import Budget, Cap, Ledger
from edge_solver.core.events import plain
from edge_solver.core.ports import Scorer
from edge_solver.core.solution import Energy, Spent, TreeSize
from edge_solver.core.strategies import STRATEGIES
from edge_solver.engines.calls import Observable, Roomy, Twinned
from edge_solver.engines.merging import MergingScorer
from edge_solver.errors import ProblemError
from edge_solver.solver import Search

AT_ONCE = 8
"""Problems at the same time where neither the user nor the drafter says how many."""


class Desk:
    """Where the searches of one group begin, and where their outcomes are graded and filed."""

    def __init__(
        self, assembly: Assembly, group: Group, order: Order, folder: ResultsFolder, beat: Callable[[], None]
    ) -> None:
        """Set up the engines of ``assembly`` for many problems; ``beat`` is called about once per model call."""
        self._assembly, self._group, self._order, self._folder = assembly, group, order, folder
        engines = assembly.engines
        self._scorer = _gathering(engines.scorer) if engines.scorer is not None else None
        assembly.engines = replace(engines, scorer=self._scorer)
        self._drafter, self._grader = engines.drafter, engines.grader
        self._books = Books(time.monotonic, assembly.meter, assembly.rates)
        for engine in (self._drafter, self._scorer):
            if isinstance(engine, Observable):
                engine.listen(self._books.called)
        most = self._drafter.problems if isinstance(self._drafter, Roomy) else order.at_once or AT_ONCE
        self._filed, self._done = 0.0, 0
        width = group.search.width
        self._books.full = most * width
        self.pool = Pool(
            self._start, self._drafter, self._books, at_once=most, width=width, beat=beat, scorer=self._scorer
        )

    def solve(self, todo: Sequence[tuple[int, Problem]]) -> Iterator[list[Line]]:
        """Solve problems and file the results; yield those of each problem."""
        problems = dict(todo)
        budget = self._order.settings.budget
        for item in self.pool.run(Job(index, problem.problem, budget) for index, problem in todo):
            lines = self._grade(problems[item.job.index], item)
            missing = [line for line in lines if self._folder.results.get(key_of(line)) is None]
            self._folder.results.append(missing)
            yield missing

    def energy(self) -> Line:
        """Return what all of it took, graded and filed: one figure for a meter that sees no single problem, too."""
        reading, seconds = self._books.whole()
        search = self._group.search
        return {
            "strategy": search.strategy,
            "width": search.width,
            "seed": search.seed,
            "problems": self._done,
            "joules": plain(Energy.of(reading, seconds)),
        }

    def _start(self, job: Job, ledger: Ledger) -> Search:
        try:
            return self._assembly.search(job.text, ledger=ledger, key=job.index, width=job.width, is_watched=False)
        except ProblemError:
            self._drafter.retain(job.index, ())  # the scorer may be the one that it is too long for
            raise

    def _grade(self, problem: Problem, item: Done | Refused) -> list[Line]:
        """Write out what a search came to, for every arm that it serves."""
        self._done += 1
        model = self._drafter.profile.name
        prm = self._scorer.profile.name if self._scorer is not None else None
        named = [(arm, prm if STRATEGIES[arm.strategy].scored else None) for arm in self._group.arms]
        if isinstance(item, Refused):
            nothing = self._nothing()
            return [
                {**write_line(problem, arm, nothing, self._grader, model=model, prm=name), "load": None, "shared": None,
                 "refused": item.reason}
                for arm, name in named
            ]  # fmt: skip
        outcomes = self._outcomes(item)
        lines = [write_line(problem, arm, outcomes[arm], self._grader, model=model, prm=name) for arm, name in named]
        self._books.work_for(None)
        beside, self._filed = self._books.nobody.seconds - self._filed, self._books.nobody.seconds
        load = Load.of(item.account, self._books.full, beside)
        source = (self._group.search, item.solution.spent)
        return [
            with_load(line, load, None if arm == self._group.search else source)
            for line, (arm, _) in zip(lines, named, strict=True)
        ]

    def _outcomes(self, item: Done) -> dict[Arm, Outcome]:
        spans = self._scorer.take_spans(item.job.index) if self._scorer is not None else None
        prm = self._scorer.profile if self._scorer is not None else None
        twins = self._drafter.take_twins(item.job.index) if isinstance(self._drafter, Twinned) else {}
        outcomes: dict[Arm, Outcome] = {}
        for arm in self._group.arms:
            if arm == self._group.search or len(self._group.arms) == 1:
                outcomes[arm] = whole(item.search)
            else:
                outcomes[arm] = part(
                    item.search,
                    arm,
                    self._grader,
                    self._drafter.profile,
                    prm,
                    spans or {},
                    twins,
                    chosen_vote=self._order.settings.search.vote,
                )
        return outcomes

    def _nothing(self) -> Outcome:
        """Return the outcome of a search that could not begin."""
        spend = Ledger(Budget(), time.monotonic, self._assembly.meter).spent()
        spent = replace(Spent.from_spend(spend), seconds=0.0)
        return Outcome(None, 0.0, None, TOO_LONG, (), spent, TreeSize(1, 0, 0))

    # --- a budget for the whole suite ---

    def within_pot(self, todo: Sequence[tuple[int, Problem]]) -> Iterator[list[Line]]:
        """Solve problems within a budget for all of them: a first look at each, then what each of them deserves."""
        (cap,) = self._order.suite_budget.caps
        (arm,) = self._group.arms
        purse = Pot(cap, self._order.suite_budget.of(cap) or 0.0)
        for line in self._known(arm):
            purse.settle(0, _amount(line, cap))
        problems = dict(todo)
        width = min(PILOT, arm.width)
        unseen = [(i, p) for i, p in todo if self._folder.pilots.get(key_of_arm(p, arm)) is None]
        for item in self.pool.run(self._pilots(unseen, purse, width)):
            (line,) = self._grade(problems[item.job.index], item)
            purse.settle(item.job.index, _amount(line, cap))
            self._folder.pilots.append([line])
        wishes = {index: self._wish(problem, arm, cap, width) for index, problem in todo}
        done: set[int] = set()
        for item in self.pool.run(self._further(todo, purse, wishes, arm)):
            (line,) = self._grade(problems[item.job.index], item)
            purse.settle(item.job.index, _amount(line, cap))
            done.add(item.job.index)
            yield self._file(problems[item.job.index], arm, line)
        if self.pool.is_cancelled:
            return
        for index, problem in todo:
            if index not in done:
                yield self._file(problem, arm, None)

    def _known(self, arm: Arm) -> Iterator[Line]:
        """Yield what an arm has cost already; a result holds the cost of its pilot."""
        for problem in self._order.suite.problems:
            line = self._folder.results.get(key_of_arm(problem, arm)) or self._folder.pilots.get(
                key_of_arm(problem, arm)
            )
            if line is not None:
                yield line

    def _pilots(self, unseen: Sequence[tuple[int, Problem]], purse: Pot, width: int) -> Iterator[Job]:
        """Give every first look an equal share of what is left; what it does not use is there for the others."""
        for place, (index, problem) in enumerate(unseen):
            share = purse.promise(index, purse.left / (len(unseen) - place), self._order.settings.budget)
            if share is not None:
                yield Job(index, problem.problem, share, width)

    def _wish(self, problem: Problem, arm: Arm, cap: Cap, width: int) -> tuple[int, float]:
        """Return how many samples a problem deserves, and what they will cost; none beyond its pilot's is (0, 0)."""
        pilot = self._folder.pilots.get(key_of_arm(problem, arm))
        if pilot is None or pilot["stopped_by"] == TOO_LONG:
            return 0, 0.0
        votes = [leaf["class"] for leaf in pilot["leaves"]]
        agree = max(map(votes.count, votes), default=0)
        samples = samples_wished(agree, len(votes), arm.width)
        cost = _amount(pilot, cap)
        if samples <= width or cost is None:
            return 0, 0.0
        return samples, pot.CAUTION * cost * samples / width

    def _further(
        self, todo: Sequence[tuple[int, Problem]], purse: Pot, wishes: dict[int, tuple[int, float]], arm: Arm
    ) -> Iterator[Job]:
        """Share what is left by wishes, anew before each problem, the smallest wish first."""
        queue = sorted((wishes[index][1], index, problem) for index, problem in todo if wishes[index][0])
        for place, (_, index, problem) in enumerate(queue):
            share, *_ = fair_shares(purse.left, [wish for wish, _, _ in queue[place:]])
            pilot = self._folder.pilots.get(key_of_arm(problem, arm))
            known = _amount(pilot, purse.cap) if pilot is not None else None
            if known is None or share <= known:
                continue  # it would not even pay for what is known already
            budget = purse.promise(index, share, self._order.settings.budget)
            if budget is not None:
                yield Job(index, problem.problem, budget, wishes[index][0])

    def _file(self, problem: Problem, arm: Arm, line: Line | None) -> list[Line]:
        """File the better informed of a problem's two results, at the cost of both."""
        pilot = self._folder.pilots.get(key_of_arm(problem, arm))
        if pilot is None and line is None:
            final = {
                **write_line(problem, arm, replace(self._nothing(), stopped_by=self._cap), self._grader,
                             model=self._drafter.profile.name, prm=None),
                "load": None, "shared": None,
            }  # fmt: skip
        elif line is None or (line["answer"] is None and pilot is not None):
            final = dict(pilot or {})
            final["spent"] = _sum(pilot, line)
        else:
            final = {**line, "spent": _sum(pilot, line)}
        self._folder.results.append([final])
        return [final]

    @property
    def _cap(self) -> str:
        return self._order.suite_budget.caps[0].value


def _gathering(scorer: Scorer) -> MergingScorer:
    """Return a scorer that waits until every problem has asked."""
    merging = scorer if isinstance(scorer, MergingScorer) else MergingScorer(scorer)
    merging.gathers = True
    return merging


def key_of_arm(problem: Problem, arm: Arm) -> Key:
    """Return what the line of a problem under an arm is about."""
    return problem.id, arm.strategy, arm.width, arm.seed


def _amount(line: Line, cap: Cap) -> float | None:
    """Return what a search spent of a quantity; ``None`` where its meter could not tell."""
    spent = line["spent"]
    amount: float | None = spent["joules"]["value"] if cap is Cap.JOULES else spent[cap.value]
    return amount


def _sum(*lines: Line | None) -> dict[str, Any]:
    """Return the bill for several searches."""
    bills = [line["spent"] for line in lines if line is not None]
    total: dict[str, Any] = {name: sum(bill[name] for bill in bills) for name in bills[0] if name != "joules"}
    energies = [bill["joules"] for bill in bills]
    added = {}
    for name in ("value", "net", "window_seconds"):
        values = [energy.get(name) for energy in energies]
        added[name] = None if None in values else sum(values)
    total["joules"] = {**energies[0], **added, "apportioned": None}
    return total
