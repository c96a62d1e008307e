"""The one place where parts are put together: settings in, a search with real engines out.

What the models are and how they get into memory is the loader's business.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from edge_solver.answers import MathGrader
from edge_solver.config import Settings
from edge_solver.config import resolve as resolve_settings
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.events import Event, Solved
from edge_solver.core.solution import Solution
from edge_solver.core.strategies import Strategy, strategy_named
from edge_solver.energy import choose_meter
from edge_solver.loading import Loader
from edge_solver.solver import Engines, Past, Search

if TYPE_CHECKING:
    from typing_extensions import Self

    from edge_solver.engines.capacity import Announced


class Assembly:
    """Loaded models, ready for any number of searches under the same settings. A context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        demo: bool = False,
        problems: int | None = 1,
        run_seconds: float | None = None,
        capped: bool = False,
        algebra: bool = False,
    ) -> None:
        """Load the models that the settings name; with ``demo`` a simulated world stands in for them.

        Args:
            settings: What to load, and how to search.
            demo: Load nothing.
            problems: How many searches will run at the same time; ``None`` for as many as make the models faster.
            run_seconds: How long the run is expected to take; by default as long as the settings allow a search, and
                no longer than a moment where they allow it any time.
            capped: Whether a cap on joules has to be kept that is not in the settings.
            algebra: Whether answers are expected that only algebra can compare: it loads beside the models then.

        Raises:
            ModelError: A model is missing, broken or too large.
            UnknownNameError: A model or strategy name is not known.
        """
        self.settings = settings
        self._strategy = strategy_named(settings.strategy)
        self._searches = 0
        with ExitStack() as stack:
            grader = stack.enter_context(MathGrader())
            if algebra:
                grader.warm()
            loader = Loader(settings, stack, problems=problems)
            self.engines = _simulated(grader) if demo else loader.load(grader)
            """What the searches work with."""
            self.notes = loader.notes
            """What a user should know of how the models were understood."""
            self.engine_info = loader.engine_info
            """What runs where, how, and why."""
            self._drafters = loader.drafters
            choice = choose_meter(
                settings.meter,
                seconds=settings.budget.seconds if run_seconds is None else run_seconds,
                capped=capped or settings.budget.joules is not None,
                tie=loader.tie,
            )
            self.meter, self.rates = choice.meter, choice.rates
            self._stack = stack.pop_all()

    def search(
        self,
        problem: str,
        *,
        budget: Budget | None = None,
        seed: int | None = None,
        width: int | None = None,
        ledger: Ledger | None = None,
        key: int | None = None,
        strategy: Strategy | None = None,
        past: Past | None = None,
        is_watched: bool = True,
    ) -> Search:
        """Return a search for one problem; its clock starts now.

        Args:
            problem: What to solve.
            budget: Caps for this problem, instead of the settings'.
            seed: Instead of the settings' seed.
            width: Instead of the settings' width, and no larger: the engines were made for that.
            ledger: Instead of one on this machine's clock and meter.
            key: Names the problem in the engines; no two searches at the same time may have the same.
            strategy: Instead of the settings'; one that weighs rewards only where the settings' does.
            past: A search that ended, to go on with; its spend counts under the budget.
            is_watched: See ``Search``.

        Raises:
            ProblemError: The problem is empty or too long for the model.
        """
        self._searches += 1
        return Search(
            problem,
            self.engines,
            ledger
            or Ledger(
                budget or self.settings.budget,
                time.monotonic,
                self.meter,
                rates=self.rates,
                past=past.spent if past is not None else None,
            ),
            strategy or self._strategy,
            replace(self.settings.search, width=width or self.settings.search.width),
            stop=self.settings.stop,
            seed=self.settings.seed if seed is None else seed,
            key=self._searches if key is None else key,
            past=past,
            is_watched=is_watched,
        )

    @property
    def announced(self) -> Announced | None:
        """The memory that the process will have at most, known once a search was made; ``None`` without a model."""
        known = [drafter.announced for drafter in self._drafters if drafter.announced is not None]
        return max(known, key=lambda announced: announced.total, default=None)

    def close(self) -> None:
        """Free the models and stop the grader's worker."""
        self._stack.close()

    def __enter__(self) -> Self:
        """Return the assembly itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Free the models."""
        self.close()


def _simulated(grader: MathGrader) -> Engines:
    from edge_solver.engines.scripted import ScriptedDrafter, ScriptedScorer

    return Engines(ScriptedDrafter(), ScriptedScorer(), grader)


def stream(problem: str, **choices: object) -> Iterator[Event]:
    """Solve a problem and yield every event; the last one is ``Solved``.

    Args:
        problem: What to solve.
        **choices: Settings by name, such as ``strategy="rebase"``, ``width=16``, ``max_flops="2e12"``, ``seed=1``.

    Raises:
        EdgeSolverError: See ``edge_solver.errors``.
    """
    with Assembly(resolve_settings(choices)) as assembly:
        yield from assembly.search(problem)


def solve(problem: str, **choices: object) -> Solution:
    """Solve a problem and return its solution; see ``stream`` for the arguments and errors."""
    for event in stream(problem, **choices):
        if isinstance(event, Solved):
            return event.solution
    raise AssertionError("a search ends with a Solved event")
