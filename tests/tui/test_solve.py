"""The screen Solve, used by its keys."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot

from edge_solver.config import Settings
from edge_solver.core.events import Event, Solved
from edge_solver.core.strategies import SearchSettings
from edge_solver.tui.app import EdgeSolverApp, Surroundings
from edge_solver.tui.widgets.ask import LONGEST, Ask, ProblemInput
from edge_solver.tui.widgets.run import RunView
from tests.tui.driving import PATIENCE, ask, demo, drive, ended, press, screen, settled, until, view

PROBLEM = "What is (12 * 7 + 5) * 3 - 48 / 6?"
ANSWER = "259"
LONG_WORK = "What is 78412 * 59231?"  # at width 256 minutes of decoding: never over before a key is pressed


def test_a_problem_is_typed_and_solved_and_the_search_is_shown() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        shown = screen(pilot)
        growth = view(pilot).growth
        assert growth.solution is not None
        assert growth.solution.answer == ANSWER
        assert f" {ANSWER} " in shown
        assert "every branch is finished" in shown
        assert f"rebase@8 · {len(growth.steps) - 1} steps" in shown
        assert "(uncalibrated)" in shown
        assert "prompt" in shown
        assert "decode" in shown
        assert "PRM" in shown

    drive(demo(), steps)


def test_the_built_in_models_solve_in_the_app_and_keys_are_drawn_meanwhile() -> None:
    app = EdgeSolverApp(Settings(search=SearchSettings(width=256)))

    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, LONG_WORK)
        await until(pilot, lambda: len(view(pilot).growth.steps) > 10, "the tree")
        await press(pilot, "tab", "end", "Q", "Q", "Q")
        run = view(pilot).run
        assert run is not None
        assert not run.over, "the search was over before the keys were pressed"
        assert f"{LONG_WORK}QQQ" in screen(pilot)
        await press(pilot, "escape")
        await until(pilot, lambda: view(pilot).growth.solution is not None, "the end")

    drive(app, steps)


def test_escape_stops_and_keeps_tree_and_bill_and_c_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_solver.tui.engine.DEMO_BEAT_SECONDS", 0.03)

    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await until(pilot, lambda: len(view(pilot).growth.steps) > 8, "the tree")
        await press(pilot, "escape")
        await ended(pilot)
        stopped = view(pilot).growth
        assert stopped.solution is not None
        assert stopped.solution.stopped_by == "cancelled"
        assert "stopped by you" in screen(pilot)
        assert pilot.app.is_running
        monkeypatch.setattr("edge_solver.tui.engine.DEMO_BEAT_SECONDS", 0.001)
        await press(pilot, "c")
        await ended(pilot)
        after = view(pilot).growth
        assert after is not stopped
        assert after.solution is not None
        assert after.solution.answer == ANSWER
        assert stopped.steps.keys() <= after.steps.keys()
        assert after.solution.spent.flops > stopped.solution.spent.flops

    drive(demo(), steps)


def test_escape_twice_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_solver.tui.screens.solve.LEAVE_SECONDS", PATIENCE)  # a slow machine is no slow hand

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "escape")
        assert pilot.app.is_running
        assert pilot.app.return_code is None
        await press(pilot, "escape")
        await until(pilot, lambda: pilot.app.return_value is not None, "the end")

    drive(demo(), steps)


def test_a_cap_is_typed_and_doubled_to_go_on() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM, caps="150tok")
        await ended(pilot)
        first = view(pilot).growth.solution
        assert first is not None
        assert first.stopped_by == "tokens"
        assert first.spent.tokens_generated <= 150
        assert "150" in screen(pilot)
        await press(pilot, "c")
        await ended(pilot)
        second = view(pilot).growth.solution
        assert second is not None
        assert second.budget.tokens == 300
        assert first.spent.tokens_generated < second.spent.tokens_generated <= 300
        assert "300tok" in screen(pilot)

    drive(demo(), steps)


def test_a_wrong_cap_is_told_and_nothing_starts() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM, caps="50")
        await settled(pilot)
        assert "50 of what?" in screen(pilot)
        assert view(pilot).run is None

    drive(demo(), steps)


def test_arrows_double_and_halve_a_cap() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "ctrl+l", "up")
        assert pilot.app.screen.query_one(Ask).budget.seconds == 10
        await press(pilot, "up", "up", "down")
        assert pilot.app.screen.query_one(Ask).budget.seconds == 20

    drive(demo(), steps)


def test_a_step_is_expanded_by_hand() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        before = view(pilot).growth
        await press(pilot, "left")
        chosen = view(pilot).view.selected
        assert chosen is not None
        children = len(before.steps[chosen].children)
        await press(pilot, "e")
        await ended(pilot)
        after = view(pilot).growth
        assert len(after.steps[chosen].children) == children + 4
        assert len(after.steps) == len(before.steps) + 4

    drive(demo(), steps)


def test_an_answer_is_not_expanded() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        await press(pilot, "b", "e")
        await settled(pilot)
        assert "has ended here" in screen(pilot)

    drive(demo(), steps)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 18)])
def test_another_strategy_is_tried_beside_the_first(size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        await press(pilot, "v")
        await settled(pilot)
        await press(pilot, "down", "enter")  # the second in the list is greedy
        await until(pilot, lambda: view(pilot).id == "second" and view(pilot).run is not None, "the second run")
        await ended(pilot)
        runs = list(pilot.app.screen.query(RunView))
        names = [run.growth.started.strategy.name for run in runs if run.growth.started]
        assert names == ["rebase", "greedy"]
        shown = screen(pilot)
        assert "greedy@1" in shown or size[0] < 70
        assert ("rebase@8" in shown) == (size[0] >= 70)
        await press(pilot, "x")
        assert view(pilot).id == "first"

    drive(demo(), steps, size=size)


@pytest.mark.parametrize("size", [(40, 18), (80, 24), (120, 40), (200, 60)])
def test_nothing_that_matters_is_cut_at_any_size(size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM, caps="1h 100kJ")
        await ended(pilot)
        shown = screen(pilot)
        solution = view(pilot).growth.solution
        assert solution is not None
        assert len(shown.splitlines()) == size[1]
        for needed in (
            PROBLEM,
            f" {ANSWER} ",
            "rebase",
            "FLOP",
            " J",
            "tok",
            f"{solution.confidence:.0%}",
            "F1",
            "esc",
        ):
            assert needed in shown, f"{needed} is missing:\n{shown}"
        assert f"{view(pilot).growth.steps[1].reward:.2f}" in shown

    drive(demo(), steps, size=size)


def test_an_answer_is_never_cut_off_by_the_words_before_it() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        line = next(line for line in screen(pilot).splitlines() if "➜" in line)
        assert f"➜ {ANSWER}" in line
        assert "…" in line

    drive(demo(), steps, size=(32, 18))


def test_of_two_runs_a_phone_shows_the_one_that_keys_speak_of() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        await press(pilot, "v", "down", "enter")
        await until(pilot, lambda: view(pilot).id == "second", "the second run")
        await ended(pilot)
        for shown in ("second", "first"):
            widths = {run.id: run.size.width for run in pilot.app.screen.query(RunView) if run.display}
            assert widths == {shown: 40}
            await press(pilot, "x")

    drive(demo(), steps, size=(40, 18))


def test_keys_are_offered_only_where_they_do_something() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM, caps="1tok")
        await ended(pilot)
        assert view(pilot).growth.solution is not None
        assert "y Copy" not in screen(pilot).splitlines()[-1]
        assert "↑ and ↓ choose a step" in screen(pilot)

    drive(demo(), steps)


def test_what_is_typed_before_the_rest_of_the_screen_is_made_is_solved() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.app.screen.query("RunView").remove()
        await ask(pilot, PROBLEM)
        await ended(pilot)
        assert f" {ANSWER} " in screen(pilot)

    drive(demo(), steps)


def test_a_terminal_that_becomes_tiny_and_large_again() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        for size in ((10, 3), (1, 1), (100, 30)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
        await ended(pilot)
        assert f" {ANSWER} " in screen(pilot)

    drive(demo(), steps)


@pytest.mark.parametrize(
    "text",
    ["漢字の問題 1 + 1", "مرحبا ١ + ١", "שלום 1+1", "🧮👩‍👩‍👧 1 + 1", "e\u0301 + \u200f1", "a\x1b[2Jb\x00c\x07"],
    ids=["wide", "arabic", "hebrew", "emoji", "marks", "controls"],
)
def test_any_text_may_be_pasted_and_asked(text: str) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        pilot.app.screen.query_one(ProblemInput).post_message(events.Paste(text))
        await settled(pilot)
        assert "\x1b" not in pilot.app.screen.query_one(Ask).problem
        assert "\x00" not in pilot.app.screen.query_one(Ask).problem
        await press(pilot, "enter")
        await ended(pilot)
        assert "\x1b" not in screen(pilot)

    drive(demo(2), steps)


def test_a_paste_of_100_kb_is_cut_and_told() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        pilot.app.screen.query_one(ProblemInput).post_message(events.Paste("1 + " * 25_000))
        await settled(pilot)
        assert len(pilot.app.screen.query_one(Ask).problem) == LONGEST
        await press(pilot, "enter")
        await until(pilot, lambda: "reads at most" in screen(pilot), "a refusal")

    drive(demo(2), steps)


def test_lines_are_begun_by_ctrl_j() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "a", "ctrl+j", "b")
        assert pilot.app.screen.query_one(Ask).problem == "a\nb"
        assert view(pilot).run is None

    drive(demo(), steps)


def test_a_model_that_is_not_there_is_told_and_the_app_goes_on() -> None:
    from dataclasses import replace

    settings = Settings()
    app = EdgeSolverApp(replace(settings, engine=replace(settings.engine, model="no/such.gguf")))

    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, lambda: "there is no model file" in screen(pilot), "the refusal")

    drive(app, steps)


def test_every_event_reaches_whoever_keeps_runs() -> None:
    from contextlib import nullcontext

    kept: list[Event] = []
    app = demo(4, Surroundings(record=lambda _warn: nullcontext(kept.append), demo=True))

    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        last = kept[-1]
        assert isinstance(last, Solved)
        assert last.solution == view(pilot).growth.solution

    drive(app, steps)


def test_the_answer_is_copied() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        await press(pilot, "y")
        assert pilot.app.clipboard == ANSWER
        await press(pilot, "Y")
        assert pilot.app.clipboard.endswith(f"The answer is {ANSWER}.")

    drive(demo(), steps)


def test_a_step_is_read_in_full_and_closed_again() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: "answer  259" in screen(pilot), "the sheet")
        await press(pilot, "escape")
        await settled(pilot)
        assert not pilot.app.screen.is_modal

    drive(demo(), steps, size=(40, 18))


def test_moving_in_the_tree() -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await ask(pilot, PROBLEM)
        await ended(pilot)
        tree = view(pilot).view
        lines = [line.step.id for line in view(pilot).growth.lines()]
        await press(pilot, "home")
        assert tree.selected == lines[0]
        await press(pilot, "down", "down", "up")
        assert tree.selected == lines[1]
        await press(pilot, "end")
        assert tree.selected == lines[-1]
        await press(pilot, "a")
        assert tree.selected is not None
        assert view(pilot).growth.steps[tree.selected].answer is not None
        await press(pilot, "b")
        assert tree.selected == view(pilot).growth.best

    drive(demo(), steps)
