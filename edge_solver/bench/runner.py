"""The runner: every problem of a suite under every arm, into a results folder, from wherever it stopped.

One group of arms after the other, the problems of a group several at a time. A problem's results are written the moment
they are there, so a kill costs what was in flight. Nothing is printed here: a listener is told what has been finished.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from edge_solver.assembly import Assembly
from edge_solver.bench import summary
from edge_solver.bench.arms import Group
from edge_solver.bench.desk import Desk, key_of_arm
from edge_solver.bench.line import Line, key_of
from edge_solver.bench.order import Order
from edge_solver.bench.pool import Pool
from edge_solver.bench.results import ResultsFolder


class Listener(Protocol):
    """Is told how a run goes on."""

    def begin(self, lines: Sequence[Line]) -> None:
        """Take the results that were there before."""
        ...

    def noted(self, note: str) -> None:
        """Take what a user should know of how the models were understood."""
        ...

    def finished(self, lines: Sequence[Line]) -> None:
        """Take the results of one problem."""
        ...

    def beat(self) -> None:
        """Know that something is going on; called often."""
        ...


@dataclass
class Runner:
    """Runs an order. ``cancel`` may be called from another thread."""

    order: Order
    folder: Path
    is_cancelled: bool = field(default=False, init=False)
    _pool: Pool | None = field(default=None, init=False)
    _energy: list[Line] = field(default_factory=list, init=False)
    """What each group took as a whole, those of earlier runs in this folder first."""
    _notes: list[str] = field(default_factory=list, init=False)
    """What the listener has been told of the models: every group loads them anew."""

    def cancel(self) -> None:
        """Ask for an end; what is in flight is dropped."""
        self.is_cancelled = True
        if self._pool is not None:
            self._pool.cancel()

    def run(self, listener: Listener) -> dict[str, Any]:
        """Run what is missing and return the summary's document; it is complete unless the run was cancelled.

        Raises:
            UsageError: The folder cannot be written to, is in use, or holds another run.
            EdgeSolverError: A model cannot be used, or the disk is full.
        """
        head = self.order.head()
        has_pilots = bool(self.order.suite_budget.caps)
        with ResultsFolder(self.folder, head, has_pilots=has_pilots) as folder:
            listener.begin(folder.results.lines)
            self._energy = folder.energy_before()
            for group in self.order.groups:
                if not self.is_cancelled:
                    self._run_group(group, folder, listener)
            wanted = {(p.id, a.strategy, a.width, a.seed) for p in self.order.suite.problems for a in self.order.arms}
            complete = wanted <= set(map(key_of, folder.results.lines))
            document = summary.document(head, summary.rows(folder.results.lines), complete=complete)
            document["energy"] = self._energy
            folder.write_summary(document)
            return document

    def _run_group(self, group: Group, folder: ResultsFolder, listener: Listener) -> None:
        todo = [
            (index, problem)
            for index, problem in enumerate(self.order.suite.problems, start=1)
            if any(folder.results.get(key_of_arm(problem, arm)) is None for arm in group.arms)
        ]
        if not todo:
            return
        search = group.search
        settings = replace(
            self.order.settings,
            strategy=search.strategy,
            seed=search.seed,
            search=replace(self.order.settings.search, width=search.width),
        )
        capped = self.order.suite_budget.joules is not None
        has_letters = any(any(map(str.isalpha, problem.answer)) for _, problem in todo)
        with Assembly(
            settings,
            demo=self.order.demo,
            problems=self.order.at_once,
            run_seconds=math.inf,
            capped=capped,
            algebra=has_letters,
        ) as assembly:
            for note in assembly.notes:
                if note not in self._notes:
                    self._notes.append(note)
                    listener.noted(note)
            desk = Desk(assembly, group, self.order, folder, listener.beat)
            self._pool = desk.pool
            if self.is_cancelled:
                return
            finished = desk.within_pot(todo) if self.order.suite_budget.caps else desk.solve(todo)
            try:
                for lines in finished:
                    listener.finished(lines)
            finally:
                self._energy.append(desk.energy())
        self._pool = None
