"""Loading GGUF files: what is read off them, and what a bad one is told."""

from __future__ import annotations

from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from edge_solver.engines.llama import LlamaModel
from edge_solver.engines.llama.build import compiled_features, f16_step, has_amx
from edge_solver.engines.llama.rearranging import may_rearrange, ways
from edge_solver.errors import ModelBrokenError, ModelMemoryError, ModelMissingError
from edge_solver.paths import shipped

POLICY = shipped("models/builtin/micro.gguf")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return tmp_path / "broken.gguf"


def test_the_shape_accounts_for_every_weight() -> None:
    with LlamaModel(POLICY) as model:
        shape = model.shape()
    norms = (2 * shape.n_layers + 1) * shape.d_attn
    assert shape.params_matmul + norms + shape.params_head in {
        shape.params_total,
        shape.params_total - shape.params_head,
    }
    assert shape.kv_bytes_per_token == 2 * shape.n_layers * model.cache.bytes_of(shape.d_attn)


@pytest.mark.parametrize("text", ["What is 37 * 24?", "naïve – π ≈ 3.14159…", "a\u0000b", "🙂", "\ud800 alone", ""])
def test_any_text_can_be_cut_and_put_together_again(text: str) -> None:
    with LlamaModel(POLICY, vocab_only=True) as model:
        data = b"".join(model.piece(token) for token in model.tokenize(text))
    assert data.decode("utf-8", "replace") == text.encode("utf-8", "replace").decode()


def test_digits_are_tokens_of_their_own() -> None:
    with LlamaModel(POLICY, vocab_only=True) as model:
        assert [model.piece(token) for token in model.tokenize("4096")] == [b"4", b"0", b"9", b"6"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"nowhere\.gguf"):
        LlamaModel(tmp_path / "nowhere.gguf")


def test_a_file_of_another_format_is_refused(broken: Path) -> None:
    broken.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(ModelBrokenError, match="not a GGUF"):
        LlamaModel(broken)


def test_a_truncated_file_is_refused_with_llama_cpps_reason(broken: Path) -> None:
    data = POLICY.read_bytes()
    for length in (4, 100, 5000, len(data) // 2, len(data) - 1):
        broken.write_bytes(data[:length])
        with pytest.raises(ModelBrokenError, match="cannot load"):
            LlamaModel(broken)


def test_an_unsupported_architecture_is_refused_by_name(broken: Path) -> None:
    broken.write_bytes(POLICY.read_bytes().replace(b"llama", b"lxama"))
    with pytest.raises(ModelBrokenError, match="lxama"):
        LlamaModel(broken)


def test_a_file_without_a_tokenizer_is_refused(broken: Path) -> None:
    broken.write_bytes(POLICY.read_bytes().replace(b"tokenizer.ggml.model", b"tokenizer.ggml.mxdel"))
    with pytest.raises(ModelBrokenError, match="tokenizer"):
        LlamaModel(broken)


def test_a_cache_beyond_this_machine_is_refused_with_what_would_fit() -> None:
    with LlamaModel(POLICY) as model, pytest.raises(ModelMemoryError, match="would fit"):
        model.context(2_000_000_000, max_rows=64, branches=4)


@pytest.mark.parametrize("most", [1, 8, 255])
def test_a_context_for_a_few_rows_works_as_one_for_many(most: int) -> None:
    tokens = [5, 6, 7, 8]
    found = []
    with LlamaModel(POLICY) as model:
        for rows in (most, 256):
            context = model.context(256, max_rows=rows, branches=1)
            for position, token in enumerate(tokens):
                logits = context.decode([token], [position], [0], [True]).copy()
            found.append(logits)
            context.close()
    assert np.array_equal(found[0], found[1])


def test_many_branches_take_several_calls_and_get_the_logits_of_their_own() -> None:
    """The same branches in calls that are not cut say the same, up to how rows are rounded together."""
    count = 70
    tokens, places = [5 + row % 40 for row in range(count)], list(range(count))
    with LlamaModel(POLICY) as model:
        context = model.context(1024, max_rows=256, branches=count)
        context.decode([9, 8, 7], [0, 1, 2], [0] * 3, [False] * 3)
        for row in places[1:]:
            context.fork(0, row, 3)
        together = context.decode(tokens, [3] * count, places, [True] * count).copy()
        for row in places:
            context.free(row)
        context.decode([9, 8, 7], [0, 1, 2], [0] * 3, [False] * 3)
        for row in places[1:]:
            context.fork(0, row, 3)
        alone = np.concatenate([context.decode([tokens[row]], [3], [row], [True]).copy() for row in places])
        context.close()
    assert together.shape == alone.shape == (count, model.n_vocab)
    assert np.abs(together - alone).max() < 0.05 * alone.std()


def test_layers_for_a_gpu_fall_back_to_the_cpu_and_say_so() -> None:
    if llama_cpp.llama_supports_gpu_offload():
        pytest.skip("this build has a GPU")
    with LlamaModel(POLICY, gpu_layers=5) as model:
        assert model.gpu_layers == 0
        assert model.runs_on.startswith("CPU; 5 layers")


def test_weights_are_rearranged_but_not_for_amx_which_can_end_the_process() -> None:
    assert has_amx("CPU : AVX512_BF16 = 1 | AMX_INT8 = 1 | REPACK = 1")
    assert not has_amx("CPU : AVX2 = 1 | AVX512_BF16 = 1 | REPACK = 1")
    assert may_rearrange()
    assert "AMX" not in ways()
    if "REPACK = 1" in compiled_features():
        assert "CPU_REPACK" in ways()


@pytest.mark.parametrize(
    ("features", "step"),
    [
        ("CPU : AVX2 = 1 | F16C = 1", 32),
        ("CPU : AVX2 = 1 | AVX512 = 1 | AVX512_VNNI = 1", 64),
        ("CPU : AVX512 = 1 | AVX512_BF16 = 1 | AMX_INT8 = 1", 128),
        ("CPU : NEON = 1 | ARM_FMA = 1 | FP16_VA = 1", 32),
    ],
)
def test_what_is_multiplied_at_a_time_follows_from_what_was_compiled(features: str, step: int) -> None:
    assert f16_step(features) == step
