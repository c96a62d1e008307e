"""What stands beside what in a row: signs as they are read there, and where a gap belongs.

TeX's rules in short: a minus sign behind nothing, another operator, a relation or an opening bracket is a sign and no
subtraction; operators and relations have space around them, punctuation behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge_solver.tui.mathematics.nodes import Accent, Fenced, Node, Row, Script, Sign, Words
from edge_solver.tui.mathematics.symbols import Kind

_PREFIX = {None, Kind.BINARY, Kind.RELATION, Kind.OPEN, Kind.PUNCTUATION, Kind.OPERATOR}
_SPACED = {Kind.BINARY, Kind.RELATION}
_BARS = ("|", "‖")


def kind(node: Node) -> Kind:
    """Return how a node stands among others: as its base does."""
    if isinstance(node, Sign):
        return node.kind
    if isinstance(node, Script):
        inner = kind(node.base)
        return Kind.ORDINARY if inner in (Kind.BINARY, Kind.PUNCTUATION) else inner
    if isinstance(node, Row) and len(node.items) == 1:
        return Kind.ORDINARY if kind(node.items[0]) in (Kind.BINARY, Kind.RELATION) else kind(node.items[0])
    return Kind.ORDINARY


def kinds(items: Sequence[Node]) -> list[Kind]:
    """Return how each node of a row stands in it."""
    found: list[Kind] = []
    before: Kind | None = None
    for index, item in enumerate(items):
        own = kind(item)
        if own is Kind.BINARY and (before in _PREFIX or index == len(items) - 1):
            own = Kind.ORDINARY
        elif isinstance(item, Sign) and item.text in _BARS:
            own = Kind.OPEN if before in _PREFIX else Kind.CLOSE  # a bar looks the same on both sides
        elif own is Kind.PUNCTUATION and _within_number(items, index):
            own = Kind.ORDINARY
        found.append(own)
        if own is not Kind.SPACE:
            before = own
    return found


def gaps(items: Sequence[Node], found: Sequence[Kind]) -> list[bool]:
    """Say before which nodes of a row a gap belongs."""
    wanted: list[bool] = []
    for index, own in enumerate(found):
        if index == 0:
            wanted.append(False)
            continue
        before = found[index - 1]
        if Kind.SPACE in (own, before):
            wanted.append(False)
        elif own in _SPACED or before in _SPACED:
            wanted.append(own is not before)
        elif before is Kind.PUNCTUATION:
            wanted.append(True)
        elif before is Kind.OPERATOR:
            wanted.append(own not in (Kind.OPEN, Kind.CLOSE, Kind.PUNCTUATION) and not isinstance(items[index], Fenced))
        elif own is Kind.OPERATOR:
            wanted.append(before is not Kind.OPEN and not _is_unary(items[index - 1]))
        else:
            wanted.append(_words_meet(items[index - 1], items[index]))
    return wanted


def _is_unary(node: Node) -> bool:
    return isinstance(node, Sign) and node.kind is Kind.BINARY


def _within_number(items: Sequence[Node], index: int) -> bool:
    """Say whether a comma stands between two digits."""
    return 0 < index < len(items) - 1 and _is_digit(items[index - 1]) and _is_digit(items[index + 1])


def _is_digit(node: Node) -> bool:
    while isinstance(node, Script) and node.above is not None:
        node = node.base
    return isinstance(node, Sign) and node.text.isdigit()


def _words_meet(left: Node, right: Node) -> bool:
    """Say whether a word would run into a letter."""
    if not isinstance(left, Words) and not isinstance(right, Words):
        return False
    end, begin = _edge(left, -1), _edge(right, 0)
    both = isinstance(left, Words) and isinstance(right, Words)
    return not both and end.isalpha() and begin.isalpha()


def _edge(node: Node, end: int) -> str:
    """Return a node's first or last character, as far as it is known."""
    match node:
        case Words(text) | Sign(text):
            return text[end : end + 1 or None]
        case Row(items) if items:
            return _edge(items[end], end)
        case Script(base=base) if end == 0:
            return _edge(base, end)
        case Accent(body=body):
            return _edge(body, end)
        case _:
            return ""
