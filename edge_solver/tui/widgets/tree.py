"""The tree, one line a step, drawn line by line: what is not on the screen costs nothing.

A line tells a step's reward as colour and number, the branches that were given to it, how it hangs in the tree, its
text, how many branches wrote it where several did, and the answer where it gives one. Steps that were given up are dim,
the leading solution is bright.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from edge_solver.core.tree import Finish
from edge_solver.tui.growth import Growth, Line, Step
from edge_solver.tui.look import reward_style
from edge_solver.tui.steps import fitted, inline

DEEPEST, DEEPEST_SHARE = 24, 0.25
"""Most columns of guide that are drawn, and most of the width; what hangs deeper is told by its depth."""
_LEAST_TEXT = 8
"""Columns that a step's text keeps beside its answer."""
_MARKS = {Finish.LENGTH: " ⨯ too long", Finish.BUDGET: " ✂ budget"}


class TreeView(ScrollView, can_focus=True):
    """Shows a growth, and which of its steps is selected."""

    COMPONENT_CLASSES = {
        "tree--text",
        "tree--best",
        "tree--dim",
        "tree--guide",
        "tree--answer",
        "tree--cursor",
        "tree--cursor-blurred",
    }
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False, id="tree.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="tree.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="tree.page_up"),
        Binding("pagedown,space", "page(1)", "Page down", show=False, id="tree.page_down"),
        Binding("home", "edge(0)", "Top", show=False, id="tree.home"),
        Binding("end", "edge(-1)", "Bottom", show=False, id="tree.end"),
        Binding("left,h", "parent", "To the step before", show=False, id="tree.parent"),
        Binding("right,l", "child", "To the best step after", show=False, id="tree.child"),
        Binding("b", "best", "Best answer", show=False, id="tree.best"),
        Binding("a", "next_answer", "Next answer", show=False, id="tree.answer"),
        Binding("f", "follow", "Follow", show=False, id="tree.follow"),
        Binding("enter", "open", "Read", id="tree.open"),
    ]

    selected: reactive[int | None] = reactive(None)
    """Id of the selected step."""

    class Selected(Message):
        """Another step was selected."""

        def __init__(self, view: TreeView, step: Step) -> None:
            """Say which, in which tree."""
            super().__init__()
            self.view, self.step = view, step

    class Opened(Selected):
        """A step is to be read in full."""

    def __init__(self, growth: Growth, *, id: str | None = None, classes: str | None = None) -> None:
        """Show a growth; call ``refresh_tree`` when it has changed."""
        super().__init__(id=id, classes=classes)
        self.growth = growth
        self.follows = False
        """Whether the newest step is kept in view."""
        self.moved = False
        """Whether the user has chosen a step."""
        self._styles: dict[str, Style] | None = None
        self._drawn: dict[int, tuple[object, ...] | None] = {}
        """What was drawn last by the row of the window."""

    # --- what is shown ---

    def show(self, growth: Growth) -> None:
        """Show another growth from its beginning."""
        self.growth, self.moved, self.selected = growth, False, None
        self.scroll_to(0, 0, animate=False)
        self.refresh_tree()
        self.refresh()

    def refresh_tree(self) -> None:
        """Draw again; the selected step stays where it is on the screen while lines come in above it."""
        lines = self.growth.lines()
        before = self.virtual_size.height
        place = self.growth.place(self.selected) if self.selected is not None else None
        if len(lines) != before:
            offset = self._row_of_cursor
            self._grow_to(len(lines))
            if place is not None and self.moved and offset is not None:
                self.scroll_to(y=max(0, place - offset), animate=False, immediate=True)
            elif self.follows and (newest := self.growth.place(self.growth.newest)) is not None:
                self._bring(newest)
        if place is not None:
            self._row_of_cursor = place - self.scroll_offset.y
        self._refresh_rows()

    _row_of_cursor: int | None = None

    def _grow_to(self, height: int) -> None:
        """Let so many lines be scrolled; only where a scroll bar comes or goes is the whole screen laid out again."""
        size = Size(self.scrollable_content_region.width, height)
        if (height > self.container_size.height) != self.show_vertical_scrollbar:
            self.virtual_size = size
            return
        self.set_reactive(TreeView.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = height

    def _refresh_rows(self) -> None:
        """Draw the rows again that look otherwise than they were drawn; most frames change few of them."""
        top = self.scroll_offset.y
        for row in range(self.scrollable_content_region.height):
            if self._drawn.get(row) != self._look_of(row + top):
                self.refresh_line(row + top)

    def _look_of(self, number: int) -> tuple[object, ...] | None:
        """Return all that the looks of a line depend on beside theme, width and focus."""
        lines = self.growth.lines()
        if number >= len(lines):
            return None
        line = lines[number]
        step, best = line.step, line.is_on(self.growth.best_path)
        chosen = self.selected is not None and self.growth.place(self.selected) == number
        return step.id, line.guide, step.reward, line.width, line.is_given_up, len(line.equals), best, chosen

    def choose(self, step: int, *, by_user: bool = True) -> None:
        """Select a step and bring it into view."""
        place = self.growth.place(step)
        if place is None:
            return
        self.moved = self.moved or by_user
        self.selected = step
        self._bring(place)
        self._row_of_cursor = place - self.scroll_offset.y
        self.post_message(self.Selected(self, self.growth.steps[step]))

    def _bring(self, place: int) -> None:
        top = self.scroll_offset.y
        if not top <= place < top + self.size.height:
            far = not top - 1 <= place <= top + self.size.height
            self.scroll_to_region(Region(0, place, 1, 1), center=far, animate=False, immediate=True)

    def watch_selected(self) -> None:
        """Draw the cursor where it is now."""
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget colours of another theme."""
        self._styles = None
        super().notify_style_update()

    def on_resize(self, _: events.Resize) -> None:
        """Keep the size of what may be scrolled."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.growth.lines()))
        if self.selected is not None and (place := self.growth.place(self.selected)) is not None:
            self.call_after_refresh(self._bring, place)

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        """Draw the line on row ``y`` of the window."""
        width = self.scrollable_content_region.width
        number = y + self.scroll_offset.y
        lines = self.growth.lines()
        self._drawn[y] = self._look_of(number)
        styles = self._styles = self._styles or self._read_styles()
        if number >= len(lines):
            return Strip.blank(width, styles["ground"])
        line = lines[number]
        if self.selected is not None and self.growth.place(self.selected) == number:
            ground = styles["cursor" if self.has_focus else "cursor-blurred"]
        else:
            ground = styles["ground"]
        return (
            Strip(self._segments(line, styles, width))
            .adjust_cell_length(width, ground)
            .apply_style(Style(bgcolor=ground.bgcolor))
        )

    def _segments(self, line: Line, styles: dict[str, Style], room: int) -> list[Segment]:
        step, guide = line.step, line.guide
        best = line.is_on(self.growth.best_path)
        dim = line.is_given_up or step.finish in _MARKS
        text = styles["best" if best else "dim" if dim else "text"]
        reward = reward_style(step.reward, dark=self.app.current_theme.dark)
        if dim and not best:
            reward = reward + Style(dim=True)
        figure = " ·   " if step.reward is None else f"{step.reward:.2f} "
        width = f"×{line.width}" if line.width > 1 else ""
        deepest = min(DEEPEST, max(_LEAST_TEXT, int(room * DEEPEST_SHARE)))
        shown = guide if len(guide) <= deepest else f"⋯{step.depth:<3}{guide[-deepest + 4 :]}"
        before = [
            Segment("▌" if best else " ", styles["answer"]),
            Segment(figure, reward),
            Segment(f"{width:<4}", styles["guide"]),
            Segment(shown, styles["guide"]),
        ]
        after = []
        if len(line.equals) > 1:
            after.append(Segment(f" ≡{len(line.equals)}", styles["guide"]))
        if step.answer is not None:
            after.append(Segment(f" ➜ {inline(step.answer)}", styles["answer"] if best else text))
        elif step.finish in _MARKS:
            after.append(Segment(_MARKS[step.finish], styles["dim"]))
        elif line.is_given_up:
            after.append(Segment(" ⊘", styles["dim"]))
        left = room - Segment.get_line_length(before) - Segment.get_line_length(after)
        return [*before, Segment(fitted(inline(step.text), max(_LEAST_TEXT, left)), text), *after]

    def _read_styles(self) -> dict[str, Style]:
        names = ("text", "best", "dim", "guide", "answer", "cursor", "cursor-blurred")
        styles = {name: self.get_component_rich_style(f"tree--{name}") for name in names}
        ground = {"cursor", "cursor-blurred"}
        kept = {
            name: style if name in ground else Style(color=style.color, bold=style.bold)
            for name, style in styles.items()
        }
        return {**kept, "ground": self.rich_style}

    # --- moving ---

    def _choose_line(self, number: int) -> None:
        lines = self.growth.lines()
        if lines:
            self.choose(lines[min(max(number, 0), len(lines) - 1)].step.id)

    @property
    def _at(self) -> int:
        place = self.growth.place(self.selected) if self.selected is not None else None
        return -1 if place is None else place

    def action_move(self, by: int) -> None:
        """Go up or down by lines."""
        self._choose_line(self._at + by)

    def action_page(self, by: int) -> None:
        """Go up or down by a window."""
        self._choose_line(self._at + by * max(1, self.size.height - 1))

    def action_edge(self, end: int) -> None:
        """Go to the first or the last line."""
        self._choose_line(0 if end == 0 else len(self.growth.lines()))

    def action_parent(self) -> None:
        """Go to the step before."""
        if self.selected is not None:
            self.choose(self.growth.steps[self.selected].parent)

    def action_child(self) -> None:
        """Go to the step after, the best one where there are several."""
        growth, at = self.growth, self._at
        equals = growth.lines()[at].equals if at >= 0 else (growth.root,)
        after = [child for step in equals for child in step.children]
        if after:
            self.choose(max(after, key=lambda child: (growth.steps[child].reward or 0.0, -child)))

    def action_best(self) -> None:
        """Go to the leading answer."""
        if self.growth.best is not None:
            self.choose(self.growth.best)

    def action_next_answer(self) -> None:
        """Go to the next answer below."""
        lines, at = self.growth.lines(), self._at
        order = [*range(at + 1, len(lines)), *range(at + 1)]
        for number in order:
            if lines[number].step.answer is not None:
                self._choose_line(number)
                return

    def action_follow(self) -> None:
        """Keep the newest step in view, or no longer."""
        self.follows = not self.follows
        self.moved = False
        self.app.notify("following the newest step" if self.follows else "no longer following", timeout=2)

    def action_open(self) -> None:
        """Read the selected step in full."""
        if self.selected is not None:
            self.post_message(self.Opened(self, self.growth.steps[self.selected]))

    def on_click(self, event: events.Click) -> None:
        """Select the step on a line; a second time opens it."""
        number = event.y + self.scroll_offset.y
        lines = self.growth.lines()
        if number < len(lines):
            again = number == self._at
            self._choose_line(number)
            if again:
                self.action_open()
