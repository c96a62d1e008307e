"""Folders that are no checkpoint, or not a whole one, and the two ways in which weights are stored."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edge_solver.errors import ModelBrokenError, ModelMissingError, UsageError
from edge_solver.quantization.architecture import read_architecture
from edge_solver.quantization.checkpoint import Checkpoint
from edge_solver.quantization.policy import plan, write_policy
from edge_solver.quantization.vocabulary import read_vocabulary
from tests.quantization.tiny import POLICIES, TOKENIZERS, VOCABULARY, weights, write

LLAMA = POLICIES[0]


def rewritten(folder: Path, **changes: object) -> Path:
    """Write the Llama checkpoint with other settings in its configuration."""
    write(LLAMA, folder)
    (folder / "config.json").write_text(json.dumps({**LLAMA.settings, **changes}), encoding="utf-8")
    return folder


@pytest.mark.parametrize("tiny", POLICIES, ids=lambda tiny: tiny.name)
def test_every_value_is_read_back(tiny: object, tmp_path: Path) -> None:
    assert isinstance(tiny, type(LLAMA))
    checkpoint = Checkpoint(write(tiny, tmp_path))
    for name, values in weights(tiny).items():
        assert np.array_equal(checkpoint[name].read(), values)
        assert np.array_equal(np.concatenate(list(checkpoint[name].slabs())), values)


def test_a_file_is_not_a_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelMissingError, match="not a folder"):
        Checkpoint(tmp_path / "file")


def test_a_folder_without_configuration_is_not_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"config\.json"):
        Checkpoint(tmp_path)


def test_missing_shards_are_named(tmp_path: Path) -> None:
    (write(LLAMA, tmp_path) / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(ModelMissingError, match=r"1 of 3 shards: model-00002-of-00003\.safetensors"):
        Checkpoint(tmp_path)


def test_a_shard_outside_the_folder_is_not_followed(tmp_path: Path) -> None:
    index = write(LLAMA, tmp_path / "in") / "model.safetensors.index.json"
    (tmp_path / "out.safetensors").touch()
    index.write_text(json.dumps({"weight_map": {"lm_head.weight": "../out.safetensors"}}), encoding="utf-8")
    with pytest.raises(ModelMissingError, match="1 of 1 shards"):
        Checkpoint(tmp_path / "in")


def test_a_shard_that_is_cut_off_is_noticed_before_anything_is_written(tmp_path: Path) -> None:
    file = write(LLAMA, tmp_path) / "model-00001-of-00003.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ModelBrokenError, match="cut off"):
        Checkpoint(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]", b'\x09\0\0\0\0\0\0\0{"a": {}}'])
def test_what_is_no_safetensors_file_is_said_to_be_none(data: bytes, tmp_path: Path) -> None:
    (write(POLICIES[3], tmp_path) / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelBrokenError):
        plan_of(tmp_path)


def plan_of(folder: Path) -> None:
    checkpoint = Checkpoint(folder)
    list(plan(checkpoint, read_architecture(checkpoint.config)))


def test_an_unknown_architecture_is_named_with_the_known_ones(tmp_path: Path) -> None:
    folder = rewritten(tmp_path, architectures=["GemmaForCausalLM"])
    with pytest.raises(UsageError, match="GemmaForCausalLM is not known; known are LlamaForCausalLM"):
        plan_of(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_hidden_layers": 3}, "lacks 9 tensors"),
        ({"num_hidden_layers": 1}, "which llama has not"),
        ({"intermediate_size": 128}, r"of shape \(.*\), not what config\.json calls for"),
        ({"hidden_act": "gelu"}, "gelu"),
        ({"rope_scaling": {"type": "dynamic", "factor": 2}}, "dynamic"),
        ({"quantization_config": {"bits": 4}}, "quantized already"),
        ({"num_attention_heads": "many"}, "many"),
        ({"num_key_value_heads": 3}, "cannot be used"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises((UsageError, ModelBrokenError), match=message):
        plan_of(rewritten(tmp_path, **changes))


def test_mistrals_window_cuts_the_context(tmp_path: Path) -> None:
    config = json.loads((write(POLICIES[3], tmp_path) / "config.json").read_text(encoding="utf-8"))
    assert read_architecture({**config, "sliding_window": 32}).context == 32
    assert read_architecture({**config, "sliding_window": None}).context == 64


def test_a_value_beyond_float16_leaves_no_file(tmp_path: Path) -> None:
    file = write(POLICIES[3], tmp_path) / "model.safetensors"
    data = bytearray(file.read_bytes())
    at = 8 + int.from_bytes(data[:8], "little")  # lm_head comes first
    data[at : at + 4] = np.float32(1e6).tobytes()
    file.write_bytes(bytes(data))
    with pytest.raises(ModelBrokenError, match="float16 cannot hold"):
        write_policy(Checkpoint(tmp_path), tmp_path / "out.gguf", "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def pytorch_file(path: Path, table: bytes, storages: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", table)
        for key, data in storages.items():
            archive.writestr(f"archive/data/{key}", data)


def test_a_pytorch_file_is_read_without_pytorch(tmp_path: Path) -> None:
    """The pickle is what ``torch.save({"w": tensor})`` writes, in protocol 2."""
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    table = (
        b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n("
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0ctQ"
        b"K\x02K\x02K\x04\x86K\x04K\x01\x86\x89}tRs."
    )
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    pytorch_file(tmp_path / "pytorch_model.bin", table, {"0": values.tobytes()})
    assert np.array_equal(Checkpoint(tmp_path)["w"].read(), values.reshape(-1)[2:10].reshape(2, 4))


def test_a_pytorch_file_runs_no_code(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    evil = pickle.dumps({"w": print})
    pytorch_file(tmp_path / "pytorch_model.bin", evil, {})
    with pytest.raises(ModelBrokenError, match=r"builtins\.print"):
        Checkpoint(tmp_path)


def test_a_folder_without_tokenizer_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="no tokenizer"):
        read_vocabulary(tmp_path, VOCABULARY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"type": "Unigram"}}, "Unigram"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "Whitespace"),
        ({"normalizer": {"type": "Lowercase"}}, "Lowercase"),
    ],
)
def test_a_tokenizer_that_llama_cpp_cannot_follow_is_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    table = json.loads((TOKENIZERS / "qwen2" / "tokenizer.json").read_text(encoding="utf-8"))
    (tmp_path / "tokenizer.json").write_text(json.dumps({**table, **change}), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_vocabulary(tmp_path, VOCABULARY)


def test_what_is_no_sentencepiece_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(UsageError, match="not a SentencePiece model"):
        read_vocabulary(tmp_path, VOCABULARY)
