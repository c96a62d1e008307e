r"""Read the final answer out of what a model wrote.

Knows the usual ways to announce an answer (``\boxed{…}``, "The answer is …", "#### …") and takes further patterns, one
per model family, from the caller. The announcement that ends last wins. It knows nothing about mathematics: whether two
answers are equal is decided elsewhere. The built-in readers are linear scans over a bounded tail of the text; a pattern
given by the caller is only as fast as the caller wrote it, but it never sees more than that tail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from edge_solver.errors import UsageError

MAX_TEXT_CHARS = 16_384
"""Only this much of the end of a text is read: several times the longest solution step, and milliseconds to scan."""

MAX_ANSWER_CHARS = 600
"""A longer "answer" is prose that ran on. The longest gold answer seen in public sets has 115 characters."""

_MARKER = re.compile(r"(?:\banswer(?: is|:)|####)", re.IGNORECASE)
_AFTER_MARKER = re.compile(r"\s{0,8}(?:is\b)?\s{0,8}:?[ \t]{0,8}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"\.(?=\s|$)|\n")
_BOX_OPENING = re.compile(r"\\(?:boxed|fbox)\s?\{")
_BOX_JOINER = re.compile(
    r"(?:[\s,;$]|\\[()\[\]]|\\q?quad|\\text\s?\{[^{}]{0,40}\b(?:and|or)\s?\}|\band\b|\bor\b){0,12}"
)
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("**", "**"), ("__", "__"), ("`", "`"))

_Found = tuple[int, str]


def extract_answer(text: str, patterns: Sequence[str] = ()) -> str | None:
    """Return the last answer announced in ``text``, or ``None`` when there is none.

    Each of ``patterns`` is a regular expression with exactly one group, which holds the answer.
    """
    tail = text[-MAX_TEXT_CHARS:]
    found = [*_boxes(tail), *_marked(tail)]
    for pattern in patterns:
        found.extend((match.end(), match.group(1) or "") for match in compile_pattern(pattern).finditer(tail))
    # The sort is stable and the caller's patterns come last: at the same end they win.
    for _, raw in sorted(found, key=lambda candidate: candidate[0])[::-1]:
        answer = tidy(raw)
        if answer and len(answer) <= MAX_ANSWER_CHARS:
            return answer
    return None


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile an answer pattern, or say what is wrong with it."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"answer pattern {pattern!r} is not a regular expression: {error}") from error
    if compiled.groups != 1:
        raise UsageError(f"answer pattern {pattern!r} has {compiled.groups} groups; it needs one, around the answer")
    return compiled


def tidy(raw: str) -> str:
    """Strip what surrounds an answer: white space, a closing full stop, ``$``, bold marks, one whole box."""
    answer = raw.strip()
    while True:
        before = answer
        answer = answer.rstrip(".").strip() if not answer.endswith("...") else answer
        for opening, closing in _WRAPPERS:
            inner = answer[len(opening) : -len(closing)]
            is_wrapped = answer.startswith(opening) and answer.endswith(closing) and bool(inner)
            if is_wrapped and opening not in inner.replace(r"\$", ""):
                answer = inner.strip()
        boxes = list(_boxes(answer)) if answer.endswith("}") else []
        if boxes and _BOX_OPENING.match(answer) and boxes[-1][0] == len(answer):
            answer = boxes[-1][1].strip()
        if answer == before:
            return _without_stray_marks(answer)


def _without_stray_marks(answer: str) -> str:
    """Drop a bold or dollar mark that has lost its partner, as in ``**73`` or ``5$``."""
    if answer.count("**") == 1 and (answer.startswith("**") or answer.endswith("**")):
        answer = answer.strip("*").strip()
    if answer.count("$") == 1 and answer.endswith("$") and not answer.endswith(r"\$"):
        answer = answer[:-1].strip()
    return answer


def _marked(text: str) -> Iterator[_Found]:
    """Yield (end, answer) for every "The answer is: …", "Answer: …" and "#### …"."""
    for marker in _MARKER.finditer(text):
        gap = _AFTER_MARKER.match(text, marker.end())
        start = gap.end() if gap else marker.end()
        window = text[start : start + MAX_ANSWER_CHARS + 1]
        stops = (stop.start() for stop in _SENTENCE_END.finditer(window))
        end = next((stop for stop in stops if _is_outside(window[:stop])), None)
        if end is None and len(window) > MAX_ANSWER_CHARS:
            continue
        raw = window[:end]
        boxes = list(_boxes(raw))
        yield start + len(raw), boxes[-1][1] if boxes else raw


def _is_outside(prefix: str) -> bool:
    """Tell whether ``prefix`` leaves no dollar or brace open, so that a full stop after it ends the sentence."""
    return prefix.count("$") % 2 == 0 and prefix.count("{") <= prefix.count("}")


def _boxes(text: str) -> Iterator[_Found]:
    r"""Yield (end, content) for every outermost box; boxes joined by "and", "or" or a comma are one list answer."""
    previous: tuple[int, str] | None = None
    for start, end, content in _outermost_boxes(text):
        joined = _BOX_JOINER.match(text, previous[0]) if previous else None
        if previous and joined and joined.end() == start and len(previous[1]) <= MAX_ANSWER_CHARS:
            previous = (end, f"{previous[1]}, {content}")
        else:
            previous = (end, content)
        yield previous


def _outermost_boxes(text: str) -> list[tuple[int, int, str]]:
    """Find the boxes that close, in one pass: (start of the command, end, content). Escaped braces do not count."""
    openings = {match.end() - 1: match.start() for match in _BOX_OPENING.finditer(text)}
    if not openings:
        return []
    stack: list[int] = []
    found: list[tuple[int, int, str]] = []
    for token in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        if token.group() == "{":
            stack.append(token.start())
        elif token.group() == "}" and stack:
            opened = stack.pop()
            if opened in openings:
                while found and found[-1][0] > openings[opened]:
                    found.pop()  # it lies inside the box that has just closed
                found.append((openings[opened], token.end(), text[opened + 1 : token.start()]))
    return found
