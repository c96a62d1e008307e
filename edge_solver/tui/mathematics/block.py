"""A formula in two dimensions: boxes of characters joined along their base lines.

Every box is a rectangle: its lines take the same number of terminal columns. A box that no screen could show is
refused, which also bounds the work.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_solver.tui.mathematics import line as one_line
from edge_solver.tui.mathematics.nodes import (
    Accent,
    Boxed,
    DoubtError,
    Fenced,
    Fraction,
    Grid,
    Node,
    Root,
    Row,
    Script,
    Sign,
    Stacked,
    Words,
)
from edge_solver.tui.mathematics.spacing import gaps, kind, kinds
from edge_solver.tui.mathematics.symbols import INTEGRALS, LARGE, SUBSCRIPTS, SUPERSCRIPTS, WITH_LIMITS, Kind

LARGEST = 200_000
"""Columns times lines of the largest box with more than one line."""

_TALL = {
    "(": "⎛⎜⎜⎝", ")": "⎞⎟⎟⎠", "[": "⎡⎢⎢⎣", "]": "⎤⎥⎥⎦", "{": "⎧⎪⎨⎩", "}": "⎫⎪⎬⎭", "|": "││││", "‖": "║║║║",
    "⌊": "⎢⎢⎢⎣", "⌋": "⎥⎥⎥⎦", "⌈": "⎡⎢⎢⎢", "⌉": "⎤⎥⎥⎥",
}  # fmt: skip
"""Top, middle, centre and bottom of delimiters that grow."""
_UPRIGHT = frozenset(LARGE.values()) - INTEGRALS | WITH_LIMITS


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of characters."""

    lines: tuple[str, ...]
    base: int
    """The line that stands on the same height as the text around it."""
    width: int
    """In columns."""


def block(row: Row) -> Box:
    """Lay out a row.

    Raises:
        DoubtError: It cannot be shown.
    """
    items = row.items
    wanted = gaps(items, kinds(items))
    boxes: list[Box] = []
    for index, (item, gap) in enumerate(zip(items, wanted, strict=True)):
        # The line of a fraction would run into a minus sign or another line.
        wide = index > 0 and (_has_edge(item) or _has_edge(items[index - 1])) and kind(item) is not Kind.SPACE
        if gap or (wide and boxes and not boxes[-1].lines[0].isspace()):
            boxes.append(_text(" "))
        boxes.append(_node(item))
    return _beside(boxes)


def cells(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_cell, text))


def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _has_edge(node: Node) -> bool:
    match node:
        case Fraction(binomial=False):
            return True
        case Root(index=index):
            return index is not None
        case Row(items) if items:
            return _has_edge(items[0]) or _has_edge(items[-1])
        case Script(base):
            return _has_edge(base)
        case _:
            return False


def _node(node: Node) -> Box:  # noqa: C901, PLR0911 - one case for each node
    match node:
        case Sign(text) | Words(text):
            return _text(text)
        case Row():
            return block(node)
        case Fraction(over, under, binomial):
            return _fraction(block(over), block(under), binomial=binomial)
        case Root(body, index):
            return _root(block(body), index)
        case Script():
            return _script(node)
        case Fenced(left, body, right):
            return _fence(left, block(body), right)
        case Grid():
            return _fence(node.left, _grid(node), node.right)
        case Boxed(body):
            return _frame(block(body))
        case Accent(mark, body):
            return _accent(mark, body)
        case Stacked(base, below, above):
            return _stack(block(base), below, above)


def _text(text: str) -> Box:
    return Box((text,), 0, cells(text))


def _blank(height: int, width: int) -> tuple[str, ...]:
    return (" " * width,) * height


def _checked(height: int, width: int) -> None:
    if height > 1 and height * width > LARGEST:
        raise DoubtError("too large for any screen")


def _beside(boxes: Sequence[Box]) -> Box:
    """Join boxes from left to right on their base lines."""
    if not boxes:
        return _text("")
    above = max(box.base for box in boxes)
    below = max(len(box.lines) - box.base for box in boxes)
    width = sum(box.width for box in boxes)
    _checked(above + below, width)
    lines = (
        "".join(
            box.lines[at] if 0 <= (at := number - above + box.base) < len(box.lines) else " " * box.width
            for box in boxes
        )
        for number in range(above + below)
    )
    return Box(tuple(lines), above, width)


def _above(boxes: Sequence[Box], base: int, align: str = "centre") -> Box:
    """Put boxes below each other; ``base`` is the number of a line of the result."""
    width = max(box.width for box in boxes)
    _checked(sum(len(box.lines) for box in boxes), width)
    return Box(tuple(line for box in boxes for line in _padded(box, width, align)), base, width)


def _padded(box: Box, width: int, align: str = "centre") -> Iterable[str]:
    room = width - box.width
    left = {"left": 0, "right": room}.get(align, room // 2)
    return (" " * left + line + " " * (room - left) for line in box.lines)


def _fraction(over: Box, under: Box, *, binomial: bool) -> Box:
    if binomial:
        return _fence("(", _above([over, _text(""), under], len(over.lines)), ")")
    # A line within a line is shorter, so that one sees which is which.
    width = max(over.width, under.width, 1) + 2 * (len(over.lines) > 1 or len(under.lines) > 1)
    return _above([over, _text("─" * width), under], len(over.lines))


def _root(body: Box, index: Row | None) -> Box:
    sign = "√"
    if index is not None:
        order = one_line.line(index, spaced=False)
        small = one_line.small(order, SUPERSCRIPTS)
        if small is None:
            raise DoubtError("the index of a root")
        sign = f"{small}√"
    room = " " * (cells(sign) - 1)
    height = len(body.lines)
    if height == 1:
        lines = [f"{room} {'_' * max(body.width, 1)}", f"{sign}{body.lines[0] or ' '}"]
        return Box(tuple(lines), body.base + 1, cells(sign) + max(body.width, 1))
    lines = [f"{room}┌{'─' * (body.width + 1)}"]
    lines += [f"{room}│ {line}" for line in body.lines[:-1]]
    lines.append(f"{sign} {body.lines[-1]}")
    return Box(tuple(lines), body.base + 1, cells(sign) + 1 + body.width)


def _script(node: Script) -> Box:
    base = _node(node.base)
    if _has_limits(node.base):
        return _stack(base, node.below, node.above)
    below, above = _small_or_box(node.below, SUBSCRIPTS), _small_or_box(node.above, SUPERSCRIPTS)
    tall = len(base.lines) > 1
    if isinstance(below, str) and isinstance(above, str):
        if not tall:
            return _beside([base, _text(below + above)])
        return _with_scripts(base, _text(above), _text(below), inside=True)
    return _with_scripts(base, _as_box(node.above), _as_box(node.below), inside=tall)


def _with_scripts(base: Box, upper: Box, lower: Box, *, inside: bool) -> Box:
    """Put scripts to the upper and lower right of a base; ``inside`` lets them share its first and last line."""
    top = len(upper.lines) - inside if upper.width else 0
    bottom = len(lower.lines) - inside if lower.width else 0
    height = top + len(base.lines) + bottom
    width = max(upper.width, lower.width)
    _checked(height, base.width + width)
    lines = [*_blank(top, base.width), *base.lines, *_blank(bottom, base.width)]
    side = list(_blank(height, width))
    if upper.width:
        side[: len(upper.lines)] = list(_padded(upper, width, "left"))
    if lower.width:
        side[height - len(lower.lines) :] = list(_padded(lower, width, "left"))
    joined = tuple(left + right for left, right in zip(lines, side, strict=True))
    return Box(joined, top + base.base, base.width + width)


def _has_limits(node: Node) -> bool:
    return isinstance(node, Sign) and node.kind is Kind.OPERATOR and node.text in _UPRIGHT


def _small_or_box(row: Row | None, letters: Mapping[str, str]) -> str | Box:
    """Return a script as small characters where it has them, else as a box."""
    if row is None:
        return ""
    try:
        text = one_line.small(one_line.line(row, spaced=False), letters)
    except DoubtError:
        text = None
    return block(row) if text is None or any(isinstance(item, Fraction | Root) for item in row.items) else text


def _as_box(row: Row | None) -> Box:
    return _text("") if row is None else block(row)


def _stack(base: Box, below: Row | None, above: Row | None) -> Box:
    upper = [] if above is None else [_tight(above)]
    lower = [] if below is None else [_tight(below)]
    return _above([*upper, base, *lower], sum(len(box.lines) for box in upper) + base.base)


def _tight(row: Row) -> Box:
    """Lay out a limit: without room around operators where it is one line."""
    try:
        text = one_line.line(row, spaced=False)
    except DoubtError:
        return block(row)
    box = block(row)
    return box if len(box.lines) > 1 else _text(text)


def _fence(left: str, body: Box, right: str) -> Box:
    return _beside([*_delimiter(left, body), body, *_delimiter(right, body)])


def _delimiter(sign: str, body: Box) -> list[Box]:
    height = len(body.lines)
    if not sign:
        return []
    if height == 1:
        return [_text(sign)]
    if sign == "/":
        raise DoubtError("a tall slash")
    if sign in "⟨⟩":
        return [Box(tuple(sign if number == body.base else " " for number in range(height)), body.base, 1)]
    top, middle, centre, bottom = tuple(_TALL[sign])
    if height == 2 and sign in "{}":  # noqa: PLR2004 - two lines have no room for a middle
        top, bottom = ("⎰", "⎱") if sign == "{" else ("⎱", "⎰")
    lines = [top, *[middle] * (height - 2), bottom]
    if height > 2:  # noqa: PLR2004 - as above
        lines[min(max(body.base, 1), height - 2)] = centre
    return [Box(tuple(lines), body.base, 1)]


def _grid(node: Grid) -> Box:
    rows = [[block(cell) for cell in row] for row in node.cells]
    columns = max(map(len, rows))
    if columns * len(rows) > LARGEST:
        raise DoubtError("too large for any screen")
    for row in rows:
        row.extend([_text("")] * (columns - len(row)))
    widths = [max(row[column].width for row in rows) for column in range(columns)]
    lines = [_beside(_cells_of(row, widths, node)) for row in rows]
    tall = any(len(line.lines) > 1 for line in lines)
    boxes = [box for line in lines for box in ((line, _text("")) if tall else (line,))][: None if not tall else -1]
    height = sum(len(box.lines) for box in boxes)
    return _above(boxes, lines[0].base if len(rows) == 1 else (height - 1) // 2, "left")


def _cells_of(row: Sequence[Box], widths: Sequence[int], node: Grid) -> list[Box]:
    parts: list[Box] = []
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        align = "centre"
        if node.aligned:
            align = "right" if number % 2 == 0 else "left"
        elif node.left == "{":
            align = "left"
        if number:
            parts.append(_text(" " if node.aligned else "  "))
        parts.append(Box(tuple(_padded(cell, width, align)), cell.base, width))
    return parts


def _frame(body: Box) -> Box:
    bar = "─" * (body.width + 2)
    lines = (f"┌{bar}┐", *(f"│ {line} │" for line in body.lines), f"└{bar}┘")
    return Box(lines, body.base + 1, body.width + 4)


def _accent(mark: str, body: Row) -> Box:
    box = block(body)
    if len(box.lines) == 1 and cells(box.lines[0]) == len(box.lines[0]) == 1:
        return _text(box.lines[0] + mark)
    match mark:
        case "\u0305":
            return _above([_text("_" * max(box.width, 1)), box], box.base + 1)
        case "\u0332":
            return _above([box, _text("‾" * max(box.width, 1))], box.base)
        case "\u20d7":
            return _above([_text("─" * (box.width - 1) + "→"), box], box.base + 1)
        case _:
            raise DoubtError("a mark over more than a letter")
