"""``edge-solver`` alone: the terminal app, with what only the rooms above it can give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from edge_solver.cli.measuring import BenchHere, MeasuredHere
from edge_solver.config import resolve, resolve_app
from edge_solver.errors import ExitCode

if TYPE_CHECKING:
    from edge_solver.core.events import Event
    from edge_solver.core.solution import Spent
    from edge_solver.history import Saver


def open_app(*, demo: bool) -> int:
    """Open the app and return the exit code."""
    from edge_solver.tui import garbage

    garbage.hold()
    # Textual first: the screen is drawn before an engine, NumPy or the grader is imported.
    from edge_solver.tui.app import EdgeSolverApp, Surroundings
    from edge_solver.tui.engine import no_record
    from edge_solver.tui.quiet import screen_to_itself

    own = resolve_app()
    settings = resolve()
    keep = saved if settings.history and not demo else no_record
    surroundings = Surroundings(
        record=keep,
        store=SavedHere(),
        results=MeasuredHere(),
        bench=BenchHere(demo=demo),
        theme=own.theme,
        keys=own.keys,
        demo=demo,
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

    def export(self, id: int | str, ending: str) -> str:  # noqa: A002 - as the protocol calls it
        """Write a run into a new file of the working directory and return the file's name."""
        from edge_solver.history import History, export

        file = next(name for name in _names(f"edge-solver-run-{id}", ending) if not name.exists())
        write = export.writer_for(file)
        with History.open() as history:
            run, events = history.run(int(id)), [event for _, event in history.load(int(id))]
        export.save(write(run, events), file)
        return str(file)


def _names(stem: str, ending: str) -> Iterator[Path]:
    """Return names for a file, one after the other, so that none that exists has to be replaced."""
    yield Path(f"{stem}{ending}")
    yield from (Path(f"{stem}-{number}{ending}") for number in count(2))
