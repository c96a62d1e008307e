"""What an engine may take of the memory, and what is said where that is too little."""

from __future__ import annotations

import dataclasses
import re

import pytest

from edge_solver import memory
from edge_solver.catalog import ModelKind, resolve
from edge_solver.cli import main
from edge_solver.core import room
from edge_solver.core.cost import Shape
from edge_solver.engines.capacity import SPARE, Announced, Limits, buffer_bytes, plan, shape_in
from edge_solver.engines.llama import LlamaModel
from edge_solver.errors import ModelMemoryError

MIB, GIB = 2**20, 2**30
SEVEN_B = Shape(32, 4096, 6_476_005_376, 131_137_536, 6_738_546_688, kv_bytes_per_token=512 * 1024)
VOCABULARY = 32_016


def planned(limits: Limits | None = None, *, free: int | None = 64 * GIB, **choices: object) -> Announced:
    given: dict[str, object] = {"wanted": 10_000, "least": 300, "process": 4 * GIB, "available": lambda: free}
    return plan(SEVEN_B, VOCABULARY, limits or Limits(), **(given | choices))  # type: ignore[arg-type]


def test_a_tree_gets_the_cells_it_wants_where_there_is_memory() -> None:
    made = planned()
    assert (made.cells, made.is_narrow) == (10_240, False)
    assert made.total == 4 * GIB + 10_240 * 512 * 1024 + buffer_bytes(SEVEN_B, VOCABULARY)
    assert planned(free=None).cells == made.cells


def test_a_cap_on_memory_makes_do_with_fewer_cells_and_is_not_passed() -> None:
    for cap in (6 * GIB, 8 * GIB, 8 * GIB + 1):
        made = planned(Limits(cap))
        assert made.is_narrow
        assert cap - 256 * 512 * 1024 < made.total <= cap


def test_what_is_free_holds_as_a_cap_does_and_some_of_it_is_left() -> None:
    made = planned(free=3 * GIB)
    assert made.is_narrow
    assert made.total - made.process <= 3 * GIB - SPARE


def test_what_other_engines_keep_of_the_tree_counts() -> None:
    alone, beside = planned(Limits(8 * GIB)), planned(Limits(8 * GIB, beside=100_000))
    assert beside.cells < alone.cells
    assert beside.total <= 8 * GIB


@pytest.mark.parametrize("beside", [1_000, 14_000, 100_000, 400_000])
@pytest.mark.parametrize("cap", [5 * GIB, 6 * GIB, 8 * GIB + 1])
def test_what_a_reward_model_computes_in_is_counted_and_no_cell_is_given_away(beside: int, cap: int) -> None:
    made = planned(Limits(cap, beside=beside))
    assert made.beside == room.scoring_bytes(made.cells, beside) > made.cells * beside
    assert made.total <= cap
    more = room.scoring_bytes(made.cells + room.CELL_STEP, beside) - made.beside
    assert made.is_narrow
    assert made.total + room.CELL_STEP * SEVEN_B.kv_bytes_per_token + more > cap


def test_several_caches_share_what_is_left() -> None:
    assert planned(Limits(8 * GIB, share=2)).cells <= planned(Limits(8 * GIB)).cells // 2


def test_a_cap_that_holds_no_cache_is_refused_with_one_that_would() -> None:
    with pytest.raises(ModelMemoryError, match="--max-memory allows") as refused:
        planned(Limits(4 * GIB))
    found = re.search(r"give --max-memory (\d+)MiB", str(refused.value))
    assert found is not None
    made = planned(Limits(int(found[1]) * MIB))
    assert made.cells >= 300
    with pytest.raises(ModelMemoryError):
        planned(Limits((int(found[1]) - 1) * MIB))


def test_a_context_that_must_be_and_cannot_is_refused_with_the_one_that_fits() -> None:
    with pytest.raises(ModelMemoryError, match="tokens would fit") as refused:
        planned(Limits(8 * GIB), must=True)
    found = re.search(r"use n_ctx = (\d+)", str(refused.value))
    assert found is not None
    assert planned(Limits(8 * GIB), wanted=int(found[1]), must=True).total <= 8 * GIB


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "What is 2 + 2?", "--max-memory", "1MiB", "--no-history"]) == 3
    assert "--max-memory allows 1" in capsys.readouterr().err


@pytest.mark.skipif(memory.resident() is None, reason="this system does not say")
@pytest.mark.parametrize("name", ["nano", "mini"])
def test_a_file_says_before_it_is_loaded_what_a_token_will_take(name: str) -> None:
    path = resolve(ModelKind.POLICY, name).path
    with LlamaModel(path) as model:
        assert shape_in(path).kv_bytes_per_token == model.shape().kv_bytes_per_token


def test_a_process_is_never_larger_than_it_has_ever_been() -> None:
    resident, peak = memory.resident(), memory.peak()
    assert resident is not None
    assert peak is not None
    assert MIB < resident <= peak


def test_the_total_is_the_sum_of_its_parts() -> None:
    made = planned()
    parts = dataclasses.asdict(made)
    assert made.total == sum(parts[name] for name in ("process", "cache", "buffers", "beside"))
