"""The room of a cache: a power of two of sequences, and cells that are many where they are cheap."""

from __future__ import annotations

import pytest

from edge_solver.core import room


@pytest.mark.parametrize(
    ("width", "problems", "sequences"),
    [(1, 1, 16), (4, 1, 16), (6, 1, 32), (16, 1, 64), (64, 1, 256), (256, 1, 256), (4, 8, 128), (16, 8, 256)],
)
def test_sequences_are_a_power_of_two_that_holds_what_a_tree_of_the_width_needs(
    width: int, problems: int, sequences: int
) -> None:
    assert room.sequences(width, problems) == sequences


def test_cells_are_those_of_the_longest_solutions_where_they_are_cheap() -> None:
    longest = 40 + 8 * (512 - 40) + room.ROWS
    assert room.cells(40, 8, 100, 512, 1) == longest
    assert room.cells(40, 8, 100, 512, 2**27) == 40 + 8 * 200 + room.ROWS
    between = room.CHEAP_BYTES // 60_000
    assert 40 + 8 * 200 + room.ROWS < between < longest
    assert room.cells(40, 8, 100, 512, 60_000) == between
