r"""The outer structure of an answer: a list, a set, a tuple, an interval, a matrix, an equation, words, or one thing.

Splits normalised text at its top level, so that the parts can be compared one by one and a list is never mistaken for a
tuple. It knows brackets and separators and nothing about the value of a part. ``1,2`` and ``\{1,2\}`` are collections
without order (the roots of an equation); ``(1,2)`` keeps its order; ``1 \pm x`` is the collection of two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

MAX_PARTS = 64
"""The longest gold list or tuple seen in public sets has 8 parts; beyond this limit the text is one thing."""


class Kind(Enum):
    """What an answer is made of."""

    ONE = "one thing"
    COLLECTION = "parts without order"
    TUPLE = "parts in order"
    INTERVAL = "two ends, at least one bracket square"
    MATRIX = "rows"
    EQUATION = "a name and what it equals"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Shape:
    """The top level of an answer; what the parts mean depends on the kind."""

    kind: Kind
    source: str
    """The whole text."""
    parts: tuple[str, ...]
    mark: str = ""
    """What must also agree: the brackets of an interval, the columns of a matrix, the name left of an equals sign.
    Of words, how sure it is that they are words: ``text``, a single ``letter`` (a choice or a variable), or neither."""


_NAME = r"\\?[a-zA-Z]+(?:_(?:\w|\{\w{1,8}\}))?'?(?:\([a-zA-Z](?:,[a-zA-Z]){0,3}\))?"
_EQUATION = re.compile(rf"^({_NAME}|\({_NAME}(?:,{_NAME}){{0,7}}\)) ?(?:=|\\in(?![a-z])|\\approx(?![a-z])) ?(?=\S)")
_RELATION = re.compile(r"[=<>]|\\(?:leq|geq|neq|in|approx)(?![a-zA-Z])")
_WORDS = re.compile(r"^\(?\\text\{([^{}]{1,200})\}\)?$")
_BARE_WORDS = re.compile(r"^(?:\(([A-Z])\)|[a-zA-Z]{1,40}(?: [a-zA-Z]{1,40}){0,30})$")
_SEPARATOR = re.compile(r"[,;] ?|(?:\\text\{,?(?:and|or),?\}|(?<![a-zA-Z])(?:and|or)(?![a-zA-Z])) ?")
_TOKEN = re.compile(
    rf"\\[{{}}]|\\(?:begin|end)\{{pmatrix\}}|{_SEPARATOR.pattern}|[()\[\]{{}}]|\\[a-zA-Z]+|.", re.DOTALL
)
_OPENING = frozenset({"(", "[", "{", "\\{", "\\begin{pmatrix}"})
_CLOSING = frozenset({")", "]", "}", "\\}", "\\end{pmatrix}"})
_MATRIX = re.compile(r"^\\begin\{pmatrix\}((?:(?!\\begin)[^\0])*)\\end\{pmatrix\}$")


def read_shape(normal: str) -> Shape:
    """Return the top-level structure of a normalised answer."""
    if match := _EQUATION.match(normal):
        rest = normal[match.end() :]
        # "x=1,y=2" is a list of equations, "a=4,-8" a list whose first part has a name.
        if not _RELATION.search(rest) and len(split(rest)) == 1:
            return Shape(Kind.EQUATION, normal, (rest,), match.group(1))
    parts = split(normal)
    if len(parts) > 1:
        return Shape(Kind.COLLECTION, normal, parts)
    if match := _MATRIX.match(normal):
        rows = [split(row, "&") for row in match.group(1).strip().removesuffix(r"\\").split(r"\\")]
        if len({len(row) for row in rows}) == 1:
            return Shape(Kind.MATRIX, normal, tuple(cell for row in rows for cell in row), str(len(rows[0])))
    return _words(normal) or _bracketed(normal) or _plus_minus(normal) or Shape(Kind.ONE, normal, (normal,))


def split(normal: str, separator: str | None = None) -> tuple[str, ...]:
    """Split at the separators outside all brackets; one part if brackets do not match or there are too many parts."""
    parts: list[str] = []
    part: list[str] = []
    depth = 0
    for match in _TOKEN.finditer(normal):
        token = match.group()
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth < 0:
            return (normal,)
        is_separator = token == separator if separator else bool(_SEPARATOR.fullmatch(token))
        if is_separator and not depth:
            parts.append("".join(part).strip())
            part = []
        else:
            part.append(token)
    parts.append("".join(part).strip())
    parts = [text for text in parts if text]  # "1, 2, and 3" has an empty part between comma and "and"
    return tuple(parts) if not depth and 0 < len(parts) <= MAX_PARTS else (normal,)


def is_vector(shape: Shape) -> bool:
    """Tell whether a matrix is a single row or a single column."""
    return shape.kind is Kind.MATRIX and shape.mark in {"1", str(len(shape.parts))}


def _words(normal: str) -> Shape | None:
    r"""Read ``\text{odd}``, ``no solution`` or a choice such as ``(C)``."""
    if match := _WORDS.match(normal):
        return Shape(Kind.WORDS, normal, (_letters(match.group(1)),), mark="text")
    if match := _BARE_WORDS.match(normal):
        mark = "text" if match.group(1) else "letter" if len(normal) == 1 else ""
        return Shape(Kind.WORDS, normal, (_letters(match.group(1) or normal),), mark)
    return None


def _letters(text: str) -> str:
    """Compare words without case and punctuation, single letters with case."""
    plain = re.sub(r"[^\w]+", " ", text).strip()
    return plain.casefold() if len(plain) > 1 else plain


def _bracketed(normal: str) -> Shape | None:
    r"""Read ``(a,b)``, ``[a,b)`` and ``\{a,b\}`` when the brackets enclose the whole text."""
    opening = "\\{" if normal.startswith("\\{") else normal[:1]
    closing = "\\}" if normal.endswith("\\}") else normal[-1:]
    inner = normal[len(opening) : len(normal) - len(closing)]
    if opening not in {"(", "[", "{", "\\{"} or closing not in {")", "]", "}", "\\}"} or not _closes_at_end(normal):
        return None
    parts = split(inner)
    if opening in {"{", "\\{"} and closing in {"}", "\\}"}:
        return None if "|" in inner or "\\mid" in inner or ":" in inner else Shape(Kind.COLLECTION, normal, parts)
    if len(parts) == 1:
        return None
    if opening == "(" and closing == ")":
        return Shape(Kind.TUPLE, normal, parts)
    if len(parts) == 2 and opening in "[(" and closing in ")]":  # noqa: PLR2004
        return Shape(Kind.INTERVAL, normal, parts, opening + closing)
    return Shape(Kind.TUPLE, normal, parts) if opening + closing == "[]" else None


def _closes_at_end(normal: str) -> bool:
    """Tell whether the first bracket is closed by the last character and not before."""
    depth = 0
    for match in _TOKEN.finditer(normal):
        depth += (match.group() in _OPENING) - (match.group() in _CLOSING)
        if depth <= 0:
            return depth == 0 and match.end() == len(normal)
    return False


def _plus_minus(normal: str) -> Shape | None:
    r"""Read ``a \pm b`` as two answers."""
    if normal.count(r"\pm") != 1 or re.search(r"[{(\[][^})\]]*\\pm", normal) or _RELATION.search(normal):
        return None
    plus, minus = (re.sub(r"\\pm ?", sign, normal).removeprefix("+") for sign in "+-")
    return Shape(Kind.COLLECTION, normal, (plus, minus))
