"""A formula on one line: brackets wherever the line would otherwise be another formula.

``\\frac{a+b}{c}`` becomes ``(a+b)/c``. The rule for every part: it is bracketed unless what stands beside it cannot
reach into it.
"""  # noqa: D301 - one backslash is meant

from __future__ import annotations

from collections.abc import Mapping

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
from edge_solver.tui.mathematics.symbols import SUBSCRIPTS, SUPERSCRIPTS, Kind

_MULTIPLYING = frozenset("×·÷∗*∘/:")
"""A fraction beside one of these would be torn apart."""
_ROOTS = {"": "√", "3": "∛", "4": "∜"}
_FREE = {Kind.BINARY, Kind.RELATION, Kind.PUNCTUATION}


def line(row: Row, *, spaced: bool = True) -> str:
    """Return a row as one line, ``spaced`` with room around operators.

    Raises:
        DoubtError: One line cannot say it.
    """
    items = row.items
    found = kinds(items)
    wanted = gaps(items, found)
    parts: list[str] = []
    for index, (item, own, gap) in enumerate(zip(items, found, wanted, strict=True)):
        if gap and (spaced or not {own, found[index - 1]} & _FREE):
            parts.append(" ")
        parts.append(_guarded(items, found, index) if isinstance(item, Fraction | Root | Grid) else _node(item, spaced))
    return "".join(parts)


def _guarded(items: tuple[Node, ...], found: list[Kind], index: int) -> str:
    """Write a node that its neighbours could reach into."""
    node = items[index]
    free = _is_free(items, found, index - 1, Kind.OPEN) and _is_free(items, found, index + 1, Kind.CLOSE)
    match node:
        case Fraction(binomial=True) | Grid():
            return _node(node, spaced=True)
        case Root(body, index=order):
            alone = _is_free(items, found, index + 1, Kind.CLOSE)
            text = _root(body, order, tight=alone)
            return text if order is None or _is_free(items, found, index - 1, Kind.OPEN) else f"({text})"
        case Fraction() if free:
            return _node(node, spaced=False)
        case Fraction(over, under) if _is_mixed(items, found, index):
            return f" {line(over)}/{line(under)}"  # 3 1/2
        case _:
            return f"({_node(node, spaced=False)})"


def _is_free(items: tuple[Node, ...], found: list[Kind], index: int, edge: Kind) -> bool:
    """Say whether the neighbour at ``index`` keeps apart from what stands beside it."""
    while 0 <= index < len(items) and found[index] is Kind.SPACE:
        index += -1 if edge is Kind.OPEN else 1
    if not 0 <= index < len(items):
        return True
    neighbour = items[index]
    text = neighbour.text if isinstance(neighbour, Sign) else ""
    if text in _MULTIPLYING and found[index] is not Kind.RELATION:
        return False
    if text == "!":
        return False
    if text in ("+", "−", "±", "∓") and edge is Kind.OPEN:
        return True
    return found[index] in _FREE or found[index] is edge


def _is_mixed(items: tuple[Node, ...], found: list[Kind], index: int) -> bool:
    """Say whether a fraction of numbers stands behind a whole number, with nothing behind it."""
    node = items[index]
    assert isinstance(node, Fraction)
    begin = index
    while begin > 0 and _is_number(Row((items[begin - 1],))):
        begin -= 1
    return (
        begin < index
        and _is_number(node.over)
        and _is_number(node.under)
        and _is_free(items, found, begin - 1, Kind.OPEN)
        and _is_free(items, found, index + 1, Kind.CLOSE)
    )


def _is_number(row: Row) -> bool:
    return bool(row.items) and all(
        isinstance(item, Sign) and (item.text.isdigit() or item.text in (".", ",")) for item in row.items
    )


def _node(node: Node, spaced: bool) -> str:  # noqa: C901, FBT001, PLR0911 - one case for each node
    match node:
        case Sign(text) | Words(text):
            return text
        case Row():
            return line(node, spaced=spaced)
        case Fraction(over, under, binomial=True):
            return f"({line(over)} choose {line(under)})"
        case Fraction(over, under):
            return f"{_factor(over)}/{_atom(under)}"
        case Root(body, index):
            return _root(body, index, tight=False)
        case Script():
            return _script(node)
        case Fenced("" as left, _, right) | Fenced(left, _, "" as right):
            raise DoubtError(f"a bracket without another: {left}{right}")
        case Fenced(left, body, right):
            return f"{left}{line(body, spaced=spaced)}{right}"
        case Grid():
            return _grid(node)
        case Boxed(body):
            return f"⟦{line(body)}⟧"
        case Accent(mark, body):
            return _accent(mark, body)
        case Stacked():
            raise DoubtError("one above the other")


def _factor(row: Row) -> str:
    """Write a row so that it can stand in front of a slash."""
    text = line(row, spaced=False)
    depth, plain = 0, True
    for item, own in zip(row.items, kinds(row.items), strict=True):
        depth += (own is Kind.OPEN) - (own is Kind.CLOSE and item != Sign("!", Kind.CLOSE))
        inside = depth > 0 or own is Kind.CLOSE
        plain = plain and depth >= 0
        plain = plain and (inside or (own is Kind.ORDINARY and not isinstance(item, Fraction | Words | Grid)))
    return text if text and plain and depth == 0 and "/" not in text and " " not in text else f"({text})"


def _atom(row: Row) -> str:
    """Write a row so that nothing beside it can reach into it."""
    text = line(row, spaced=False)
    return text if _is_atom(row) else f"({text})"


def _is_atom(row: Row) -> bool:
    return _is_number(row) or (len(row.items) == 1 and _is_atomic(row.items[0]))


def _is_atomic(node: Node) -> bool:
    match node:
        case Sign(text, own):
            return own is Kind.ORDINARY and text not in ("/", "")
        case Row():
            return _is_atom(node)
        case Script(base):
            return _is_atomic(base)
        case Accent(body=body):
            return len(body.items) == 1
        case _:
            return isinstance(node, Fenced | Boxed) or (isinstance(node, Fraction) and node.binomial)


def _root(body: Row, index: Row | None, *, tight: bool) -> str:
    """Write a root; ``tight`` where nothing follows that could be read as part of it."""
    order = "" if index is None else line(index, spaced=False)
    sign = _ROOTS.get(order)
    if sign is None:
        raised = small(order, SUPERSCRIPTS)
        if raised is None:
            raise DoubtError("the index of a root")
        sign = f"{raised}√"
    simple = _is_number(body) or (
        len(body.items) == 1 and isinstance(body.items[0], Sign) and _is_atomic(body.items[0])
    )
    text = line(body, spaced=False)
    return f"{sign}{text}" if simple and tight else f"{sign}({text})"


def _script(node: Script) -> str:
    base = _base(node.base)
    below = "" if node.below is None else _attached(node.below, SUBSCRIPTS, "_")
    above = "" if node.above is None else _attached(node.above, SUPERSCRIPTS, "^")
    return f"{base}{below}{above}"


def _base(node: Node) -> str:
    if isinstance(node, Row) and not node.items:
        return ""
    text = _node(node, spaced=False)
    if isinstance(node, Words) and text.strip().isalpha():
        return text
    bare = isinstance(node, Sign) or _is_atomic(node)
    if isinstance(node, Script) or (
        isinstance(node, Row) and len(node.items) == 1 and isinstance(node.items[0], Script)
    ):
        bare = False
    return text if bare or kind(node) is Kind.OPERATOR else f"({text})"


def _attached(row: Row, letters: Mapping[str, str], mark: str) -> str:
    text = line(row, spaced=False)
    return small(text, letters) or f"{mark}({text})"


def small(text: str, letters: Mapping[str, str]) -> str | None:
    """Return text in small raised or lowered characters, where all of it has them."""
    if not text or any(character not in letters for character in text):
        return None
    return "".join(letters[character] for character in text)


def _grid(node: Grid) -> str:
    if node.aligned:
        return _equations(node)
    rows = [[line(cell) for cell in row] for row in node.cells]
    if node.left == "{":
        rows = [[cell.rstrip(" ,;.") for cell in row] for row in rows]  # what ends a line, where lines end anyway
    if any(sign in cell for row in rows for cell in row for sign in ",;"):
        raise DoubtError("a list within a matrix")
    text = "; ".join(", ".join(row) for row in rows)
    match node.left, node.right:
        case "", "":
            return f"[{text}]" if len(rows) > 1 else text
        case left, "":
            return f"{left}{text}}}"
        case left, right:
            return f"{left}{text}{right}"


def _equations(node: Grid) -> str:
    """Write equations below each other behind each other; one that goes on with a relation simply goes on."""
    text = ""
    for row in node.cells:
        cells = Row(tuple(item for cell in row for item in cell.items))
        if not cells.items:
            continue
        goes_on = kind(cells.items[0]) is Kind.RELATION
        text += (" " if goes_on else "; ") * bool(text) + line(cells)
    return text


def _accent(mark: str, body: Row) -> str:
    text = line(body, spaced=False)
    many = mark == "\u0305" and all(isinstance(item, Sign) for item in body.items)
    if not text or (len(text) > 1 and not many):
        raise DoubtError("a mark over more than a letter")
    return "".join(character + mark for character in text)
