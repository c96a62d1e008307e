"""Models with made-up weights in a true shape: good for speed and memory, and for nothing else.

The file is a valid GGUF whose metadata says that its weights are made up. A few megabytes of random blocks are repeated
over all tensors, written one tensor at a time: a 7B shape takes as long as the disk and never more than one tensor's
memory, and decodes exactly as fast as the real model. The same name and quantization give the same file everywhere.
Such a model draws its tokens about evenly from its vocabulary. So that a search with one runs to finished solutions, a
token in so many spells the end of a step, and a few of these an answer; the weights know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edge_solver.bench.shapes import ModelShape, TensorPlan, shape_named, tensors
from edge_solver.errors import UsageError

if TYPE_CHECKING:
    from typing import TypeAlias

    Writer: TypeAlias = Any  # gguf has no type hints of its own

MARK = "edge_solver.made_up_weights"
"""The key in the metadata that says so."""

STEP_TOKENS, SOLUTION_STEPS = 25, 7
"""Mean tokens of a step and steps of a solution: together about the 171 tokens that the FLOPs in Table 4 of the REBASE
paper (arXiv 2408.00724) make of one by Llemma-7B on GSM8K. The first is odd, because rows of the output head repeat
after a power of two, and rows that are alike are drawn alike."""

_POOL_BLOCKS = 1 << 15
_FILE_TYPES = {"q4_0": "MOSTLY_Q4_0", "q4_k_m": "MOSTLY_Q4_K_M", "q8_0": "MOSTLY_Q8_0", "f16": "MOSTLY_F16"}

_HALVES: Mapping[str, Mapping[int, float]] = MappingProxyType(
    {
        "Q4_0": {0: 0.004},
        "Q5_0": {0: 0.002},
        "Q8_0": {0: 0.00025},
        "Q4_K": {0: 0.00006, 2: 0.00045},
        "Q6_K": {208: 0.00007},
    }
)
"""Where a block keeps its half-precision scales, and values that give weights of about ±0.02: small enough that
activations neither vanish nor overflow in 80 layers (layouts: ggml-common.h)."""
_BLOCK_BYTES = {"Q4_0": 18, "Q5_0": 22, "Q8_0": 34, "Q4_K": 144, "Q6_K": 210}
_Q6_SCALES = slice(192, 208)

Progress = Callable[[int, int], None]
"""Told the bytes written and those of the whole file; what it raises ends the writing."""


def write_gguf(name: str, path: Path, quant: str = "q4_0", progress: Progress | None = None) -> None:
    """Write a GGUF with the shape of a known model and made-up weights; nothing is left of one that failed.

    Raises:
        UnknownNameError: No shape has this name.
        UsageError: The ``gguf`` package is not installed.
        OSError: The disk is full, or fails otherwise.
    """
    shape = shape_named(name)
    try:
        import gguf
    except ImportError:
        raise UsageError("making a model needs the gguf package: pip install 'edge-solver[bench]'") from None
    partial = path.with_suffix(".part")
    writer = gguf.GGUFWriter(partial, "qwen2" if shape.biased else "llama")
    try:
        writer.add_name(f"{name} shape, made-up weights")
        writer.add_bool(MARK, True)  # noqa: FBT003 - not our signature
        writer.add_file_type(gguf.LlamaFileType[_FILE_TYPES[quant]])
        _add_sizes(writer, shape)
        _add_vocabulary(writer, shape.vocabulary, gguf)
        _write_tensors(writer, list(tensors(shape, quant)), gguf, progress or (lambda _done, _total: None))
        writer.close()
        partial.replace(path)
    finally:
        writer.close()
        partial.unlink(missing_ok=True)


def _write_tensors(writer: Writer, plans: list[TensorPlan], gguf: Any, progress: Progress) -> None:  # noqa: ANN401 - as above
    for plan in plans:
        kind = gguf.GGMLQuantizationType[plan.kind]
        if plan.rows == 1:
            writer.add_tensor_info(plan.name, (plan.columns,), np.dtype(np.float32), plan.bytes)
        elif plan.kind == "F16":
            writer.add_tensor_info(plan.name, (plan.rows, plan.columns), np.dtype(np.float16), plan.bytes)
        else:
            writer.add_tensor_info(plan.name, (plan.rows, plan.row_bytes), np.dtype(np.uint8), plan.bytes, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    dice = np.random.Generator(np.random.Philox(key=0))
    pools = {kind: _pool(kind, dice) for kind in sorted({plan.kind for plan in plans} - {"F32"})}
    total, done = sum(plan.bytes for plan in plans), 0
    for plan in plans:
        progress(done, total)
        writer.write_tensor_data(_vector(plan) if plan.kind == "F32" else np.resize(pools[plan.kind], plan.bytes))
        done += plan.bytes
    progress(done, total)


def _vector(plan: TensorPlan) -> NDArray[np.float32]:
    return np.zeros(plan.columns, np.float32) if plan.name.endswith(".bias") else np.ones(plan.columns, np.float32)


def _pool(kind: str, dice: np.random.Generator) -> NDArray[np.uint8]:
    """Draw the bytes that fill all tensors of a type."""
    if kind == "F16":
        return (0.02 * dice.standard_normal(32 * _POOL_BLOCKS, np.float32)).astype("<f2").view(np.uint8)
    blocks = dice.integers(0, 256, (_POOL_BLOCKS, _BLOCK_BYTES[kind]), np.uint8)
    for at, value in _HALVES[kind].items():
        blocks[:, at : at + 2] = np.frombuffer(np.array(value, "<f2").tobytes(), np.uint8)
    if kind == "Q6_K":
        blocks[:, _Q6_SCALES] = 16
    return blocks.reshape(-1)


def _add_sizes(writer: Writer, shape: ModelShape) -> None:
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads_kv)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)


def _add_vocabulary(writer: Writer, size: int, gguf: Any) -> None:  # noqa: ANN401 - as above
    """Add a tokenizer that can read any text byte by byte, and whose other tokens are only ever written."""
    kinds = gguf.TokenType
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256]
    fillers = size - len(tokens)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens + [_filler(index) for index in range(fillers)])
    writer.add_token_scores([0.0] * len(tokens) + [-1.0 - index for index in range(fillers)])
    writer.add_token_types([*types, *[kinds.NORMAL] * fillers])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def _filler(index: int) -> str:
    """Return the text of a token: a word of no meaning, which may end a step, or a solution too."""
    if index % STEP_TOKENS:
        return f"w{index}"
    if index % (STEP_TOKENS * SOLUTION_STEPS):
        return f"w{index}\n\n"
    return f"w{index}\u2581The\u2581answer\u2581is:\u2581{index // (STEP_TOKENS * SOLUTION_STEPS) % 10}\n\n"
