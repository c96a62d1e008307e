"""Finding the formulas in a step."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.tui.mathematics import Formula, Prose, pieces


def formulas(text: str) -> list[str]:
    return [piece.source for piece in pieces(text) if isinstance(piece, Formula)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $x = 5$ and $y$.", ["$x = 5$", "$y$"]),
        (r"\(a\) or \[b\] or $$c$$", [r"\(a\)", r"\[b\]", "$$c$$"]),
        ("it costs $5 and $10", []),
        ("from $5 to $10, $x$ of them", ["$x$"]),
        (r"a price of \$5 and $x$", ["$x$"]),
        ("$20$ apples at $1.50", ["$20$"]),
        (r"$a \text{ if $y$ or $z$}$ end", [r"$a \text{ if $y$ or $z$}$"]),
        (r"\begin{align*}a&=b\\c&=d\end{align*}", [r"\begin{align*}a&=b\\c&=d\end{align*}"]),
        (r"\begin{pmatrix}\begin{pmatrix}1\end{pmatrix}\end{pmatrix}!", None),
        (r"\begin{tikz}$x$\end{tikz}", ["$x$"]),
        (r"\[ never closed, $x$", ["$x$"]),
        (r"\begin{align} never closed, $x$", ["$x$"]),
        ("$x\n\ny$", []),
        ("$x\ny$", ["$x\ny$"]),
        ("$$x$ $", []),
        ("", []),
        (r"line\\[2pt] and \[x\]", [r"\[x\]"]),
    ],
)
def test_formulas_are_found(text: str, expected: list[str] | None) -> None:
    assert formulas(text) == ([text[:-1]] if expected is None else expected)


def test_formulas_on_lines_of_their_own_are_marked() -> None:
    found = pieces(r"a $b$ \[c\] \begin{align}d\end{align}")
    assert [piece.display for piece in found if isinstance(piece, Formula)] == [False, True, True]


@settings(deadline=None)
@given(st.text(alphabet="$\\[](){}ab1 \nbegind", max_size=80))
def test_the_pieces_are_the_text(text: str) -> None:
    found = pieces(text)
    assert "".join(piece.text if isinstance(piece, Prose) else piece.source for piece in found) == text
    assert all(piece != Prose("") for piece in found)


@pytest.mark.parametrize(
    "unit",
    ["$", "$x", "${", "\\[", "\\(", "$$ ", "\\begin{align}", "\\begin{align}\\end{align*}", "${$", "\\", "\n\n$"],
)
def test_large_texts_are_read_once(unit: str) -> None:
    """A quadratic algorithm would take minutes here."""
    text = unit * (100_000 // len(unit))
    assert sum(len(piece.text if isinstance(piece, Prose) else piece.source) for piece in pieces(text)) == len(text)
