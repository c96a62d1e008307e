"""What the app's screen Device shows of the room beside it: past results of ``bench solve``, and ``bench device``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, final

from edge_solver.errors import EdgeSolverError

if TYPE_CHECKING:
    from pathlib import Path

    from edge_solver.bench.device.session import Session
    from edge_solver.config import Settings
    from edge_solver.tui.shelf import Measured, ResultSet


class MeasuredHere:
    """The results of ``bench solve`` in the user's data folder, for the app's screen Device."""

    def sets(self) -> Sequence[ResultSet]:
        """Return what was measured, folder by folder; see ``tui.shelf.Results``."""
        from edge_solver.bench.trials import run_folders
        from edge_solver.paths import results_dir

        return [_read(folder) for folder in run_folders(results_dir())]

    def advise(self, cost: str, budget: float) -> str:
        """Say what to use under a budget; see ``tui.shelf.Results``."""
        from edge_solver.cli.advise import advice_text

        return advice_text(cost, budget)


def _read(folder: Path) -> ResultSet:
    """Read one folder of results."""
    from edge_solver.bench.evidence import gather
    from edge_solver.bench.study import frontiers, measure
    from edge_solver.bench.trials import read_run
    from edge_solver.tui.shelf import ResultPoint, ResultSet

    try:
        run = read_run(folder)
        evidence = gather([run])
    except EdgeSolverError as error:
        return ResultSet(folder.name, "", (), str(error))
    points = [measure(evidence, choice) for choice in evidence.trials]
    leads = {index for front in frontiers(points) if front.cost == "flops" for index in front.points}
    return ResultSet(
        folder.name,
        run.suite,
        tuple(
            ResultPoint(
                f"{point.choice.strategy}@{point.choice.width}", point.flops, point.accuracy.value, number in leads
            )
            for number, point in enumerate(points)
        ),
    )


@final
class BenchHere:
    """The benchmark of this device; see ``tui.shelf.Bench``."""

    def __init__(self, *, demo: bool) -> None:
        """Measure this machine, or with ``demo`` a simulated one."""
        self._demo = demo

    def run(
        self, settings: Settings, show: Callable[[Measured], object], cancelled: Callable[[], bool]
    ) -> Sequence[str]:
        """Measure, write the file that ``bench device --quick`` would write, and return its summary."""
        from edge_solver import paths
        from edge_solver.bench.device import document as files
        from edge_solver.bench.device.engine import StoppedError
        from edge_solver.bench.device.plan import Wish
        from edge_solver.bench.device.session import Session
        from edge_solver.bench.device.summary import summary
        from edge_solver.config import Settings as Plain

        usual = Plain(meter=settings.meter, engine=settings.engine)
        display = _Display(show)
        session = Session(usual, Wish(quick=True), display, cancelled, "edge-solver bench device --quick")
        display.session = session
        try:
            with ExitStack() as stack:
                document = session.demo() if self._demo else session.of_model(stack)
        except StoppedError:
            return ["stopped before anything was measured"]
        out = paths.writable(paths.data_dir() / "devices") / f"device-{files.now().replace(':', '')}.json"
        files.write(out, document)
        return [*summary(document), "", f"kept in {out}"]


@final
class _Display:
    """Turns what a session tells into what the screen shows; see ``bench.device.session.Display``."""

    def __init__(self, show: Callable[[Measured], object]) -> None:
        self._show = show
        self.session: Session | None = None

    def stage(self, name: str, number: int, total: int, left: float | None) -> None:
        """Show a new stage, and what those before it have found."""
        from edge_solver.tui.shelf import Measured

        known = (self.session and self.session.document) or {}
        self._show(Measured(name, number, total, left, tuple(_speeds(known.get("speed") or {}))))

    def making(self, done: int, total: int) -> None:
        """Show nothing: no model is made here."""

    def beat(self) -> None:
        """Show nothing: drawing would be measured as well."""


def _speeds(speed: dict[str, Any]) -> list[tuple[str, float]]:
    found = []
    if speed.get("prompt"):
        found.append(("prompt", float(speed["prompt"]["tokens_per_second"]["median"])))
    rows = speed.get("decode") or ()
    return found + [(f"decode on {row['branches']}", float(row["tokens_per_second"]["median"])) for row in rows]
