"""A step of a solution as prose and formulas, in their order; joined they are the step again.

A dollar sign begins a formula only where it ends one too, as in pandoc: ``$5 and $10`` is money. What is opened and
never closed is prose. One pass, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edge_solver.tui.mathematics.parse import ENVIRONMENTS


@dataclass(frozen=True, slots=True)
class Prose:
    """Text between formulas."""

    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula with its delimiters."""

    source: str
    display: bool
    """Whether it stands on lines of its own."""


_BLANK_LINE = r"\n[ \t]*\n"
_OPENING = re.compile(r"\\\\|\\[\[(]|\$\$|\\begin\{([a-z]+\*?)\}|\\.|\$", re.DOTALL)
_DOLLARS = re.compile(rf"\\.|{_BLANK_LINE}|[{{}}]|\$\$|\$", re.DOTALL)
_CLOSING = {"\\[": "\\]", "\\(": "\\)", "$$": "$$"}


def pieces(text: str) -> list[Prose | Formula]:
    """Split a text into prose and formulas."""
    found: list[Prose | Formula] = []
    end = 0
    for begin, stop, display in _formulas(text):
        if begin > end:
            found.append(Prose(text[end:begin]))
        found.append(Formula(text[begin:stop], display))
        end = stop
    if end < len(text):
        found.append(Prose(text[end:]))
    return found


def _formulas(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield begin, end and display of every formula."""
    dollars = _dollars(text)
    unclosed: set[str] = set()
    at = 0
    while match := _OPENING.search(text, at):
        opening, name = match.group(), match.group(1)
        at = match.end()
        stop: int | None = None
        if opening == "$":
            stop = dollars.get(match.start())
        elif name in ENVIRONMENTS and name not in unclosed:
            stop = _end_of(text, name, match.start())
        elif opening in _CLOSING and opening not in unclosed:
            closing = text.find(_CLOSING[opening], at)
            stop = closing + 2 if closing > at else None
            if closing == -1:
                unclosed.add(opening)
        if stop is not None:
            yield match.start(), stop, opening not in ("$", "\\(")
            at = stop
        elif name:
            unclosed.add(name)


def _dollars(text: str) -> dict[int, int]:
    """Return where formulas between single dollar signs begin and end.

    A formula ends at the next dollar sign that is no deeper in braces: ``$x \\text{ if $y$}$`` is one formula.
    """  # noqa: D301 - one backslash is meant
    ends: dict[int, int] = {}
    waiting: list[tuple[int, int]] = []  # begin and depth, the depth growing
    depth = 0
    for match in _DOLLARS.finditer(text):
        sign, at = match.group(), match.start()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
        elif sign.startswith("\n"):
            waiting.clear()  # no formula goes on behind a blank line
        elif sign == "$":
            while waiting and waiting[-1][1] > depth:
                waiting.pop()
            if waiting and waiting[-1][1] == depth:
                begin, _ = waiting.pop()
                if _is_formula(text, begin, at):
                    ends[begin] = at + 1
                    continue
            waiting.append((at, depth))
    return ends


def _is_formula(text: str, begin: int, end: int) -> bool:
    """Say whether two dollar signs stand like those of a formula."""
    after = text[end + 1 : end + 2]
    return end > begin + 1 and not text[begin + 1].isspace() and not text[end - 1].isspace() and not after.isdigit()


def _end_of(text: str, name: str, begin: int) -> int | None:
    """Return where the environment that begins here ends."""
    depth = 0
    for match in re.finditer(rf"\\(begin|end)\{{{re.escape(name)}\}}", text[begin:]):
        depth += 1 if match.group(1) == "begin" else -1
        if depth == 0:
            return begin + match.end()
    return None
