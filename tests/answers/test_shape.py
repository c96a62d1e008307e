from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.answers.normal import normalise
from edge_solver.answers.shape import Kind, read_shape, split


@pytest.mark.parametrize(
    ("answer", "kind", "parts"),
    [
        ("1, 2 and 3", Kind.COLLECTION, ("1", "2", "3")),
        ("\\{1, 2\\}", Kind.COLLECTION, ("1", "2")),
        ("(1, 2)", Kind.TUPLE, ("1", "2")),
        ("(1,2), (3,4)", Kind.COLLECTION, ("(1,2)", "(3,4)")),
        ("[0, 1)", Kind.INTERVAL, ("0", "1")),
        ("\\left(0; 1\\right]", Kind.INTERVAL, ("0", "1")),
        ("x = 5", Kind.EQUATION, ("5",)),
        ("x \\in [0,1]", Kind.EQUATION, ("[0,1]",)),
        ("(p,q) = (3,2)", Kind.EQUATION, ("(3,2)",)),
        ("x = 1, y = 2", Kind.COLLECTION, ("x=1", "y=2")),
        ("x = 3y = 4", Kind.ONE, ("x=3y=4",)),
        ("2x + y = 3", Kind.ONE, ("2x+y=3",)),
        ("1 \\pm \\sqrt{2}", Kind.COLLECTION, ("1+\\sqrt{2}", "1-\\sqrt{2}")),
        ("\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}", Kind.MATRIX, ("1", "2", "3", "4")),
        ("\\text{Evelyn}", Kind.WORDS, ("evelyn",)),
        ("\\text{(B)}", Kind.WORDS, ("B",)),
        ("(x+1)(x-1)", Kind.ONE, ("(x+1)(x-1)",)),
        ("f(x, y)", Kind.ONE, ("f(x,y)",)),
    ],
)
def test_the_outer_structure_is_read(answer: str, kind: Kind, parts: tuple[str, ...]) -> None:
    shape = read_shape(normalise(answer))
    assert (shape.kind, shape.parts) == (kind, parts)


@given(st.text(alphabet=st.sampled_from("()[]{}\\,; andor12x=&"), max_size=80))
@settings(deadline=None)
def test_any_text_has_a_shape_with_parts(text: str) -> None:
    normal = normalise(text)
    assert read_shape(normal).parts
    assert split(normal)


@given(st.text(max_size=80))
@settings(deadline=None)
def test_the_normal_form_is_settled_for_plain_text(text: str) -> None:
    assert normalise(text) == normalise(text)
    assert "\0" not in normalise(text)
