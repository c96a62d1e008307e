"""``edge-solver`` alone: the terminal app, with what only the rooms above it can give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from edge_solver.config import resolve, resolve_app
from edge_solver.errors import ExitCode

if TYPE_CHECKING:
    from edge_solver.core.events import Event
    from edge_solver.core.solution import Spent
    from edge_solver.history import Saver
    from edge_solver.tui.shelf import ResultSet


def open_app(*, demo: bool) -> int:
    """Open the app and return the exit code."""
    # Textual first: the screen is drawn before an engine, NumPy or the grader is imported.
    from edge_solver.tui.app import EdgeSolverApp, Surroundings
    from edge_solver.tui.engine import no_record
    from edge_solver.tui.quiet import screen_to_itself

    own = resolve_app()
    settings = resolve()
    keep = saved if settings.history and not demo else no_record
    surroundings = Surroundings(
        record=keep, store=SavedHere(), results=MeasuredHere(), theme=own.theme, keys=own.keys, demo=demo
    )
    with screen_to_itself():
        app = EdgeSolverApp(settings, surroundings)
        code = app.run()
    return app.return_code or code or ExitCode.ANSWERED


@contextmanager
def saved(warn: Callable[[str], object]) -> Iterator[Saver]:
    """Save a run in the history, and warn where that failed; see ``tui.engine.Record``."""
    from edge_solver.history import Saver

    with Saver() as saver:
        yield saver
    for words in saver.warnings:
        warn(words)


@dataclass(frozen=True, slots=True)
class Listed:
    """A saved run, as the screen History lists it; see ``tui.shelf.SavedRun``."""

    id: int
    problem: str
    answer: str | None
    when: datetime
    strategy: str
    spent: Spent | None


class SavedHere:
    """The user's saved runs, for the app's screen History; see ``tui.shelf.RunStore``."""

    def search(self, text: str) -> Sequence[Listed]:
        """Return the runs in which a text occurs, the latest first."""
        from edge_solver.history import History

        with History.open() as history:
            return [
                Listed(
                    run.id,
                    run.problem,
                    run.answer,
                    datetime.fromtimestamp(run.begun, timezone.utc),
                    f"{run.strategy} {run.width}",
                    run.spent,
                )
                for run in history.search(text, limit=200)
            ]

    def load(self, id: int | str) -> list[Event]:  # noqa: A002 - as the protocol calls it
        """Return a run's events."""
        from edge_solver.history import History

        with History.open() as history:
            return [event for _, event in history.load(int(id))]


class MeasuredHere:
    """The results of ``bench solve`` in the user's data folder, for the app's screen Device."""

    def sets(self) -> Sequence[ResultSet]:
        """Return what was measured, folder by folder; see ``tui.shelf.Results``."""
        from edge_solver.bench.evidence import gather
        from edge_solver.bench.study import frontiers, measure
        from edge_solver.bench.trials import read_run
        from edge_solver.paths import results_dir
        from edge_solver.tui.shelf import ResultPoint, ResultSet

        found = []
        for file in sorted(results_dir().glob("*/run.json")):
            run = read_run(file.parent)
            evidence = gather([run])
            points = [measure(evidence, choice) for choice in evidence.trials]
            leads = {index for front in frontiers(points) if front.cost == "flops" for index in front.points}
            found.append(
                ResultSet(
                    file.parent.name,
                    run.suite,
                    tuple(
                        ResultPoint(
                            f"{point.choice.strategy}@{point.choice.width}",
                            point.flops,
                            point.accuracy.value,
                            number in leads,
                        )
                        for number, point in enumerate(points)
                    ),
                )
            )
        return found

    def advise(self, cost: str, budget: float) -> str:
        """Say what to use under a budget; see ``tui.shelf.Results``."""
        from edge_solver.cli.advise import advice_text

        return advice_text(cost, budget)
