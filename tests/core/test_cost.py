"""The closed form of the cost model against a sum over positions."""

from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.cost import Shape, paper_flops, row_flops, span_flops

sizes = st.integers(0, 5000)
shapes = st.builds(Shape, sizes, sizes, sizes, sizes, sizes)


@given(shape=shapes, start=st.integers(0, 300), length=st.integers(0, 80), heads=st.integers(0, 80))
def test_the_closed_form_equals_the_sum_over_positions(shape: Shape, start: int, length: int, heads: int) -> None:
    by_position = sum(
        2 * shape.params_matmul + 4 * shape.n_layers * shape.d_attn * (position + 1)
        for position in range(start, start + length)
    )
    expected = by_position + 2 * shape.params_head * heads if length else 0
    assert span_flops(shape, start, start + length, heads) == expected


@given(shape=shapes, start=st.integers(0, 300), first=st.integers(1, 80), second=st.integers(1, 80))
def test_a_span_costs_the_same_in_one_piece_or_two(shape: Shape, start: int, first: int, second: int) -> None:
    middle, end = start + first, start + first + second
    whole = span_flops(shape, start, end, 2)
    assert whole == span_flops(shape, start, middle, 1) + span_flops(shape, middle, end, 1)


@given(shape=shapes, ends=st.lists(st.integers(1, 500), max_size=8))
def test_a_call_of_branches_costs_what_each_costs(shape: Shape, ends: list[int]) -> None:
    assert row_flops(shape, ends) == sum(span_flops(shape, end - 1, end, 1) for end in ends)


def test_the_papers_figure_is_two_n_t() -> None:
    assert paper_flops(Shape(1, 1, 1, 1, params_total=7), 3) == 42
