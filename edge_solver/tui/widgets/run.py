"""One run on the screen: its tree, its bill, its vote and the selected step."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from edge_solver.core.budget import Budget
from edge_solver.core.events import Event
from edge_solver.tui.engine import Run
from edge_solver.tui.growth import Growth
from edge_solver.tui.steps import inline
from edge_solver.tui.widgets.answers import Answers
from edge_solver.tui.widgets.gauges import Gauges
from edge_solver.tui.widgets.part import Part
from edge_solver.tui.widgets.reading import Reading
from edge_solver.tui.widgets.tree import TreeView


class RunView(Horizontal):
    """Shows a growth; with ``compact`` in few lines, the tree between bill and vote."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        """Show nothing yet."""
        super().__init__(id=id, classes=classes)
        self.growth = Growth()
        self.run: Run | None = None
        self._title = ""

    def compose(self) -> ComposeResult:
        """Lay out the parts; which are shown is a matter of style."""
        few = Gauges(self.growth, classes="few")
        few.compact = True
        brief = Answers(self.growth, classes="brief")
        brief.compact = True
        with Vertical(classes="main"):
            yield Static("", classes="title", markup=False)
            yield few
            yield TreeView(self.growth, classes="tree")
            yield brief
        with Vertical(classes="side"):
            for name, part in (
                ("bill", Gauges(self.growth, classes="gauges")),
                ("vote", Answers(self.growth, classes="answers")),
                ("step", Reading(classes="reading")),
            ):
                part.border_title = name
                yield part

    @property
    def view(self) -> TreeView:
        """The tree on the screen."""
        return self.query_one(TreeView)

    def begin(self, run: Run, budget: Budget) -> None:
        """Show another run from its beginning."""
        self.run = run
        self.growth = Growth()
        for gauges in self.query(Gauges):
            gauges.budget = budget
        for part in self.query(Part):
            part.growth = self.growth
        self.query_one(Reading).clear()
        self.view.show(self.growth)
        self._draw()

    def plan_for(self, budget: Budget) -> None:
        """Show caps before anything has begun."""
        for gauges in self.query(Gauges):
            gauges.budget = budget
            gauges.keep_up()

    def hear(self, events: Iterable[Event]) -> None:
        """Take in events and draw what has changed."""
        before, begun = self.growth.solution, len(self.growth.steps) > 1
        self.growth.hear(events)
        if not begun and len(self.growth.steps) > 1:
            self.say("")
        self._draw()
        if before is None and self.growth.solution is not None and not self.view.moved and self.growth.best is not None:
            self.view.choose(self.growth.best, by_user=False)

    def say(self, state: str) -> None:
        """Say what is going on while there are no events."""
        for answers in self.query(Answers):
            answers.state = state
            answers.keep_up()

    def _draw(self) -> None:
        self.view.refresh_tree()
        for part in self.query(Part):
            part.keep_up()
        started = self.growth.started
        if started is not None:
            used = started.strategy
            leaves = sum(candidate.votes for candidate in self.growth.candidates)
            steps = len(self.growth.steps) - 1
            title = f"{used.name}@{used.width} · {steps:,} step{'s' if steps != 1 else ''} · {leaves} solved"
            if title != self._title:
                self._title = title
                self.query_one(".title", Static).update(inline(title), layout=False)

    def on_tree_view_selected(self, message: TreeView.Selected) -> None:
        """Show the selected step in full."""
        self.query_one(Reading).show(self.growth, message.step)
