"""The bill while it grows: FLOPs, joules, tokens and seconds against their caps, where they go, and how fast."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from edge_solver.core.budget import Budget, Cap
from edge_solver.core.solution import Spent
from edge_solver.quantities import show
from edge_solver.tui.caps import KINDS
from edge_solver.tui.growth import Growth
from edge_solver.tui.look import PARTS, colour
from edge_solver.tui.widgets.part import Part
from edge_solver.wording import joules

NEARLY, ALMOST = 0.6, 0.9
"""Shares of a cap from which its gauge changes its colour."""
_NAMES = {Cap.FLOPS: "FLOPs", Cap.JOULES: "energy", Cap.TOKENS: "tokens", Cap.SECONDS: "time"}
_LABEL = 8
_BARS = "▁▂▃▄▅▆▇█"


class Gauges(Part):
    """Shows a growth's bill: on a line each, or with ``compact`` on two lines."""

    def __init__(self, growth: Growth, *, id: str | None = None, classes: str | None = None) -> None:
        """Show a growth."""
        super().__init__(growth, id=id, classes=classes)
        self.budget = Budget()
        """Caps that are shown before a search has begun."""
        self._strips: list[Strip] = []

    def look(self) -> object:
        """Return the bill, and what it is set against."""
        growth = self.growth
        return growth.spent, growth.live, len(growth.paces), growth.started, growth.solution, self.budget

    def lines(self) -> list[Text]:
        """Draw all gauges."""
        budget = self.growth.started.budget if self.growth.started else self.budget
        return self._few(budget) if self.compact else self._all(budget)

    def render_line(self, y: int) -> Strip:
        """Draw a line: every frame has these, and text costs several times as much on its way through Textual."""
        if y == 0:  # all are drawn again, or none
            self._strips = self._drawn_lines()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _drawn_lines(self) -> list[Strip]:
        width, ground, console = self.size.width, self.rich_style, self.app.console
        strips = []
        for line in self.lines():
            line.truncate(width, overflow="ellipsis", pad=True)
            strips.append(Strip(Segment.apply_style(line.render(console), ground), width))
        return strips

    def _all(self, budget: Budget) -> list[Text]:
        lines = [self._gauge(cap, budget) for cap in (Cap.FLOPS, Cap.JOULES, Cap.TOKENS, Cap.SECONDS)]
        return [*lines, self._split(), self._speed()]

    def _few(self, budget: Budget) -> list[Text]:
        spent = self.growth.spent
        bill = Text("  ").join(Text(_short(cap, spent)) for cap in _NAMES)
        lines = [bill]
        if budget.caps:
            room = max(2, self.size.width // len(budget.caps) - 14)
            gauges = Text("  ")
            lines.append(gauges.join(self._small_gauge(cap, budget.of(cap) or 1.0, room) for cap in budget.caps))
        return [*lines, self._speed(points=max(0, self.size.width - 34))]

    def _small_gauge(self, cap: Cap, limit: float, room: int) -> Text:
        share = min(1.0, _used(self.growth.spent, cap) / limit)
        gauge = self._label(f"{_NAMES[cap]} ").append_text(_bar(share, room, self._alarm(share), self._style("rail")))
        return gauge.append(f" {share:.0%}", self._alarm(share))

    def get_content_height(self, *_: object) -> int:
        """Be as high as there are lines."""
        started = self.growth.started
        return 2 + bool((started.budget if started else self.budget).caps) if self.compact else 6

    def _gauge(self, cap: Cap, budget: Budget) -> Text:
        spent, limit = self.growth.spent, budget.of(cap)
        line = self._label(_NAMES[cap])
        figure = _figure(cap, spent)
        if limit is None:
            return line.append(figure)
        share = min(1.0, _used(spent, cap) / limit)
        right = f" {_short(cap, spent)} / {show(limit, KINDS[cap])}".replace(" tok /", " /")
        room = max(4, self.size.width - _LABEL - len(right))
        line.append_text(_bar(share, room, self._alarm(share), self._style("rail")))
        return line.append(right, self._alarm(share) if share >= NEARLY else Style())

    def _split(self) -> Text:
        """Say where the FLOPs go: reading the problem, writing, scoring."""
        line = self._label("goes to")
        spent = self.growth.spent
        if spent is None or not spent.flops:
            return line.append("prompt · decode · PRM", self._style("dim"))
        parts = (spent.flops_prompt, spent.flops_policy - spent.flops_prompt, spent.flops_prm)
        names = [
            f"{name} {part / spent.flops:.0%}" for name, part in zip(("prompt", "decode", "PRM"), parts, strict=True)
        ]
        room = self.size.width - len(line) - len(" ".join(names)) - 1
        if room < 0:
            line, room = Text(), 0
        cells = _shares(parts, room) if room >= 6 else (0, 0, 0)  # noqa: PLR2004 - fewer cells show nothing
        for part, count in zip(PARTS, cells, strict=True):
            line.append("━" * count, self._style(part))
        if any(cells):
            line.append(" ")
        for place, (part, name) in enumerate(zip(PARTS, names, strict=True)):
            line.append(" " * (place > 0) + name, self._style(part))
        return line

    def _speed(self, points: int | None = None) -> Text:
        growth = self.growth
        line = Text() if self.compact else self._label("speed")
        if growth.spent is None:
            return line.append("—", self._style("dim"))
        seconds = growth.spent.seconds
        if growth.solution is not None or not growth.paces:
            pace = growth.spent.tokens_generated / seconds if seconds > 0 else 0.0
        else:
            pace = growth.paces[-1]
        line.append(f"{pace:,.0f} tok/s ")
        room = self.size.width - len(line) - 16 if points is None else points
        line.append(_curve(list(growth.paces), max(0, min(room, 30))), self._style("primary"))
        live = f" {growth.live} branch{'es' if growth.live != 1 else ''}"
        return line.append(live if growth.solution is None else " done", self._style("dim"))
        return line

    def _label(self, name: str) -> Text:
        return Text().append(name if self.compact else f"{name:<{_LABEL}}", self._style("dim"))

    def _alarm(self, share: float) -> Style:
        return self._style("error" if share >= ALMOST else "warning" if share >= NEARLY else "success")

    def _style(self, name: str) -> Style:
        match name:
            case "dim":
                return Style(dim=True)
            case "rail":
                return Style(color=colour(self.app, "panel-lighten-2"), dim=True)
            case _:
                return Style(color=colour(self.app, name))


def _used(spent: Spent | None, cap: Cap) -> float:
    if spent is None:
        return 0.0
    match cap:
        case Cap.FLOPS:
            return spent.flops
        case Cap.JOULES:
            return spent.joules.value or 0.0
        case Cap.SECONDS:
            return spent.seconds
        case Cap.TOKENS:
            return spent.tokens_generated


def _short(cap: Cap, spent: Spent | None) -> str:
    figure = _figure(cap, spent).replace(" tokens", " tok")
    return f"~{figure[1:]}".removesuffix(" (uncalibrated)") if figure.endswith("(uncalibrated)") else figure


def _figure(cap: Cap, spent: Spent | None) -> str:
    if spent is None:
        return "—"
    return joules(spent.joules) if cap is Cap.JOULES else show(_used(spent, cap), KINDS[cap])


def _bar(share: float, room: int, full: Style, rail: Style) -> Text:
    """Draw a bar to half a cell."""
    whole, half = divmod(round(share * room * 2), 2)
    bar = Text().append("━" * whole, full)
    if half:
        bar.append("╸", full)
    return bar.append("━" * (room - whole - half), rail)


def _shares(parts: tuple[int, ...], room: int) -> tuple[int, ...]:
    """Share out cells by size; what is there at all gets one."""
    total = sum(parts)
    cells = [max(1, round(room * part / total)) if part else 0 for part in parts]
    cells[cells.index(max(cells))] += room - sum(cells)
    return tuple(cells)


def _curve(points: list[float], room: int) -> str:
    """Draw the latest points as a line of bars."""
    shown = points[-room:] if room else []
    most = max(shown, default=0.0)
    return "".join(_BARS[min(7, int(point / most * 7.99))] if most > 0 else _BARS[0] for point in shown)
