"""Models with made-up weights in a true shape: good for speed and memory, and for nothing else.

The file is a valid GGUF whose metadata says that its weights are made up. Weights are drawn as random 4-bit blocks, so
a 7B shape is written at the speed of the disk and decodes exactly as fast as the real model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_solver.errors import UnknownNameError, UsageError

_BLOCK = 32
"""Weights in one Q4_0 block: a half-precision scale and 16 bytes of nibbles."""
_SCALE = 0.004
"""Small enough that activations neither vanish nor overflow in 80 layers."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The sizes of a Llama-family model (hub configuration files; Llemma: TheBloke/llemma_7b-GGUF)."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    heads_kv: int
    vocabulary: int
    context: int = 4096
    rope_base: float = 10_000.0


SHAPES: Mapping[str, ModelShape] = MappingProxyType(
    {
        "tinyllama-1.1b": ModelShape(22, 2048, 5632, 32, 4, 32_000, 2048),
        "llemma-7b": ModelShape(32, 4096, 11_008, 32, 32, 32_016),
        "mistral-7b": ModelShape(32, 4096, 14_336, 32, 8, 32_000, 32_768),
    }
)


def write_gguf(name: str, path: Path) -> None:
    """Write a Q4_0 GGUF with the shape of a known model and made-up weights.

    Raises:
        UnknownNameError: No shape has this name.
        UsageError: The ``gguf`` package is not installed.
    """
    if name not in SHAPES:
        raise UnknownNameError("shape", name, SHAPES)
    try:
        import gguf
    except ImportError:
        raise UsageError("making a model needs the gguf package: pip install 'edge-solver[bench]'") from None
    shape = SHAPES[name]
    partial = path.with_suffix(".part")
    writer = gguf.GGUFWriter(partial, "llama")
    writer.add_name(f"{name} shape, made-up weights")
    writer.add_bool("edge_solver.made_up_weights", True)  # noqa: FBT003 - not our signature
    _add_sizes(writer, shape)
    _add_vocabulary(writer, shape.vocabulary, gguf)
    kind = gguf.GGMLQuantizationType.Q4_0
    tensors = list(_tensors(shape))
    for tensor, (rows, columns) in tensors:
        if rows == 1:
            writer.add_tensor_info(tensor, (columns,), np.dtype(np.float32), columns * 4)
        else:
            row_bytes = columns // _BLOCK * 18
            writer.add_tensor_info(tensor, (rows, row_bytes), np.dtype(np.uint8), rows * row_bytes, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    dice = np.random.Generator(np.random.Philox(key=0))
    for _, (rows, columns) in tensors:
        writer.write_tensor_data(np.ones(columns, np.float32) if rows == 1 else _blocks(dice, rows, columns))
    writer.close()
    partial.replace(path)


def _add_sizes(writer: Any, shape: ModelShape) -> None:  # noqa: ANN401 - gguf has no type hints of its own
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads_kv)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)


def _add_vocabulary(writer: Any, size: int, gguf: Any) -> None:  # noqa: ANN401 - gguf has no type hints of its own
    """Add a tokenizer that can read any text byte by byte."""
    kinds = gguf.TokenType
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256]
    fillers = size - len(tokens)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens + [f"w{index}" for index in range(fillers)])
    writer.add_token_scores([0.0] * len(tokens) + [-1.0 - index for index in range(fillers)])
    writer.add_token_types([*types, *[kinds.NORMAL] * fillers])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def _tensors(shape: ModelShape) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield every tensor's name with its rows and columns; one row means a vector."""
    width, kv = shape.width, shape.width // shape.heads * shape.heads_kv
    yield "token_embd.weight", (shape.vocabulary, width)
    yield "output_norm.weight", (1, width)
    yield "output.weight", (shape.vocabulary, width)
    for layer in range(shape.layers):
        at = f"blk.{layer}."
        yield at + "attn_norm.weight", (1, width)
        yield at + "attn_q.weight", (width, width)
        yield at + "attn_k.weight", (kv, width)
        yield at + "attn_v.weight", (kv, width)
        yield at + "attn_output.weight", (width, width)
        yield at + "ffn_norm.weight", (1, width)
        yield at + "ffn_gate.weight", (shape.feed_forward, width)
        yield at + "ffn_up.weight", (shape.feed_forward, width)
        yield at + "ffn_down.weight", (width, shape.feed_forward)


def _blocks(dice: np.random.Generator, rows: int, columns: int) -> NDArray[np.uint8]:
    """Draw a matrix of Q4_0 blocks, ``[rows, bytes per row]``."""
    blocks = dice.integers(0, 256, (rows, columns // _BLOCK, 18), np.uint8)
    blocks[:, :, :2] = np.frombuffer(np.float16(_SCALE).tobytes(), np.uint8)
    return blocks.reshape(rows, -1)
