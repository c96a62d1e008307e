"""``edge-solver`` alone: the terminal app, with what only the rooms above it can give it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edge_solver.config import resolve, resolve_app
from edge_solver.errors import ExitCode

if TYPE_CHECKING:
    from edge_solver.tui.shelf import ResultSet


def open_app(*, demo: bool) -> int:
    """Open the app and return the exit code."""
    # Textual first: the screen is drawn before an engine, NumPy or the grader is imported.
    from edge_solver.tui.app import EdgeSolverApp, Surroundings
    from edge_solver.tui.quiet import screen_to_itself

    own = resolve_app()
    settings = resolve()
    surroundings = Surroundings(results=MeasuredHere(), theme=own.theme, keys=own.keys, demo=demo)
    with screen_to_itself():
        app = EdgeSolverApp(settings, surroundings)
        code = app.run()
    return app.return_code or code or ExitCode.ANSWERED


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
