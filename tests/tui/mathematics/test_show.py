"""Mathematics on a terminal: what is drawn means what was written, and what is not understood stays as it was."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.tui.mathematics import draw, drawn, inline, inlined
from edge_solver.tui.mathematics.block import cells

ODD = "\\{}^_&$[]()|'\n\t\0\x1b\u202e\u0301中é²×🧮 abxy0129+-=/.,!<>~%#\ud800"


def content(text: str) -> Counter[str]:
    """Count letters and digits, whatever their size and place."""
    folded = unicodedata.normalize("NFKC", text)
    return Counter(character for character in folded if character.isalnum())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\frac{a+b}{c}", "(a+b)/c"),
        ("x^{10}", "x¹⁰"),
        (r"\sqrt{2}", "√2"),
        (r"\sqrt{a+b}", "√(a+b)"),
        (r"\sqrt{2}x", "√(2)x"),
        (r"\sqrt[3]{8}", "∛8"),
        (r"2\sqrt[n]{x}", "2(ⁿ√x)"),
        (r"\boxed{\dfrac{3}{4}}", "⟦3/4⟧"),
        (r"\binom{n}{k}", "(n choose k)"),
        (r"x^{2n+1}+y_{10}", "x²ⁿ⁺¹ + y₁₀"),
        (r"x = \frac{-b\pm\sqrt{b^2-4ac}}{2a}", "x = (−b±√(b²−4ac))/(2a)"),
        (r"\frac12x", "(1/2)x"),
        (r"x\frac12", "x(1/2)"),
        (r"3\frac{1}{2}", "3 1/2"),
        (r"3\frac{1}{2}x", "3(1/2)x"),
        (r"6\div\frac{1}{2}", "6 ÷ (1/2)"),
        (r"a/\frac{1}{2}", "a/(1/2)"),
        (r"\frac{1}{2}!", "(1/2)!"),
        (r"\frac{a}{b}^2", "(a/b)²"),
        (r"{x^2}^3", "(x²)³"),
        (r"{a+b}^2", "(a+b)²"),
        (r"\frac{\frac{a}{b}}{c}", "(a/b)/c"),
        (r"\frac{a}{\frac{b}{c}}", "a/(b/c)"),
        (r"\frac{n!}{k!(n-k)!}", "n!/(k!(n−k)!)"),
        (r"\frac{(a+b)(c}{d}", "((a+b)(c)/d"),
        (r"x^{\frac{1}{2}}", "x^(1/2)"),
        (r"2^{2^n}", "2^(2ⁿ)"),
        (r"x^qy", "x^(q)y"),
        (r"\sum_{i=1}^{n} i^2", "∑ᵢ₌₁ⁿ i²"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "(1, 2; 3, 4)"),
        (r"\begin{cases} x & \text{if } x > 0, \\ 2 & \text{otherwise}\end{cases}", "{x, if x > 0; 2, otherwise}"),
        (r"\begin{align*} a &= b \\ &= c \\ d &= e \end{align*}", "a = b = c; d = e"),
        (r"f'(x)^2", "f′(x)²"),
        (r"7\equiv 2\pmod{5}", "7 ≡ 2 (mod 5)"),
        (r"|x|+|-3|", "|x| + |−3|"),
        (r"90^\circ", "90°"),
        (r"0.\overline{3}", "0.3\u0305"),
        (r"\mathbf{v}\in\mathbb{R}^3", "𝐯 ∈ ℝ³"),
        (r"10,000+(1, 2)", "10,000 + (1,2)"),
        (r"20\% \text{ of } \$5", "20% of $5"),
        (r"2\sin^2 x + \log_2 8", "2 sin² x + log₂ 8"),
        (r"a \not= b", "a ≠ b"),
        (r"\text{if $x>0$}", "if x > 0"),
        ("2x + 3 <= 7", "2x + 3 ≤ 7"),
        ("$$-3$$", "−3"),
        (r"\(\alpha\beta\)", "αβ"),
        ("area is 5 cm", "area is 5 cm"),
    ],
)
def test_one_line_has_the_brackets_that_it_needs(source: str, expected: str) -> None:
    assert inline(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\frac{a+b}{c}", ["a + b", "─────", "  c  "]),
        (r"x=-\frac{1}{2}", ["      1", "x = − ─", "      2"]),
        (r"\frac12\frac34", ["1 3", "─ ─", "2 4"]),
        (r"\frac{1}{1+\frac{1}{x}}", ["   1   ", "───────", "     1 ", " 1 + ─ ", "     x "]),
        (r"\sqrt{b^2-4ac}", [" ________", "√b² − 4ac"]),
        (r"\sqrt{\frac{a}{b}}", ["┌──", "│ a", "│ ─", "√ b"]),
        (r"x^{\frac{1}{2}}", [" 1", " ─", " 2", "x "]),
        (r"\left(\frac{1}{2}\right)^2", ["⎛1⎞²", "⎜─⎟ ", "⎝2⎠ "]),
        (r"\begin{pmatrix}1&20\\30&4\end{pmatrix}", ["⎛1   20⎞", "⎝30  4 ⎠"]),
        (r"\begin{cases}1\\2\\3\end{cases}", ["⎧1", "⎨2", "⎩3"]),
        (r"\boxed{5}", ["┌───┐", "│ 5 │", "└───┘"]),
        (r"\sum_{i=1}^{n} i", [" n   ", " ∑  i", "i=1  "]),
        (r"\begin{aligned}a&=b\\cc&=d\end{aligned}", [" a = b", "cc = d"]),
        (r"\binom{n}{k}", ["⎛n⎞", "⎜ ⎟", "⎝k⎠"]),
        (r"\overrightarrow{AB}", ["─→", "AB"]),
        (r"\frac{中}{2}", ["中", "──", "2 "]),
        ("7", ["7"]),
    ],
)
def test_a_block_is_drawn_line_by_line(source: str, expected: list[str]) -> None:
    assert list(draw(source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        r"\unknown{x}", r"\frac{1", r"\frac{1}", r"a}", r"{a", "x^", "x^2^3", "x_1_2", r"\left(x", r"x\right)", "a & b",
        r"\begin{pmatrix}1", r"\begin{tikz}x\end{tikz}", r"\begin{cases}1\end{pmatrix}", r"\sqrt[3", r"\text{a", "a$b",
        r"\begin{array}{c|c}1&2\end{array}", "\x1b[2J", "", "  ", "$$", r"\color{red}{x}", r"\widehat{ABC}", "\\",
        "{" * 1000 + "x" + "}" * 1000, "x^{" * 1000 + "}" * 1000, r"\sqrt" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_understood_stays_as_it_was(source: str) -> None:
    assert drawn(source) is None
    assert inlined(source) is None
    shown = source.replace("\x1b", "\ufffd")
    assert inline(source) == " ".join(shown.split())
    assert draw(source) == (shown,)


def test_one_line_refuses_what_only_a_block_can_say() -> None:
    assert inline(r"\overrightarrow{AB}") == r"\overrightarrow{AB}"
    assert inline(r"\left.x\right|_0^1") == r"\left.x\right|_0^1"
    assert inline(r"\begin{pmatrix}1,2&3\end{pmatrix}") == r"\begin{pmatrix}1,2&3\end{pmatrix}"


LETTERS = st.sampled_from([*"abxyzABq0123456789", r"\alpha ", r"\pi "])


def groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Build formulas that are understood, from smaller ones."""
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}"),
        two.map(lambda p: rf"\binom{{{p[0]}}}{{{p[1]}}}"),
        two.map(lambda p: f"{{{p[0]}}}^{{{p[1]}}}"),
        two.map(lambda p: f"{{{p[0]}}}_{{{p[1]}}}"),
        two.map(lambda p: rf"\sum_{{{p[0]}}}^{{{p[1]}}} "),
        two.map(lambda p: rf"\begin{{bmatrix}}{p[0]}&{p[1]}\\{p[1]}&{p[0]}\end{{bmatrix}}"),
        two.map(lambda p: rf"\begin{{cases}}{p[0]}&{p[1]}\\{p[1]}&{p[0]}\end{{cases}}"),
        two.map(lambda p: rf"\begin{{align}}{p[0]}&={p[1]}\\&={p[0]}\end{{align}}"),
        inner.map(lambda p: rf"\sqrt{{{p}}}"),
        inner.map(lambda p: rf"\sqrt[3]{{{p}}}"),
        inner.map(lambda p: rf"\left({p}\right)"),
        inner.map(lambda p: rf"\boxed{{{p}}}"),
        st.tuples(inner, st.sampled_from("+-*/=,!"), inner).map("".join),
        two.map("".join),
    )


FORMULAS = st.recursive(LETTERS, groups, max_leaves=12)


@settings(deadline=None)
@given(FORMULAS)
def test_every_letter_and_digit_is_drawn(source: str) -> None:
    """A root of a third order is the one sign that holds a digit: ∛ stands for its index."""
    plain = re.sub(r"\\(begin|end)\{[a-z]+\}", "", source).replace(r"\alpha", "α").replace(r"\pi", "π")
    wanted = content(re.sub(r"\\[a-z]+", "", plain.replace(r"\sqrt[3]", "")))
    lines = drawn(source)
    assert lines is not None
    assert wanted <= content("".join(lines))
    assert len(set(map(cells, lines))) == 1
    on_one_line = inlined(source)
    if on_one_line is not None:
        assert wanted <= content(on_one_line)
        assert "\n" not in on_one_line


_NUMBERS = st.recursive(
    st.integers(1, 9).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}"),
        st.tuples(inner, st.sampled_from(["+", "-", r"\cdot ", r"\times "]), inner).map(
            lambda p: rf"\left({p[0]}{p[1]}{p[2]}\right)"
        ),
        st.tuples(inner, st.sampled_from(["+", "-"]), inner).map(lambda p: f"{{{p[0]}{p[1]}{p[2]}}}^{{2}}"),
        st.tuples(inner, inner).map(lambda p: rf"{p[0]}+\frac{{{p[1]}}}{{7}}\cdot 3"),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(_NUMBERS)
def test_one_line_has_the_value_of_the_formula(source: str) -> None:
    """Read as a calculator would, the line gives what the LaTeX gives when every group is bracketed."""
    bracketed = re.sub(r"\\left|\\right", "", source).replace("^{2}", "**2").replace(r"\cdot ", "*")
    bracketed = bracketed.replace(r"\times ", "*")
    bracketed = re.sub(r"\\frac", "", bracketed).replace("}{", ")/(").replace("{", "((").replace("}", "))")
    # \frac{a}{b} has become ((a)/(b)): one bracket more on each outer side keeps it whole.
    shown = inline(source).translate(str.maketrans("−·×", "-**")).replace("²", "**2")
    try:
        wanted = eval(bracketed)  # noqa: S307 - digits, brackets and operators only
    except ZeroDivisionError:
        return
    assert eval(shown) == pytest.approx(wanted, rel=1e-9)  # noqa: S307 - as above


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(alphabet=ODD, max_size=60), st.text(max_size=40)))
def test_nothing_raises_and_nothing_reaches_the_terminal(source: str) -> None:
    lines = draw(source)
    assert lines
    assert len(set(map(cells, lines))) == 1
    text = "".join([*lines, inline(source)])
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
    if drawn(source) is None:
        assert content(source.replace("\ud800", "")) <= content("".join(lines)) + content("\ufffd")


@pytest.mark.parametrize(
    "source",
    [
        "x+" * 50_000, "{" * 100_000, "\\frac" * 20_000, "$" * 100_000, "\\left(" * 16_000, "^" * 100_000,
        r"\begin{pmatrix}" * 6_000, r"\\" * 50_000, "中" * 100_000, "x" + "\n" * 100_000,
        r"\begin{align}" + r"1\\" * 6000 + r"\end{align}" + "x" * 900,
        r"\begin{matrix}" + "&" * 9000 + r"\\" * 5000 + r"\end{matrix}",
        r"\sqrt{" * 38 + "x+" * 9000 + "1" + "}" * 38,
        "x'" * 9000,
    ],
)  # fmt: skip
def test_large_input_is_no_trap(source: str) -> None:
    """A quadratic algorithm would take minutes here."""
    lines = draw(source)
    assert len(set(map(cells, lines))) == 1
    assert inline(source)
