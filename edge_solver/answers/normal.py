r"""One spelling for everything that does not change what an answer says.

Turns typographic variants (``\dfrac12``, ``−``, ``x**10``, ``\left(``, ``√3``, ``$…$``) into one LaTeX-like normal form
that the exact reader, the shape reader and the worker all start from. It knows spelling only: no arithmetic, no
opinion about equality. It is total (any text, also hostile, gives a string) and takes time linear in a bounded input.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from edge_solver.answers.extract import tidy

MAX_ANSWER_CHARS = 2_000
"""Longer texts are compared as they are. The longest gold answer seen in public sets has 115 characters."""

_SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_VULGAR_FRACTIONS = str.maketrans({"¼": " 1/4", "½": " 1/2", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3"})
_SYMBOLS = str.maketrans({
    "−": "-", "–": "-", "—": "-", "×": r"\cdot ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": "/", "⁄": "/",
    "π": r"\pi ", "∞": r"\infty ", "√": r"\sqrt ", "≤": r"\leq ", "≥": r"\geq ", "≠": r"\neq ", "≈": r"\approx ",
    "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "±": r"\pm ", "°": r"^\circ ", "…": r"\ldots ", "θ": r"\theta ",
    "“": '"', "”": '"', "’": "'",
})  # fmt: skip

_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # A doubled backslash ends a row of a matrix (kept aside as \1); before a word it is a backslash escaped twice.
        (r"\\\\(?=[a-zA-Z(\[{])(?!.*\\end)", r"\\"),
        (r"\\\\", "\1"),
        # Layout that carries no meaning.
        (r",\s?\\!\s?", ",\\!"),  # the thousands comma of the MATH data set, 10,\!080
        (r"(?<=\d),\\!(?=\d{3}(?!\d))", ","),
        (r"\\!", ""),
        (r"\\(?:left|right)\s?(?=[()\[\]|.]|\\[{}|lr])|\\[bB]igg?[lr]?(?![a-zA-Z])", ""),
        (r"\\(?:[,;:> ]|q?quad(?![a-zA-Z])|displaystyle(?![a-zA-Z])|limits(?![a-zA-Z]))|~", " "),
        (r"\s+", " "),
        # Commands with a shorter or a longer twin.
        (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
        (
            r"\\(?:mbox|hbox|textrm|textbf|textit|textsf|textnormal|mathrm|mathbf|mathit|mathsf|operatorname)(?![a-zA-Z])",
            r"\\text",
        ),
        # A lone letter is a name or a constant; behind a number it may be a unit, but for e and i.
        (r"\\text\s?\{\s?([ei])\s?\}|\\text\s?([a-zA-Z])(?![a-zA-Z])", r" \1\2 "),
        (r"(?<![\d}) ])\\text\s?\{\s?([a-zA-Z])\s?\}", r" \1 "),
        (r"\\le(?![a-zA-Z])|\\leqslant(?![a-zA-Z])|<=", r"\\leq "),
        (r"\\ge(?![a-zA-Z])|\\geqslant(?![a-zA-Z])|>=", r"\\geq "),
        (r"\\ne(?![a-zA-Z])|!=", r"\\neq "),
        (r"\\lt(?![a-zA-Z])", "<"),
        (r"\\gt(?![a-zA-Z])", ">"),
        (r"\\(?:times|ast)(?![a-zA-Z])", r"\\cdot "),
        (r"\\div(?![a-zA-Z])", "/"),
        (r"\\(?:dots|cdots|dotsc|dotsb)(?![a-zA-Z])|\.\.\.", r"\\ldots "),
        (r"\\(?:lbrace)(?![a-zA-Z])", r"\\{"),
        (r"\\(?:rbrace)(?![a-zA-Z])", r"\\}"),
        (r"\\begin\{[bpvBV]?matrix\}|\\begin\{array\}\{[lcr|]*\}", r"\\begin{pmatrix}"),
        (r"\\end\{[bpvBV]?matrix\}|\\end\{array\}", r"\\end{pmatrix}"),
        (r"\^\s?\{\s?\\circ\s?\}|\\degree(?![a-zA-Z])", r"^\\circ"),
        # Plain text, as small models type it.
        (r"\*\*", "^"),
        (r"(?<![a-zA-Z\\])sqrt(?![a-zA-Z])", r"\\sqrt"),
        (r"(?<![a-zA-Z\\])pi(?![a-zA-Z])", r"\\pi "),
        (r"(?<![a-zA-Z\\])(?:infinity|inf|oo)(?![a-zA-Z])", r"\\infty "),
        (r"(?<![a-zA-Z\\])(sin|cos|tan|log|ln|exp)(?=\s?\()", r"\\\1"),
        (r"\^\s?(-\d+|\d{2,})", r"^{\1}"),
        # Braces that TeX lets a writer omit, and braces that say nothing.
        (r"\\frac\s?(\d)\s?(\d)", r"\\frac{\1}{\2}"),
        (r"\\frac\s?([a-zA-Z\d])\s?\{", r"\\frac{\1}{"),
        (r"(\\frac\s?\{[^{}]{1,80}\})\s?([a-zA-Z\d])", r"\1{\2}"),
        (r"\\sqrt\s?(\d+|[a-zA-Z](?![a-zA-Z]))", r"\\sqrt{\1}"),
        (r"\\sqrt\s?\(([^(){}]{1,80})\)", r"\\sqrt{\1}"),
        (r"([\^_])\s?\{\s?([a-zA-Z\d])\s?\}", r"\1\2"),
        (r"\s{2,}", " "),
        # Spaces next to punctuation. One comma keeps its space: "1, 234" is a list, "1,234" may be a number.
        (r"(?<=\d) ?, (?=\d)", ",\0"),
        (r" ?([^\w\s\\\0]) ?", r"\1"),
        (r"(?<=[^a-zA-Z]) (?=\\)|(?<=\\) ", ""),
        (r"\0", " "),
        (r" ?\x01 ?", r"\\\\"),
    )
)


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Return the normal form of an answer; a text longer than the limit is only stripped."""
    if len(text) > MAX_ANSWER_CHARS:
        return text.strip()
    plain = _SUPERSCRIPTS.sub(r"^{\g<0>}", text.translate(_VULGAR_FRACTIONS))
    plain = unicodedata.normalize("NFKC", plain)[: 2 * MAX_ANSWER_CHARS].translate(_SYMBOLS)
    plain = "".join(char if char.isprintable() else " " for char in plain)
    plain = tidy(plain)
    for pattern, replacement in _REWRITES:
        plain = pattern.sub(replacement, plain)
    return tidy(plain)


def nesting(normal: str) -> int:
    """Return how deep brackets and braces are nested, or would be if they closed."""
    deepest = depth = 0
    for char in normal:
        depth += (char in "({[") - (char in ")}]" and depth > 0)
        deepest = max(deepest, depth)
    return deepest


def is_sentence(normal: str) -> bool:
    """Tell prose (or mathematics embedded in prose) from a bare answer."""
    if re.search(r"(?<!\\)\$|\\\(|\\\[|\\boxed", normal):
        return True
    outside = re.sub(r"\\text\s?\{[^{}]*\}|\\[a-zA-Z]+", " ", normal)
    return len(re.findall(r"(?<![a-zA-Z])[a-zA-Z]{2,}(?![a-zA-Z])", outside)) >= 3  # noqa: PLR2004 - "six square cm"
