"""The other screens, the keys, and what happens when something goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from edge_solver.catalog import registry
from edge_solver.catalog.shelf import runnable
from edge_solver.cli.app import SavedHere, saved
from edge_solver.cli.measuring import BenchHere, MeasuredHere
from edge_solver.config import AppSettings, Settings, resolve, resolve_app
from edge_solver.core.strategies import SearchSettings
from edge_solver.errors import UsageError
from edge_solver.history import Saver
from edge_solver.paths import results_dir
from edge_solver.recording import read
from edge_solver.tui.app import EdgeSolverApp, Surroundings
from edge_solver.tui.crash import report
from edge_solver.tui.engine import Run
from edge_solver.tui.screens.device import plots_text
from edge_solver.tui.screens.models import ModelsScreen
from edge_solver.tui.screens.solve import SolveScreen
from edge_solver.tui.shelf import Measured, ResultPoint, ResultSet
from edge_solver.tui.widgets.ask import Ask
from edge_solver.tui.widgets.run import RunView
from tests.tui.driving import GOLDEN, PATIENCE, Shelf, ask, demo, drive, ended, press, screen, settled, until, view


def shelf_app(*files: Path) -> EdgeSolverApp:
    return demo(4, Surroundings(store=Shelf(*files), demo=True))


def test_a_saved_run_is_found_and_opened_as_it_was_and_replayed(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first speed all but stands still, so that the beginning is there to be seen however slow the machine is.
    monkeypatch.setattr("edge_solver.tui.screens.history.SPEEDS", (1e-9, 5.0, 20.0, 100.0))

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f3")
        await until(pilot, lambda: "259" in screen(pilot), "the list")
        assert "rebase@8" in screen(pilot)
        await press(pilot, "slash", *"nothing of the kind".replace(" ", "_"))
        await until(pilot, lambda: "Nothing was found" in screen(pilot), "an empty list")
        await press(pilot, *["backspace"] * 19, "enter", "enter")
        run = pilot.app.screen.query_one("#old", RunView)
        await until(pilot, lambda: run.growth.solution is not None, "the run")
        assert " 259 " in screen(pilot)
        before, whole = run.growth, len(run.growth.steps)
        await press(pilot, "r")
        await until(pilot, lambda: run.growth is not before, "the beginning")
        assert run.growth.solution is None
        await press(pilot, "s", "s", "s")
        await until(pilot, lambda: run.growth.solution is not None, "the end of the replay")
        assert len(run.growth.steps) == whole
        await press(pilot, "escape", "escape")
        await until(pilot, lambda: pilot.app.current_mode == "solve", "the way back")

    drive(shelf_app(recorded), steps)


def test_without_a_store_the_history_says_so() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f3")
        await until(pilot, lambda: "not kept" in screen(pilot), "the words")

    drive(demo(), steps)


def test_a_model_is_chosen_for_the_session() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f4")
        await until(pilot, lambda: "micro-prm" in screen(pilot), "the list")
        assert isinstance(pilot.app.screen, ModelsScreen)
        await press(pilot, "enter")
        app = pilot.app
        assert isinstance(app, EdgeSolverApp)
        await until(pilot, lambda: app.settings.engine.model == "nano", "the choice")

    drive(demo(), steps)


def test_a_run_is_written_to_a_file_from_the_list_and_never_over_another(recorded: Path, tmp_path: Path) -> None:
    with Saver() as saver:
        for _, event in read(recorded):
            saver(event)
    (tmp_path / "edge-solver-run-1.md").write_text("mine")

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f3")
        await until(pilot, lambda: "259" in screen(pilot), "the list")
        await press(pilot, "w", "enter")
        await until(pilot, (tmp_path / "edge-solver-run-1-2.md").exists, "the file")
        await until(pilot, lambda: "written to" in screen(pilot), "the words")
        await press(pilot, "enter", "w", "down", "down", "enter")
        await until(pilot, (tmp_path / "edge-solver-run-1.svg").exists, "the picture")

    drive(demo(4, Surroundings(store=SavedHere(), demo=True)), steps)
    assert (tmp_path / "edge-solver-run-1.md").read_text() == "mine"
    assert "259" in (tmp_path / "edge-solver-run-1-2.md").read_text()
    assert (tmp_path / "edge-solver-run-1.svg").read_text().startswith("<")


def test_a_file_that_cannot_be_written_is_told(recorded: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f3")
        await until(pilot, lambda: "259" in screen(pilot), "the list")
        await press(pilot, "w", "down", "enter")
        await until(pilot, lambda: "no .json of run 0 is written here" in screen(pilot), "the reason")

    drive(shelf_app(recorded), steps)


class Results:
    """Results that were measured elsewhere."""

    def sets(self) -> list[ResultSet]:
        points = (
            ResultPoint("greedy@1", 1e8, 0.4, leads=True),
            ResultPoint("majority@16", 1e10, 0.45, leads=False),
            ResultPoint("rebase@16", 1e10, 0.55, leads=True),
        )
        return [ResultSet("builtin", "builtin", points)]

    def advise(self, cost: str, budget: float) -> str:
        if budget < 1:
            raise UsageError("nothing is that cheap")
        return f"rebase for {budget:g} {cost}"


def test_the_device_shows_meters_results_and_advice() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f5")
        await until(pilot, lambda: "rebase@16: 55.0%" in screen(pilot), "the results")
        assert "● estimate" in screen(pilot)
        await press(pilot, *"20J", "enter")
        await until(pilot, lambda: "rebase for 20 joules" in screen(pilot), "advice")
        await press(pilot, *["backspace"] * 3, *"20", "enter")
        await until(pilot, lambda: "20 of what?" in screen(pilot), "a question")
        await press(pilot, *["backspace"] * 2, *"1mJ", "enter")
        await until(pilot, lambda: "nothing is that cheap" in screen(pilot), "a refusal")

    drive(demo(4, Surroundings(results=Results(), demo=True)), steps, size=(100, 60))


class LateResults(Results):
    """Results that take so long to read that the app is left meanwhile."""

    def __init__(self) -> None:
        self.asked, self.read = threading.Event(), threading.Event()

    def sets(self) -> list[ResultSet]:
        self.asked.set()
        self.read.wait(PATIENCE)
        return super().sets()


def test_results_that_come_when_the_screen_is_gone_do_no_harm() -> None:
    late = LateResults()

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f5")
        await until(pilot, late.asked.is_set, "the question")
        await pilot.app.screen.remove_children()
        late.read.set()
        await pilot.app.workers.wait_for_complete()
        await settled(pilot)

    drive(demo(4, Surroundings(results=late, demo=True)), steps)


def test_the_device_is_measured_and_the_result_is_kept(home: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f5", "ctrl+r")
        await until(pilot, lambda: "kept in" in screen(pilot), "the result")
        assert "decode" in screen(pilot)
        assert len(list((home / "data" / "devices").glob("device-*.json"))) == 1

    drive(demo(4, Surroundings(bench=BenchHere(demo=True), demo=True)), steps, size=(100, 60))


def test_a_benchmark_draws_what_it_has_found_and_is_stopped_by_escape() -> None:
    drawn = threading.Event()

    class Slow:
        """Measures until it is stopped."""

        def run(
            self, settings: Settings, show: Callable[[Measured], object], cancelled: Callable[[], bool]
        ) -> Sequence[str]:
            assert settings.engine.model == "builtin"
            show(Measured("decode on 2", 4, 9, 65.0, (("prompt", 200.0), ("decode on 1", 100.0))))
            while not cancelled():
                drawn.wait(0.01)
            return ["partial"]

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f5", "ctrl+r")
        await until(pilot, lambda: "4/9 decode on 2" in screen(pilot), "the stage")
        lines = {line.split()[0]: line.count("━") for line in screen(pilot).splitlines() if "tok/s" in line}
        assert lines["prompt"] == pytest.approx(2 * lines["decode"], abs=2)
        await press(pilot, "escape")
        await until(pilot, lambda: "partial" in screen(pilot), "the end")
        assert pilot.app.current_mode == "device"
        await press(pilot, "escape")
        await until(pilot, lambda: pilot.app.current_mode == "solve", "the way back")

    drive(demo(4, Surroundings(bench=Slow(), demo=True)), steps, size=(100, 60))


def test_a_corrupt_history_is_put_aside_and_the_user_told(home: Path) -> None:
    file = home / "data" / "history.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"this is no database\n" * 500)

    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, "What is (12 * 7 + 5) * 3 - 48 / 6?")
        await ended(pilot)
        await until(pilot, lambda: "history" in screen(pilot) and "kept" in screen(pilot), "the words")
        await press(pilot, "f3")
        await until(pilot, lambda: "259" in screen(pilot), "the new history")

    drive(demo(4, Surroundings(record=saved, store=SavedHere(), demo=True)), steps, size=(100, 40))
    aside = [other for other in file.parent.iterdir() if other.name.startswith("history") and other != file]
    assert any(other.read_bytes().startswith(b"this is no database") for other in aside)


def test_a_model_that_is_deleted_while_it_is_loaded_goes_on_serving(tmp_path: Path) -> None:
    holding = runnable(registry()["nano"])
    assert holding is not None
    copy = tmp_path / "mine.gguf"
    shutil.copyfile(holding.path, copy)
    engine = replace(Settings().engine, model=str(copy), format="built-in", prm="micro-prm")
    app = EdgeSolverApp(replace(Settings(), engine=engine, search=SearchSettings(width=2)))

    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: "ready" in screen(pilot), "the models")
        copy.unlink()
        await ask(pilot, "What is 3 + 4?")
        await ended(pilot)
        assert view(pilot).growth.solution is not None
        # A width that the engines have no room for: they are made anew, and the file is gone.
        await press(pilot, *["ctrl+n"] * 4, "n")
        await press(pilot, "enter")
        await until(pilot, lambda: "there is no model file" in screen(pilot), "the reason")
        assert pilot.app.is_running

    drive(app, steps)


def test_the_help_names_every_key_of_the_screen_as_it_is_set() -> None:
    app = demo(4, Surroundings(keys={"app.device": "f9"}, demo=True))

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f1")
        await until(pilot, lambda: "Everywhere" in screen(pilot), "the help")
        shown = screen(pilot)
        for words in ("Stop", "Continue", "Versus", "Expand", "New line", "Double", "To the step before"):
            assert words in shown
        assert re.search(r"f9 +Device", shown)
        for sign in ("≡4", "×4", "⊘"):
            assert sign in shown
        await press(pilot, "f1", "f9")
        await until(pilot, lambda: pilot.app.current_mode == "device", "the device by its key")

    drive(app, steps, size=(100, 80))


def test_theme_and_keys_come_from_the_settings_file_and_do_not_disturb_a_search(tmp_path: Path) -> None:
    (tmp_path / "edge-solver.toml").write_text('width = 3\ntheme = "nord"\n[keys]\n"solve.stop" = "f9"\n')
    assert resolve(environ={}).search.width == 3
    assert resolve_app(environ={}) == AppSettings("nord", {"solve.stop": "f9"})
    assert resolve_app(environ={"EDGE_SOLVER_THEME": "edge-day"}).theme == "edge-day"
    assert resolve(environ={"EDGE_SOLVER_THEME": "edge-day"}).search.width == 3
    (tmp_path / "edge-solver.toml").write_text("keys = 3\n")
    with pytest.raises(UsageError, match="no table"):
        resolve_app(environ={})


def test_a_crash_leaves_a_report_and_no_traceback(home: Path) -> None:
    class Broken(EdgeSolverApp):
        def action_help(self) -> None:
            raise ZeroDivisionError("seven")

    app = Broken(Settings(search=SearchSettings(width=2)), Surroundings(demo=True))

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f1")
        await until(pilot, lambda: not pilot.app.is_running, "the end")

    with pytest.raises(ZeroDivisionError):  # told to the test; a user sees the words below
        drive(app, steps)
    (file,) = (home / "state").glob("crash-*.txt")
    text = file.read_text()
    assert "ZeroDivisionError: seven" in text
    assert "action_help" in text


def test_a_report_is_written_somewhere_where_the_home_cannot_be_written_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert report(ValueError("x")) is not None


UPDATE = "EDGE_SOLVER_UPDATE_GOLDEN"


@pytest.mark.parametrize("size", [(40, 18), (80, 24), (120, 40), (200, 60)])
def test_a_run_looks_as_it_did(size: tuple[int, int]) -> None:
    """Compare the picture of the golden run; ``EDGE_SOLVER_UPDATE_GOLDEN=1`` draws it anew: look at it then."""
    file = GOLDEN / "screens" / f"run-{size[0]}x{size[1]}.svg"
    drawn: list[str] = []

    async def steps(pilot: Pilot[int]) -> None:
        run = pilot.app.screen.query_one("#old", RunView)
        await until(pilot, lambda: run.growth.solution is not None, "the run")
        await until(pilot, lambda: pilot.app.screen.focused is run.view, "the focus")
        drawn.append(pilot.app.export_screenshot())

    async def opened(pilot: Pilot[int]) -> None:
        await press(pilot, "f3")
        await until(pilot, lambda: "89" in screen(pilot), "the list")
        await press(pilot, "enter")
        await steps(pilot)

    app = demo(4, Surroundings(store=Golden(), demo=True))
    drive(app, opened, size=size)
    picture = re.sub(r"terminal-\d+", "terminal", drawn[0])
    if os.environ.get(UPDATE):
        file.write_text(picture, encoding="utf-8")
    assert picture == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [(40, 18), (80, 24), (120, 40), (200, 60)])
def test_the_screen_solve_looks_as_it_did(size: tuple[int, int]) -> None:
    """Compare the picture of the golden run where it is watched; see above for how it is drawn anew."""
    file = GOLDEN / "screens" / f"solve-{size[0]}x{size[1]}.svg"
    drawn: list[str] = []
    events = Golden().runs[0].events

    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: "ready" in screen(pilot), "the models")
        asking = pilot.app.screen
        assert isinstance(asking, SolveScreen)
        problem = Golden().runs[0].problem
        asking.query_one(Ask).problem = problem
        asking.query_one("#welcome").display = False
        asking.query_one("#runs").display = True
        run = Run(problem, Settings(), over=True, seen=True)
        view(pilot).begin(run, Settings().budget)
        view(pilot).hear(events)
        view(pilot).view.focus()
        asking.refresh_bindings()
        await settled(pilot)
        drawn.append(pilot.app.export_screenshot())

    drive(demo(4), steps, size=size)
    picture = re.sub(r"terminal-\d+", "terminal", drawn[0])
    if os.environ.get(UPDATE):
        file.write_text(picture, encoding="utf-8")
    assert picture == file.read_text(encoding="utf-8")


def test_a_saved_run_is_shown_with_its_problem_and_lists_fit_any_width(recorded: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f3")
        await until(pilot, lambda: "259" in screen(pilot), "the list")
        for size in ((40, 18), (80, 24), (120, 40)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            table = pilot.app.screen.query_one("#list")
            assert table.virtual_size.width <= table.size.width
            assert "What is (12" in screen(pilot)
            assert "Open" in screen(pilot).splitlines()[-1]
        await press(pilot, "enter")
        await until(pilot, lambda: "What is (12 * 7 + 5) * 3 - 48 / 6?" in screen(pilot), "the problem")
        assert "▌" in screen(pilot)

    drive(shelf_app(recorded), steps)


def test_models_on_a_phone_tell_whether_they_are_here_and_all_about_them() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f4")
        await until(pilot, lambda: "nano-q4_0" in screen(pilot), "the list")
        table = pilot.app.screen.query_one("#models")
        assert table.virtual_size.width <= table.size.width
        row = next(line for line in screen(pilot).splitlines() if "nano-q4_0" in line)
        assert row.split()[:2] == ["nano-q4_0", "yes"]
        assert "Use" in screen(pilot).splitlines()[-1]
        await press(pilot, *["down"] * list(registry()).index("llemma-7b"))
        assert "unverified" not in screen(pilot)
        await press(pilot, "i", "end")
        await until(pilot, lambda: "unverified" in screen(pilot), "the rest")

    drive(demo(), steps, size=(40, 18))


@pytest.mark.parametrize("size", [(40, 18), (80, 24)])
def test_on_a_small_screen_the_device_shows_where_one_types_and_what_is_advised(size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f5")
        await until(pilot, lambda: "● estimate" in screen(pilot), "the meter")
        assert "Ctrl+R measures" in screen(pilot)
        await press(pilot, *"20J", "enter")
        await until(pilot, lambda: "rebase for 20 joules" in screen(pilot), "advice")

    app = demo(4, Surroundings(results=Results(), bench=BenchHere(demo=True), demo=True))
    drive(app, steps, size=size)


class Golden(Shelf):
    """The run whose events are kept for the tests of the solver."""

    def __init__(self) -> None:
        import json

        from edge_solver.core.events import from_json

        super().__init__()
        lines = (GOLDEN / "rebase_events.jsonl").read_text(encoding="utf-8").splitlines()
        self.add(0, tuple(from_json(json.loads(line)) for line in lines))


def test_a_run_is_drawn_in_every_theme_the_palette_offers() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, "What is 12 * 7 + 5?")
        await ended(pilot)
        for theme in pilot.app.available_themes:  # those of the terminal's own colours have names that are no RGB
            pilot.app.theme = theme
            await settled(pilot)
            assert "The answer is" in screen(pilot)

    drive(demo(), steps, size=(120, 40))


def test_a_damaged_folder_of_results_hides_no_other() -> None:
    folder = results_dir() / "broken"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{")
    (found,) = MeasuredHere().sets()
    assert found.folder == "broken"
    assert "results.jsonl" in found.fault
    whole = ResultSet("whole", "builtin", (ResultPoint("greedy@1", 1e9, 0.5, leads=True),))
    words = plots_text([found, whole]).plain
    assert found.fault in words
    assert "greedy@1: 50.0%" in words
