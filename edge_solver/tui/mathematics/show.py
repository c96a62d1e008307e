"""A formula as text for a screen: drawn where it is understood, else its source."""

from __future__ import annotations

import unicodedata

from edge_solver.tui.mathematics.block import block, cells
from edge_solver.tui.mathematics.line import line
from edge_solver.tui.mathematics.nodes import DoubtError, Row
from edge_solver.tui.mathematics.parse import parse

LONGEST = 20_000
"""Characters of a formula that is read; a longer one is shown as it is."""

_PAIRS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))


def draw(source: str) -> tuple[str, ...]:
    """Return a formula as lines of equal width in columns: in two dimensions, or its source in doubt.

    Args:
        source: LaTeX or plain mathematics, with or without delimiters such as ``$``.
    """
    lines = drawn(source)
    if lines is not None:
        return lines
    shown = [_visible(text) for text in source.splitlines()] or [""]
    width = max(map(cells, shown))
    return tuple(text + " " * (width - cells(text)) for text in shown)


def inline(source: str) -> str:
    """Return a formula on one line, with brackets where they are needed, or its source in doubt."""
    text = inlined(source)
    return _visible(" ".join(source.split())) if text is None else text


def drawn(source: str) -> tuple[str, ...] | None:
    """Return a formula in two dimensions, or ``None`` where that is in doubt."""
    try:
        return block(read(source)).lines
    except DoubtError:
        return None


def inlined(source: str) -> str | None:
    """Return a formula on one line, or ``None`` where that is in doubt."""
    try:
        return line(read(source)).strip()
    except DoubtError:
        return None


def read(source: str) -> Row:
    """Return the tree of a formula, with or without delimiters.

    Raises:
        DoubtError: It is not understood.
    """
    text = source.strip()
    for opening, closing in _PAIRS:
        if text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening) + len(closing):
            text = text[len(opening) : -len(closing)]
            break
    if not text or text.isspace():
        raise DoubtError("nothing to show")
    if len(text) > LONGEST:
        raise DoubtError("too long")
    return parse(text)


def _visible(text: str) -> str:
    """Return a line that a terminal shows and does not act upon."""
    return "".join(c if unicodedata.category(c)[0] != "C" else " " if c == "\t" else "\ufffd" for c in text)
