"""Checkpoints small enough to be written by a test: random weights from a seed, in the files that the hub has.

``quantize/goldens.py`` writes the same checkpoints and keeps what transformers computes with them, so nothing large has
to be committed. It imports nothing of the package.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOKENIZERS = Path(__file__).parent / "goldens" / "tokenizers"
VOCABULARY = 512
LENGTH = 48
"""Tokens that the goldens were read over: more than the context that the scaled rotations were trained for."""
POSITIONS = slice(5, LENGTH, 7)
"""Where logits are kept."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Tiny:
    """One checkpoint: what differs from the common sizes, how it is stored, and its head."""

    name: str
    architecture: str
    config: Mapping[str, Any]
    tokenizer: str
    stored: str = "BF16"
    shards: int = 1
    head: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Tensors that a language model has not, with their shapes."""

    @property
    def has_biases(self) -> bool:
        return self.architecture.startswith("Qwen2")

    @property
    def settings(self) -> dict[str, Any]:
        """What stands in ``config.json``."""
        return {
            "architectures": [self.architecture],
            "model_type": "qwen2" if self.has_biases else self.architecture.split("For")[0].lower(),
            "hidden_act": "silu",
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": 64,
            "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0,
            "tie_word_embeddings": False,
            "vocab_size": VOCABULARY,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "torch_dtype": "bfloat16",
            **self.config,
        }


_LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
_YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}

POLICIES = (
    Tiny("llama", "LlamaForCausalLM", {}, "spm", shards=3),
    Tiny(
        "llama-scaled",
        "LlamaForCausalLM",
        {"num_key_value_heads": 2, "tie_word_embeddings": True, "rope_scaling": _LLAMA3, "rope_theta": 5000.0},
        "llama3",
    ),
    Tiny(
        "llama-linear",
        "LlamaForCausalLM",
        {"rope_scaling": {"type": "linear", "factor": 4.0}},
        "spm",
        stored="F16",
    ),
    Tiny(
        "mistral",
        "MistralForCausalLM",
        {"num_key_value_heads": 1, "head_dim": 24, "rope_theta": 1e6, "sliding_window": None},
        "spm",
        stored="F32",
    ),
    Tiny("qwen2", "Qwen2ForCausalLM", {"num_key_value_heads": 2, "tie_word_embeddings": True}, "qwen2", shards=2),
    Tiny(
        "qwen2-yarn",
        "Qwen2ForCausalLM",
        {"num_key_value_heads": 2, "rope_scaling": _YARN, "rms_norm_eps": 1e-6},
        "qwen2",
    ),
)
REWARDS = (
    Tiny(
        "labels",
        "Qwen2ForTokenClassification",
        {"num_key_value_heads": 2, "num_labels": 2},
        "qwen2",
        head={"score.weight": (2, 64), "score.bias": (2,)},
    ),
    Tiny(
        "value",
        "Qwen2ForCausalLM",
        {"num_key_value_heads": 2, "tie_word_embeddings": True},
        "qwen2",
        stored="F32",
        head={"v_head.summary.weight": (1, 64), "v_head.summary.bias": (1,)},
    ),
    Tiny("marks", "MistralForCausalLM", {"num_key_value_heads": 2, "head_dim": 24, "rope_theta": 1e6}, "spm"),
    Tiny(
        "perceptron",
        "Qwen2ForProcessRewardModel",
        {"num_key_value_heads": 2, "rope_scaling": _YARN},
        "qwen2",
        head={"score.0.weight": (64, 64), "score.0.bias": (64,), "score.2.weight": (2, 64), "score.2.bias": (2,)},
    ),
)
GOOD, BAD = 20, 30
"""Tokens that the ``marks`` model's score compares."""


def write(tiny: Tiny, folder: Path) -> Path:
    """Write a checkpoint folder: configuration, weights, tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(tiny.settings), encoding="utf-8")
    tensors = weights(tiny)
    names = sorted(tensors)
    parts = [names[index :: tiny.shards] for index in range(tiny.shards)]
    files = [f"model-{index + 1:05}-of-{tiny.shards:05}.safetensors" for index in range(tiny.shards)]
    if tiny.shards == 1:
        files = ["model.safetensors"]
    else:
        placed = {name: file for file, part in zip(files, parts, strict=True) for name in part}
        index_file = folder / "model.safetensors.index.json"
        index_file.write_text(json.dumps({"metadata": {}, "weight_map": placed}), encoding="utf-8")
    for file, part in zip(files, parts, strict=True):
        save({name: tensors[name] for name in part}, folder / file, tiny.stored)
    for source in (TOKENIZERS / tiny.tokenizer).iterdir():
        shutil.copy(source, folder / source.name)
    return folder


def save(tensors: Mapping[str, Array], file: Path, stored: str) -> None:
    """Write a safetensors file (header's length, header, values); transformers reads it when goldens are made."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    parts: list[bytes] = []
    end = 0
    for name, values in tensors.items():
        parts.append(_bytes(values, stored))
        start, end = end, end + len(parts[-1])
        header[name] = {"dtype": stored, "shape": list(values.shape), "data_offsets": [start, end]}
    table = json.dumps(header).encode()
    table += b" " * (-len(table) % 8)
    file.write_bytes(len(table).to_bytes(8, "little") + table + b"".join(parts))


def weights(tiny: Tiny) -> dict[str, Array]:
    """Return every tensor; the values are exact in bfloat16 and in float16."""
    return {name: _values(name, shape) for name, shape in shapes(tiny).items()}


def shapes(tiny: Tiny) -> dict[str, tuple[int, ...]]:
    """Return every tensor's shape, under its name on the hub."""
    c = tiny.settings
    width, feed, head = c["hidden_size"], c["intermediate_size"], c.get("head_dim", c["hidden_size"] // 4)
    query, key = c["num_attention_heads"] * head, c["num_key_value_heads"] * head
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (c["vocab_size"], width),
        "model.norm.weight": (width,),
        **tiny.head,
    }
    if not c["tie_word_embeddings"] and "CausalLM" in tiny.architecture:
        found["lm_head.weight"] = (c["vocab_size"], width)
    for layer in range(c["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for part, rows in (("q", query), ("k", key), ("v", key)):
            found[f"{at}self_attn.{part}_proj.weight"] = (rows, width)
            if tiny.has_biases:
                found[f"{at}self_attn.{part}_proj.bias"] = (rows,)
        found[f"{at}self_attn.o_proj.weight"] = (width, query)
        found[f"{at}mlp.gate_proj.weight"] = found[f"{at}mlp.up_proj.weight"] = (feed, width)
        found[f"{at}mlp.down_proj.weight"] = (width, feed)
        found[f"{at}input_layernorm.weight"] = found[f"{at}post_attention_layernorm.weight"] = (width,)
    return found


def tokens() -> NDArray[np.int64]:
    """Return what the goldens were read over, ``[2, LENGTH]``."""
    return np.random.default_rng(0).integers(3, 290, (2, LENGTH))


def _values(name: str, shape: tuple[int, ...]) -> Array:
    dice = np.random.default_rng(zlib.crc32(name.encode()))
    drawn: Array = dice.standard_normal(shape, np.float32)
    if "norm" in name:
        drawn = 1 + drawn / np.float32(8)
    elif name.endswith("bias"):
        drawn /= 2
    elif "embed" not in name:
        drawn *= np.float32(1.5 / np.sqrt(shape[-1]))
    large: Array = np.copysign(np.maximum(np.abs(drawn), np.float32(2.0**-12)), drawn)  # float16 keeps every digit
    return (large.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


def _bytes(values: Array, stored: str) -> bytes:
    if stored == "BF16":
        return (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    return values.astype("<f2" if stored == "F16" else "<f4").tobytes()
