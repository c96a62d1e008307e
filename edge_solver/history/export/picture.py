"""A run as a picture of its tree, in SVG: no scripts, no fonts, no links; light or dark as its reader prefers.

From left to right a step a column. Colour is the reward, thickness the share of the branches that went this way; what
was given up is dim, the best path bright and numbered, and its steps stand below. Full texts are in tooltips.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from edge_solver.core.budget import Cap
from edge_solver.core.events import Event
from edge_solver.core.replay import Replay
from edge_solver.core.solution import Solution
from edge_solver.core.tree import Finish, Node
from edge_solver.history.export.layout import Layout, layout
from edge_solver.history.store import Run
from edge_solver.quantities import Kind, show

_WIDTH = 1000
"""Units; a tree with many steps takes more, up to ``_WIDEST``."""
_WIDEST = 1800
_MARGIN = 36
_ANSWERS = 130
"""Room for answers, to the right of the tree."""
_TALLEST = 1500
"""Units that the rows of a tree with many branches share."""
_NARROWEST = 3.0
"""Units of a row, even so."""
_SHADES = 10
_TOOLTIP = 400
"""Most characters."""
_CLOSED = {Finish.LENGTH: "closed: too long", Finish.BUDGET: "cut off by the budget"}

# Colours of rewards 0, ½ and 1: they differ in lightness too, for eyes that do not tell red from green.
_LIGHT = ((176, 42, 48), (201, 138, 27), (22, 132, 96))
_DARK = ((214, 84, 84), (224, 172, 72), (92, 214, 160))


def picture(run: Run, events: Sequence[Event]) -> str:
    """Return the picture as an SVG document."""
    replay = Replay(events)
    drawing = _Drawing(replay, layout(replay.tree))
    head, foot = _head(run, replay.solution, drawing.width), _steps(replay.solution, drawing.width)
    top = 36 + 22 * len(head) + 14
    below = top + drawing.height + 34
    height = below + 58 + 20 * len(foot)
    size = f'width="{_n(drawing.width)}" height="{_n(height)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(drawing.width)} {_n(height)}" {size} role="img">',
        f"<title>{_xml(f'Search tree of run {run.id}: {replay.started.problem[:_TOOLTIP]}')}</title>",
        f"<style>{_style()}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        *(_text(_MARGIN, 36 + 22 * at, words, style) for at, (words, style) in enumerate(head)),
        f'<g transform="translate(0 {_n(top)})">',
        *drawing.lines(),
        *drawing.nodes(),
        "</g>",
        *_legend(_MARGIN, below),
        *(_text(_MARGIN, below + 46 + 20 * at, number, "mark") for at, (number, _) in enumerate(foot)),
        *(_text(_MARGIN + 24, below + 46 + 20 * at, words, "step") for at, (_, words) in enumerate(foot)),
        "</svg>\n",
    ]
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The tree itself: lines first, nodes over them."""

    replay: Replay
    places: Layout

    @property
    def column(self) -> float:
        room = min(_WIDEST, max(_WIDTH, self.height)) - 2 * _MARGIN - _ANSWERS
        return max(26.0, min(240.0, room / max(self.replay.tree.depth, 1)))

    @property
    def spacing(self) -> float:
        return max(_NARROWEST, min(26.0, _TALLEST / self.places.rows))

    @property
    def width(self) -> float:
        return max(_WIDTH, 2 * _MARGIN + _ANSWERS + self.column * self.replay.tree.depth)

    @property
    def height(self) -> float:
        return self.spacing * self.places.rows

    @property
    def best(self) -> dict[int, int]:
        """The nodes of the best path with their numbers."""
        return {node.id: number for number, node in enumerate(self.replay.best_path, start=1)}

    def lines(self) -> Iterator[str]:
        best = self.best
        steps = self.replay.tree.steps
        for node in steps:
            if node.id in best:
                yield f'<path class="halo" d="{self._curve(node)}" stroke-width="{_n(self._thickness(node) + 7)}"/>'
        for node in sorted(steps, key=lambda node: node.id in best):
            style = f"line {_shade(node.reward)}{self._dim(node, best)}"
            yield f'<path class="{style}" d="{self._curve(node)}" stroke-width="{_n(self._thickness(node))}"/>'

    def nodes(self) -> Iterator[str]:
        best = self.best
        x, y = self._at(self.replay.tree.root)
        yield f'<rect class="root" x="{_n(x - 6)}" y="{_n(y - 6)}" width="12" height="12" rx="3"/>'
        for node in self.replay.tree.steps:
            yield from self._node(node, best)
        yield from self._answers(best)

    def _answers(self, best: dict[int, int]) -> Iterator[str]:
        """Write the answers beside their nodes, the best one's first, and others where there is still room."""
        size = min(13.0, max(8.0, self.spacing - 1))
        taken: dict[int, list[float]] = {}
        leaves = [node for node in self.replay.tree.answers() if node.answer is not None]
        for node in sorted(leaves, key=lambda node: (node.id not in best, self.places.row[node.id])):
            x, y = self._at(node)
            if any(abs(y - other) < size for other in taken.setdefault(node.depth, [])[-1:] + taken[node.depth][:1]):
                continue
            taken[node.depth].append(y)
            style = "found best" if node.id in best else "found"
            right = x + (14 if node.id in best else 11)
            words = _xml(_clip(node.answer or "", int(_ANSWERS / size * 1.6)))
            yield f'<text class="{style}" x="{_n(right)}" y="{_n(y + size / 3)}" font-size="{_n(size)}">{words}</text>'

    def _node(self, node: Node, best: dict[int, int]) -> Iterator[str]:
        x, y = self._at(node)
        number = best.get(node.id)
        small = min(1.0, max(0.45, self.spacing / 14))
        radius = 9.0 if number else small * (3 + 3 * (node.reward or 0.0))
        yield f'<g class="{_shade(node.reward)}{self._dim(node, best)}"><title>{_xml(_tooltip(node))}</title>'
        if node.finish in _CLOSED:
            yield f'<path class="cut" d="{_cross(x, y, max(2.5, 4 * small))}"/>'
        else:
            ring = ' class="answer"' if node.finish is Finish.ANSWER else ""
            yield f'<circle{ring} cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'
        if number:
            yield f'<text class="number" x="{_n(x)}" y="{_n(y + 3.5)}">{number}</text>'
        yield "</g>"

    def _at(self, node: Node) -> tuple[float, float]:
        return _MARGIN + 6 + self.column * node.depth, self.spacing * self.places.row[node.id]

    def _curve(self, node: Node) -> str:
        assert node.parent is not None
        (x, y), (to_x, to_y) = self._at(self.replay.tree[node.parent]), self._at(node)
        middle = _n((x + to_x) / 2)
        return f"M{_n(x)} {_n(y)}C{middle} {_n(y)} {middle} {_n(to_y)} {_n(to_x)} {_n(to_y)}"

    def _thickness(self, node: Node) -> float:
        most = min(9.0, max(self.spacing, 6.0))
        share = self.places.ends[node.id] / max(self.places.ends.values())
        return 1 + (most - 1) * math.sqrt(share)

    def _dim(self, node: Node, best: dict[int, int]) -> str:
        if node.id in best:
            return " best"
        return " pruned" if self.replay.tree.is_pruned(node.id) or node.finish in _CLOSED else ""


def _head(run: Run, solution: Solution, width: float) -> list[tuple[str, str]]:
    """Return the lines above the tree, with their styles."""
    room = int((width - 2 * _MARGIN) / 8.6)
    spent, energy = solution.spent, solution.spent.joules
    bill = [show(spent.flops, Kind.FLOPS), show(spent.tokens_generated, Kind.TOKENS), show(spent.seconds, Kind.SECONDS)]
    if energy.value is not None:
        bill.append(f"{show(energy.value, Kind.JOULES)} ({energy.label})")
    answer = "no answer"
    if solution.answer is not None:
        answer = f"{_clip(solution.answer, 40)}   confidence {solution.confidence:.0%}"
    used, tree = solution.strategy, solution.tree
    made = f"{used.name}, width {used.width} · {run.model} · {tree.nodes - 1} steps, {tree.leaves} whole solutions"
    lines = [(text, "problem") for text in _wrapped(solution.problem, room, 3)]
    return [*lines, (answer, "result"), (made, "small"), (" · ".join([*bill, _end(solution)]), "small")]


def _end(solution: Solution) -> str:
    capped = any(solution.stopped_by == cap.value for cap in Cap)
    return f"stopped by the cap on {solution.stopped_by}" if capped else solution.stopped_by


def _steps(solution: Solution, width: float) -> list[tuple[str, str]]:
    """Return the steps of the best path in lines, the first of each with its number in the tree."""
    room = int((width - 2 * _MARGIN - 24) / 6.6)
    lines: list[tuple[str, str]] = []
    for number, step in enumerate(solution.best_path, start=1):
        reward = "" if step.reward is None else f" ({step.reward:.2f})"
        wrapped = _wrapped(f"{step.step}{reward}", room, 4)
        lines += [(str(number) if at == 0 else "", text) for at, text in enumerate(wrapped)]
    return lines


def _legend(x: float, y: float) -> Iterator[str]:
    """Explain the signs, in one row."""
    yield _text(x, y + 4, "reward 0", "small")
    for shade in range(_SHADES):
        yield f'<rect class="s{shade}" x="{_n(x + 60 + 9 * shade)}" y="{_n(y - 5)}" width="9" height="10"/>'
    yield _text(x + 156, y + 4, "1", "small")
    yield f'<path class="line s8" d="M{_n(x + 190)} {_n(y)}h14" stroke-width="2"/>'
    yield f'<path class="line s8" d="M{_n(x + 208)} {_n(y)}h14" stroke-width="7"/>'
    yield _text(x + 230, y + 4, "more branches", "small")
    yield f'<g class="s8"><circle class="answer" cx="{_n(x + 346)}" cy="{_n(y)}" r="5"/></g>'
    yield _text(x + 358, y + 4, "answer", "small")
    yield f'<path class="halo" d="M{_n(x + 425)} {_n(y)}h24" stroke-width="10"/>'
    yield f'<path class="line s8" d="M{_n(x + 425)} {_n(y)}h24" stroke-width="3"/>'
    yield _text(x + 457, y + 4, "best path", "small")
    yield f'<g class="s3 pruned"><path class="line s3" d="M{_n(x + 537)} {_n(y)}h24" stroke-width="3"/></g>'
    yield _text(x + 569, y + 4, "given up", "small")
    yield f'<g class="s3"><path class="cut" d="{_cross(x + 652, y, 4)}"/></g>'
    yield _text(x + 664, y + 4, "cut off", "small")
    yield f'<g class="s"><circle cx="{_n(x + 738)}" cy="{_n(y)}" r="4"/></g>'
    yield _text(x + 750, y + 4, "not scored", "small")


def _style() -> str:
    """Return the style sheet; colours are given twice, and nothing else depends on the theme."""
    rules = """
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink);white-space:pre}
.page{fill:var(--page)}.root{fill:var(--ink)}
.problem{font-size:16px;font-weight:600}.result{font-size:15px;font-weight:600;fill:var(--accent)}
.small{font-size:12px;fill:var(--soft)}.step,.mark{font-size:13px}.mark{font-weight:700;fill:var(--accent)}
.line{fill:none;stroke:currentColor;stroke-linecap:round;opacity:.75}
.halo{fill:none;stroke:var(--accent);stroke-linecap:round;opacity:.28}
circle,rect{fill:currentColor}.answer{stroke:var(--ink);stroke-width:1.5}
.cut{stroke:currentColor;stroke-width:2;stroke-linecap:round}
.s circle{fill:var(--page);stroke:currentColor;stroke-width:1.5}
.line.best,.best{opacity:1}.pruned{opacity:.3}.line.pruned{opacity:.22}
.number{font-size:10px;font-weight:700;text-anchor:middle;fill:var(--page)}
.found{fill:var(--soft)}.found.best{fill:var(--accent);font-weight:700}
"""
    light = _theme("#ffffff", "#1d2330", "#5c6675", "#2757c9", _LIGHT)
    dark = _theme("#11151c", "#e6eaf2", "#98a3b5", "#8db4ff", _DARK)
    return f"{rules}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _theme(page: str, ink: str, soft: str, accent: str, scale: Sequence[tuple[int, int, int]]) -> str:
    shades = "".join(f".s{shade}{{color:{_mixed(scale, shade / (_SHADES - 1))}}}" for shade in range(_SHADES))
    return f"svg{{--page:{page};--ink:{ink};--soft:{soft};--accent:{accent}}}.s{{color:{soft}}}{shades}"


def _mixed(scale: Sequence[tuple[int, int, int]], share: float) -> str:
    low, middle, high = scale
    first, second, between = (low, middle, share * 2) if share < 0.5 else (middle, high, share * 2 - 1)  # noqa: PLR2004
    return "#" + "".join(f"{round(a + (b - a) * between):02x}" for a, b in zip(first, second, strict=True))


def _shade(reward: float | None) -> str:
    """Return the class of a reward's colour."""
    if reward is None:
        return "s"
    return f"s{min(_SHADES - 1, max(0, int(reward * _SHADES)))}"


def _cross(x: float, y: float, size: float) -> str:
    return (
        f"M{_n(x - size)} {_n(y - size)}l{_n(2 * size)} {_n(2 * size)}m0 {_n(-2 * size)}l{_n(-2 * size)} {_n(2 * size)}"
    )


def _tooltip(node: Node) -> str:
    reward = "not scored" if node.reward is None else f"reward {node.reward:.2f}"
    ended = f", {_CLOSED[node.finish]}" if node.finish in _CLOSED else ""
    return f"step {node.depth}, {reward}{ended}\n{_clip(node.text, _TOOLTIP)}"


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text class="{style}" x="{_n(x)}" y="{_n(y)}">{_xml(words)}</text>'


def _wrapped(text: str, room: int, most: int) -> list[str]:
    """Break text into at most so many lines of so many columns."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if not lines[-1] or _columns(longer) <= room:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += " …"
            break
    return [_clip(line, room) for line in lines]


def _clip(text: str, room: int) -> str:
    flat = " ".join(text.split())
    if _columns(flat) <= room:
        return flat
    kept = 0
    for index, character in enumerate(flat):
        kept += _columns(character)
        if kept >= room:
            return flat[:index] + "…"
    return flat


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _xml(text: str) -> str:
    """Return text that XML can hold; what it cannot is made visible."""
    shown = (
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn", "Co") else "\ufffd" for c in text
    )
    return escape("".join(shown), {'"': "&quot;"})


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
