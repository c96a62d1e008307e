"""The rules by which llama.cpp is set up, and the reasons that they give."""

from __future__ import annotations

import pytest

from edge_solver.core.cost import Shape
from edge_solver.engines.choices import FOLD, SMALL_MODEL, TILE, choose, pieces

SMALL = Shape(6, 192, 2_650_000, 98_000, 2_850_000)
LARGE = Shape(32, 4096, 6_600_000_000, 131_000_000, 6_700_000_000)


def test_a_small_model_gets_one_thread_and_a_large_one_the_cores() -> None:
    assert choose(SMALL, 16, 8).threads == 1
    assert choose(LARGE, 16, 8).threads == 8
    assert str(SMALL_MODEL // 10**6) in {c.name: c.reason for c in choose(SMALL, 16, 8).reasons}["threads"]


def test_what_the_user_asked_for_wins() -> None:
    assert choose(SMALL, 16, 8, threads=3).threads == 3
    assert choose(LARGE, 16, 8, threads=3).prompt_threads == 3


def test_a_gpu_takes_all_branches_in_one_call() -> None:
    assert choose(LARGE, 128, 8, gpu=True).decode_rows is None


@pytest.mark.parametrize("rows", [*range(1, 260), 1000])
def test_calls_are_even_by_fours_and_stay_below_the_tiles(rows: int) -> None:
    most = choose(SMALL, rows, 2).decode_rows
    assert most is not None
    cut = pieces(rows, most)
    assert sum(cut) == rows
    assert max(cut) <= most < TILE
    assert all(size % FOLD == 0 for size in cut[:-1])
    assert len(cut) == -(-rows // most)


def test_every_choice_has_a_reason() -> None:
    for choice in choose(LARGE, 70, 4).reasons:
        assert choice.value
        assert len(choice.reason) > 10
