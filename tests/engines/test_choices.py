"""The rules by which llama.cpp is set up, and the reasons that they give."""

from __future__ import annotations

import pytest

from edge_solver.core.cost import Shape
from edge_solver.engines.choices import FOLD, SMALL_MODEL, TILE, CacheType, cache_type, choose, pieces

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


@pytest.mark.parametrize(
    ("head_size", "step", "kept"),
    [
        (32, 32, CacheType.F16),
        (32, 64, CacheType.Q8_0),
        (64, 64, CacheType.F16),
        (64, 128, CacheType.Q8_0),
        (128, 128, CacheType.F16),
        (48, 64, CacheType.F16),  # no whole number of blocks, which llama.cpp refuses
    ],
)
def test_heads_shorter_than_a_step_in_half_precision_are_kept_in_bytes(
    head_size: int, step: int, kept: CacheType
) -> None:
    assert cache_type(head_size, step) is kept
    assert cache_type(head_size, step, gpu=True) is CacheType.F16


def test_rows_in_bytes_are_not_cut_and_their_choices_have_reasons() -> None:
    choices = choose(SMALL, 128, 2, cache=CacheType.Q8_0)
    assert choices.decode_rows is None
    found = {choice.name: choice for choice in choices.reasons}
    assert found["keys and values"].value == "q8_0"
    assert "AVX-512" in found["keys and values"].reason
    assert found["rows of a call"].value == "all"


def test_bytes_of_keys_and_values() -> None:
    assert CacheType.F16.bytes_of(192) == 384
    assert CacheType.Q8_0.bytes_of(192) == 6 * 34
    assert all(kept.numbers_in(kept.bytes_of(192)) == 192 for kept in CacheType)
