"""The vote: the leading answer large, and every candidate with its weight, which shifts as solutions come in."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from edge_solver.core.budget import Cap
from edge_solver.quantities import show
from edge_solver.tui.caps import KINDS
from edge_solver.tui.growth import Growth
from edge_solver.tui.look import colour
from edge_solver.tui.steps import inline
from edge_solver.tui.widgets.part import Part

_ENDS = {"complete": "every branch is finished", "decided": "the vote was decided", "cancelled": "stopped by you"}
_SHIFT = 0.005
"""Smallest change of a weight that is shown."""
DOUBTFUL = 0.3
"""Chances below this come with a warning."""


class Answers(Part):
    """Shows how a growth's vote stands."""

    def __init__(self, growth: Growth, *, id: str | None = None, classes: str | None = None) -> None:
        """Show a growth."""
        super().__init__(growth, id=id, classes=classes)
        self.state = ""
        """What is going on while there is nothing else to say."""

    def look(self) -> object:
        """Return the vote, and what is said beside it."""
        growth = self.growth
        return growth.candidates, growth.shifts, growth.confidence, growth.started, growth.solution, self.state

    def render(self) -> Text:
        """Draw the verdict and the candidates."""
        rows = [self._verdict()]
        if self.compact:
            rows.append(self._rivals() if len(self.growth.candidates) > 1 else self._reason())
            return Text("\n").join(rows)
        rows.append(self._reason())
        candidates, room = self.growth.candidates, self._room
        most = max((candidate.weight for candidate in candidates), default=0.0)
        shown = candidates if len(candidates) <= room else candidates[: room - 1]
        rows.extend(self._row(candidate.answer, candidate.weight, candidate.votes, most) for candidate in shown)
        if len(candidates) > room:
            rows.append(Text(f"and {len(candidates) - room + 1} more", self._dim))
        return Text("\n").join(rows)

    def _rivals(self) -> Text:
        """Name the others on one line."""
        rivals = " · ".join(f"{inline(rival.answer)} {rival.weight:.2f}" for rival in self.growth.candidates[1:])
        line = Text(f"or {rivals}", self._dim)
        line.truncate(self.size.width, overflow="ellipsis")
        return line

    @property
    def _room(self) -> int:
        """How many candidates there is room for."""
        rows = self.app.size.height
        return 4 if rows < 34 else 8 if rows < 50 else 16  # noqa: PLR2004

    def get_content_height(self, *_: object) -> int:
        """Be as high as there are candidates."""
        return 2 if self.compact else 2 + min(len(self.growth.candidates), self._room)

    def _verdict(self) -> Text:
        growth = self.growth
        if not growth.candidates:
            words = "no answer yet" if growth.solution is None else "no answer"
            return Text(words, self._dim)
        answer = inline(growth.candidates[0].answer)
        doubtful = self._is_chance and growth.confidence < DOUBTFUL
        shade = colour(self.app, "warning" if doubtful else "success")
        line = Text().append(f" {answer} ", Style(color=shade, bold=True, reverse=True))
        line.append(f"  {growth.confidence:.0%}", Style(color=shade, bold=True))
        return line.append(": doubtful" if doubtful else " sure" if self._is_chance else " of the vote", self._dim)

    @property
    def _is_chance(self) -> bool:
        """Whether the confidence is the chance that the answer is right; otherwise it is the vote's share."""
        growth = self.growth
        if growth.solution is not None:
            return growth.solution.solvable is not None
        return growth.started is not None and growth.started.prm is not None

    def _reason(self) -> Text:
        solution = self.growth.solution
        if solution is None:
            return Text(self.state, self._dim)
        if solution.stopped_by in _ENDS:
            words = _ENDS[solution.stopped_by]
        else:
            cap = Cap(solution.stopped_by)
            limit = show(solution.budget.of(cap), KINDS[cap])
            useful = solution.smallest_useful.of(cap) if solution.smallest_useful else None
            words = f"{limit} reached" if self.compact else f"the cap of {limit} was reached"
            if useful:
                more = show(useful, KINDS[cap])
                words += f"; try about {more}" if self.compact else f"; about {more} would do"
        return Text(words, self._dim)

    def _row(self, answer: str, weight: float, votes: int, most: float) -> Text:
        growth = self.growth
        width = self.size.width
        shift = growth.shifts.get(answer, 0.0)
        moved = "▲" if shift > _SHIFT else "▼" if shift < -_SHIFT else " "
        right = f"{weight:6.2f}{moved} {votes:>3} vote{'s' if votes != 1 else ' '}"
        name_room = max(6, min(18, width // 3))
        bar_room = max(0, width - name_room - len(right) - 2)
        name = Text(inline(answer))
        name.truncate(name_room, overflow="ellipsis", pad=True)
        line = name.append(" ")
        full = round(bar_room * weight / most) if most > 0 else 0
        leads = answer == growth.candidates[0].answer
        shade = colour(self.app, "success" if leads else "secondary")
        line.append("━" * full, Style(color=shade)).append(" " * (bar_room - full + 1))
        return line.append(right, Style(bold=leads))

    @property
    def _dim(self) -> Style:
        return Style(dim=True)
