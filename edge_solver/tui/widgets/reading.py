"""The selected step in full, with the steps before it: the solution as far as it goes."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from edge_solver.core.tree import Finish
from edge_solver.tui.growth import Growth, Line, Step
from edge_solver.tui.look import reward_style
from edge_solver.tui.steps import block, inline

_ENDS = {
    Finish.STEP: "may go on",
    Finish.ANSWER: "gives an answer",
    Finish.LENGTH: "closed: too long",
    Finish.BUDGET: "cut off by the budget",
}


class Reading(VerticalScroll, can_focus=False):
    """Shows one step of a growth."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        """Show nothing yet."""
        super().__init__(id=id, classes=classes)
        self._text = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield self._text

    def clear(self) -> None:
        """Say how a step comes here."""
        self._text.update(Text("↑ and ↓ choose a step of the tree", Style(dim=True)))

    def show(self, growth: Growth, step: Step) -> None:
        """Show a step under those before it."""
        self._text.update(full_text(growth, step, dark=self.app.current_theme.dark))
        self.scroll_end(animate=False)


def full_text(growth: Growth, step: Step, *, dark: bool) -> Text:
    """Write a step out, under those before it."""
    path = growth.path(step.id)
    text = Text()
    for before in path[:-1]:
        text.append(_reward(before), reward_style(before.reward, dark=dark) + Style(dim=True))
        text.append(f"{inline(before.text)}\n", Style(dim=True))
    text.append(_reward(step), reward_style(step.reward, dark=dark) + Style(bold=True))
    lines = block(step.text)
    text.append("\n     ".join(lines), Style(bold=True))
    if step.answer is not None:
        text.append(f"\n     answer  {inline(step.answer)}", Style(bold=True))
    text.append(f"\n{about(growth, step)}", Style(dim=True))
    return text


def about(growth: Growth, step: Step) -> str:
    """Say what is known of a step beside its text."""
    place = growth.place(step.id)
    line = growth.lines()[place] if place is not None else Line(step, "", (step,))
    known = [f"step {step.depth}", f"{step.n_tokens} tokens", _ENDS[step.finish]]
    if len(line.equals) > 1:
        known.append(f"written by {len(line.equals)} branches (≡)")
    if line.width:
        known.append(f"given {line.width} branch{'es' if line.width > 1 else ''}")
    if line.is_given_up:
        known.append("given up")
    if line.is_on(growth.best_path):
        known.append("in the best solution")
    return " · ".join(known)


def _reward(step: Step) -> str:
    return "  ·  " if step.reward is None else f"{step.reward:.2f} "
