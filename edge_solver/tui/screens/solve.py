"""The screen that matters: ask, watch the search grow, stop it, go on, compare."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from edge_solver.config import Settings
from edge_solver.core.budget import Cap
from edge_solver.core.strategies import STRATEGIES
from edge_solver.core.tree import ROOT, Finish
from edge_solver.errors import EdgeSolverError
from edge_solver.tui.caps import scaled
from edge_solver.tui.engine import Engine, Run
from edge_solver.tui.messages import Failed, Loading, Noticed, Told
from edge_solver.tui.pace import Pace
from edge_solver.tui.widgets.ask import Ask, ProblemInput
from edge_solver.tui.widgets.bars import Keys, TopBar
from edge_solver.tui.widgets.choice import Choice

if TYPE_CHECKING:  # what shows a run is imported after the first paint
    from edge_solver.tui.widgets.run import RunView
    from edge_solver.tui.widgets.tree import TreeView

LEAVE_SECONDS = 2.0
"""Within this time a second Esc leaves."""
_WELCOME = """[b]Type a problem and press Enter.[/b]

  What is 15% of 240?
  Solve 3x + 7 = 22 for x.
  What is 3/4 + 1/6?

Caps go into the line under it: [b]50J[/b] joules, [b]10s[/b] seconds, [b]500tok[/b] tokens, [b]2e12[/b] FLOPs.
Everything runs on this machine. [b]F1[/b] shows every key."""


_WHEN = {
    "stop": {"running"},
    "leave": {"idle"},
    "go_on": {"idle", "ended"},
    "versus": {"idle", "begun"},
    "expand": {"idle", "ended"},
    "copy_answer": {"answered"},
    "copy_solution": {"begun"},
    "new": {"idle"},
    "exchange": {"idle", "two"},
}
"""What must hold for an action to be offered; the others always are."""


class SolveScreen(Screen[None]):
    """Asks, and shows one run or two side by side."""

    BINDINGS = [
        Binding("escape", "stop", "Stop", id="solve.stop", priority=True),
        Binding("escape", "leave", "Leave", id="solve.leave", priority=True),
        Binding("c", "go_on", "Continue", id="solve.continue"),
        Binding("v", "versus", "Versus", id="solve.versus"),
        Binding("e", "expand", "Expand", id="solve.expand"),
        Binding("n", "new", "New", id="solve.new"),
        Binding("y", "copy_answer", "Copy", id="solve.copy"),
        Binding("Y", "copy_solution", "Copy solution", show=False, id="solve.copy_solution"),
        Binding("x", "exchange", "Other run", id="solve.exchange"),
        Binding("ctrl+t", "turn('strategy')", "Next strategy", show=False, id="solve.strategy"),
        Binding("ctrl+n", "turn('width')", "Next width", show=False, id="solve.width"),
        Binding("ctrl+l", "caps", "Caps", id="solve.caps"),
    ]

    def __init__(self, settings: Settings, engine: Engine) -> None:
        """Ask with settings, and solve with an engine."""
        super().__init__()
        self._settings, self._engine = settings, engine
        self._pace = Pace()
        self._is_due = False
        self._escaped = float("-inf")
        self._complaint = ""
        self._runs = Horizontal(id="runs")  # asked for at every key and frame

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield TopBar()
        yield Ask(self._settings)
        yield Static("", id="notice", markup=False)
        yield self._runs
        yield Static(_WELCOME, id="welcome")
        yield Keys()

    def on_mount(self) -> None:
        """Begin where one types."""
        self._runs.display = False
        self.query_one(ProblemInput).focus()
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Make what shows a run, which the first paint need not wait for."""
        from edge_solver.tui.widgets.run import RunView

        if not self.query("#first"):
            await self._runs.mount(RunView(id="first", classes="-active"))

    @property
    def _views(self) -> list[RunView]:
        return list(self._runs.children)  # type: ignore[arg-type]  # nothing else is put there

    @property
    def active(self) -> RunView:
        """The run that keys speak of, which is there once the screen was drawn."""
        return next(view for view in self._views if view.has_class("-active"))

    @property
    def running(self) -> Run | None:
        """What the engine is at."""
        run = self.active.run if self._views else None
        return run if run is not None and not run.over else None

    def use(self, settings: Settings) -> None:
        """Ask with other settings from now on; what is chosen on the screen stays."""
        self.query_one(Ask).settings = settings

    # --- asking ---

    async def on_submitted(self) -> None:
        """Solve what was typed."""
        await self._furnish()
        ask = self.query_one(Ask)
        if not ask.problem.strip():
            self._complain("type a problem first, such as: What is 12 * 34?")
            return
        if self.running is not None:
            self._complain("a search is running: Esc stops it")
            return
        if self._runs.has_class("-two"):
            self._alone(self._views[0])
        self._begin(self._views[0], ask.problem.strip())

    def _begin(self, view: RunView, problem: str, **request: object) -> None:
        """Start a run in a view, under the settings on the screen."""
        try:
            settings = self.query_one(Ask).chosen()
        except EdgeSolverError as error:
            self._complain(str(error))
            return
        if strategy := request.pop("strategy", None):
            settings = replace(settings, strategy=str(strategy))
        self._complain("")
        run = Run(problem, settings, **request)  # type: ignore[arg-type]
        self.query_one("#welcome").display = False
        self._runs.display = True
        view.begin(run, settings.budget)
        view.say("reading the problem")
        view.view.focus()
        self._engine.solve(run)
        self.refresh_bindings()

    def action_turn(self, which: str) -> None:
        """Choose the next strategy or width."""
        self.query_one(f"#{which}", Choice).action_turn(1)

    def action_caps(self) -> None:
        """Type caps."""
        self.query_one(Ask).focus_caps()

    def action_new(self) -> None:
        """Type another problem."""
        problem = self.query_one(ProblemInput)
        problem.focus()
        problem.select_all()

    async def on_input_submitted(self) -> None:
        """Take Enter in the caps for Enter in the problem."""
        await self.on_submitted()

    def on_input_changed(self) -> None:
        """Show the caps as they are typed."""
        try:
            budget = self.query_one(Ask).budget
        except EdgeSolverError as error:
            self._complain(str(error))
            return
        self._complain("")
        if self._views and self.active.run is None:
            self.active.plan_for(budget)

    # --- watching ---

    def on_told(self, message: Told) -> None:
        """Draw what has come when it is time to."""
        message.stop()
        if not self._is_due:
            self._is_due = True
            self.set_timer(max(0.001, self._pace.wait_seconds(time.monotonic())), self._listen)

    def _listen(self) -> None:
        self._is_due = False
        self._pace.begin(time.monotonic(), time.thread_time())
        for view in self._views:
            run = view.run
            if run is None or run.seen:
                continue
            run.seen = over = run.over  # asked first: what is in the mailbox then is all
            if events := run.take():
                view.hear(events)
            if over:
                view.say("")
                self.refresh_bindings()

    def on_loading(self, message: Loading) -> None:
        """Say what takes a while."""
        self.query_one(TopBar).say(message.what + " …")
        if self.running is not None:
            self.active.say(message.what)

    def on_ready(self) -> None:
        """Say that it takes no longer."""
        self.query_one(TopBar).say("ready")

    def on_noticed(self, message: Noticed) -> None:
        """Say what went wrong beside the search."""
        self.notify(message.words, severity="warning")

    def on_failed(self, message: Failed) -> None:
        """Say why there is no answer."""
        self._complain(message.reason)
        for view in self._views:
            view.say("")
        self.query_one(TopBar).say("")
        self.refresh_bindings()

    def _complain(self, words: str) -> None:
        if words == self._complaint:
            return
        self._complaint = words
        notice = self.query_one("#notice", Static)
        notice.update(words)
        notice.set_class(bool(words), "-shown")

    # --- steering ---

    def action_stop(self) -> None:
        """Stop the search; the second time, leave."""
        run = self.running
        if run is None or run.stopping:
            self.action_leave(at_once=run is not None)
            return
        run.stop()
        self._escaped = time.monotonic()
        self.active.say("stopping after this call; Esc again leaves")

    def action_leave(self, *, at_once: bool = False) -> None:
        """Leave, when it is said twice."""
        now = time.monotonic()
        again, self._escaped = now - self._escaped < LEAVE_SECONDS, now
        if again or at_once:
            self.app.exit_in_order()  # type: ignore[attr-defined]  # our own app
        else:
            self.notify("Esc again leaves", timeout=LEAVE_SECONDS)

    def action_go_on(self) -> None:
        """Go on with the search that ended: under the caps on the screen, or twice the cap that stopped it."""
        view = self.active
        run, solution = view.run, view.growth.solution
        if run is None or run.search is None or solution is None:
            return
        ask = self.query_one(Ask)
        try:
            settings = ask.chosen()
        except EdgeSolverError as error:
            self._complain(str(error))
            return
        if solution.stopped_by in {cap.value for cap in Cap} and settings.budget == run.settings.budget:
            ask.budget = scaled(settings.budget, Cap(solution.stopped_by), 2.0)
        elif solution.stopped_by == "complete" and settings.search.width <= run.settings.search.width:
            self._complain("every branch is finished: choose a larger width (Ctrl+N), or expand a step with e")
            return
        self._begin(view, run.problem, past=run.search.past())

    def action_expand(self) -> None:
        """Let a few more steps be written after the selected one, or at the beginning where none is selected."""
        view = self.active
        run, chosen = view.run, view.view.selected
        if run is None or run.search is None or self.running is not None:
            return
        step = view.growth.steps[chosen if chosen is not None else ROOT]
        if step.finish is not Finish.STEP:
            self._complain("this solution has ended here; choose a step before it (←) and press e again")
            return
        self._begin(view, run.problem, past=run.search.past(), expand=step.id)

    def action_versus(self) -> None:
        """Ask the same problem again with another strategy, beside this run."""
        run = self.active.run
        if run is None:
            return
        from edge_solver.tui.screens.sheets import Picker

        options = [(name, strategy.summary) for name, strategy in STRATEGIES.items()]
        self.app.push_screen(Picker("the same problem with …", options), self._beside)

    async def _beside(self, strategy: str | None) -> None:
        from edge_solver.tui.widgets.run import RunView

        first = self._views[0].run
        if strategy is None or first is None:
            return
        runs = self._runs
        runs.add_class("-two")
        if not self.query("#second"):
            await runs.mount(RunView(id="second"))
        second = self.query_one("#second", RunView)
        self._activate(second)
        self._begin(second, first.problem, strategy=strategy)

    def action_exchange(self) -> None:
        """Go to the other run."""
        other = next(view for view in self._views if view is not self.active)
        self._activate(other)
        other.view.focus()

    def _activate(self, view: RunView) -> None:
        for one in self._views:
            one.set_class(one is view, "-active")

    def _alone(self, view: RunView) -> None:
        self._runs.remove_class("-two")
        self._activate(view)

    def on_descendant_focus(self) -> None:
        """Speak of the run that has the focus."""
        view = next((view for view in self._views if view.view is self.focused), None)
        if view is not None:
            self._activate(view)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        del parameters
        if not self.is_mounted or action not in _WHEN:
            return True
        active, running = self.active if self._views else None, self.running is not None
        state = {
            "idle": not running,
            "running": running,
            "begun": active is not None and active.run is not None,
            "ended": active is not None and active.growth.solution is not None,
            "answered": active is not None and bool(active.growth.candidates),
            "two": self._runs.has_class("-two"),
        }
        return all(state[name] for name in _WHEN[action])

    def commands(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        """Return what the palette offers here: title, words, action."""
        yield "Solve", "Solve the problem as it stands", self.on_submitted
        yield "Stop", "Stop the search and keep what there is", self.action_stop
        yield "Continue", "Go on with the search, with more budget", self.action_go_on
        yield "Versus", "The same problem with another strategy, side by side", self.action_versus
        yield "Expand", "Write more steps after the selected one", self.action_expand
        yield "Copy answer", "Copy the answer, also over SSH", self.action_copy_answer
        yield "Copy solution", "Copy the best solution as it was written", self.action_copy_solution
        yield "Caps", "Limit joules, seconds, tokens or FLOPs", self.action_caps
        for which in ("strategy", "width"):
            yield f"Next {which}", f"Choose the next {which}", partial(self.action_turn, which)

    # --- reading and copying ---

    def on_tree_view_opened(self, message: TreeView.Opened) -> None:
        """Show a step over the screen."""
        from edge_solver.tui.screens.sheets import TextSheet
        from edge_solver.tui.widgets.reading import full_text

        growth = message.view.growth
        self.app.push_screen(TextSheet("step", full_text(growth, message.step, dark=self.app.current_theme.dark)))

    def action_copy_answer(self) -> None:
        """Copy the answer."""
        from edge_solver.tui.clipboard import copy

        candidates = self.active.growth.candidates
        if candidates:
            copy(self.app, candidates[0].answer, "answer")
        else:
            self.notify("there is no answer to copy")

    def action_copy_solution(self) -> None:
        """Copy the best solution, or the way to the selected step, as it was written."""
        from edge_solver.tui.clipboard import copy

        view = self.active
        chosen = view.view.selected if view.view.selected is not None else view.growth.best
        if chosen is not None:
            steps = view.growth.path(chosen)
            copy(self.app, "\n".join(step.text.strip() for step in steps), f"{len(steps)} steps")
