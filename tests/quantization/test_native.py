"""llama.cpp's quantizer and the importance matrix, on the built-in policy and on made-up checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_solver.engines.llama import LlamaModel
from edge_solver.errors import ModelBrokenError, UsageError
from edge_solver.paths import shipped
from edge_solver.quantization.checkpoint import Checkpoint
from edge_solver.quantization.native import measure_importance, quantize_gguf
from edge_solver.quantization.output import Progress, silent
from edge_solver.quantization.recipes import Recipe
from edge_solver.quantization.workshop import make, make_from_gguf
from tests.quantization.tiny import POLICIES, Tiny, write

BUILTIN = shipped("models/builtin/micro.gguf")
TEXT = "What is 12 + 30? 12 + 30 = 42. The answer is: 42\n" * 40
WIDE = Tiny("wide", "LlamaForCausalLM", {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 1}, "spm")
"""As wide as K-quants need."""


def test_importance_is_the_mean_square_of_what_each_matrix_is_multiplied_by() -> None:
    """The built-in policy's norms have no gain, so what they put out has a mean square of one."""
    importance = measure_importance(BUILTIN, TEXT, chunk=128, most=2, report=silent)
    with LlamaModel(BUILTIN) as model:
        layers, width = model.shape().n_layers, model.shape().d_attn
    assert len(importance) == 7 * layers + 1
    for name, squares in importance.items():
        assert (squares >= 0).all()
        if "ffn_down" not in name:
            assert squares.shape == (width,)
        if any(part in name for part in ("attn_q", "attn_k", "attn_v", "ffn_gate", "ffn_up", "output.weight")) and (
            "attn_output" not in name
        ):
            assert squares.mean() == pytest.approx(1, abs=1e-3)


def test_queries_keys_and_values_see_the_same_input() -> None:
    importance = measure_importance(BUILTIN, TEXT, chunk=128, most=1, report=silent)
    assert np.array_equal(importance["blk.1.attn_q.weight"], importance["blk.1.attn_v.weight"])


def test_a_text_shorter_than_a_chunk_is_refused() -> None:
    with pytest.raises(UsageError, match="shorter than 128 tokens"):
        measure_importance(BUILTIN, "1 + 1", chunk=128, most=1, report=silent)


@pytest.mark.parametrize("kind", ["q4_0", "q4_k_s", "q4_k_m", "q8_0"])
def test_every_kind_is_made_and_runs(kind: str, tmp_path: Path) -> None:
    seen: list[Progress] = []
    path = tmp_path / "out.gguf"
    checkpoint = Checkpoint(write(WIDE, tmp_path / "wide"))
    assert make(checkpoint, kind, path, Recipe("wide"), None, seen.append) == [path]
    assert path.stat().st_size < checkpoint.values * 2
    with LlamaModel(path) as model:
        context = model.context(256, max_rows=256, branches=1)
        assert np.isfinite(context.decode([5, 6, 7], [0, 1, 2], [0] * 3, [False, False, True])).all()
        context.close()
    assert {progress.stage for progress in seen} == {"converting", "quantizing"}
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out.gguf", "wide"]


def test_the_importance_matrix_changes_what_is_written(tmp_path: Path) -> None:
    for name, text in (("plain", None), ("weighed", TEXT)):
        make_from_gguf(BUILTIN, "q4_0", tmp_path / name, text)
    assert (tmp_path / "plain").read_bytes() != (tmp_path / "weighed").read_bytes()


def test_what_llama_cpp_refuses_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "in.gguf").write_bytes(BUILTIN.read_bytes()[:5000])
    with pytest.raises(ModelBrokenError, match=r"cannot quantize .*: .+"):
        quantize_gguf(tmp_path / "in.gguf", tmp_path / "out.gguf", "q4_0", None, silent)


def test_a_failure_leaves_neither_the_file_nor_what_was_made_on_the_way(tmp_path: Path) -> None:
    checkpoint = Checkpoint(write(POLICIES[0], tmp_path / "llama"))
    with pytest.raises(UsageError, match="calibration text is shorter"):
        make(checkpoint, "q4_0", tmp_path / "out.gguf", Recipe("llama"), "1 + 1")
    assert [entry.name for entry in tmp_path.iterdir()] == ["llama"]
