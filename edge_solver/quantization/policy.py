"""A checkpoint as a GGUF in half precision: the file that llama.cpp runs, and quantizes from.

Matrices become float16, norms and biases float32, as llama.cpp's own converter writes them. Tensors go from file to
file a slab at a time: the largest thing in memory is a query matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import gguf
import numpy as np
from numpy.typing import NDArray

from edge_solver.errors import ModelBrokenError
from edge_solver.quantization.architecture import Architecture, read_architecture
from edge_solver.quantization.checkpoint import Checkpoint, FloatArray, Tensor
from edge_solver.quantization.output import Progress, Report, silent, unfinished
from edge_solver.quantization.vocabulary import Vocabulary, read_vocabulary

_MODELS = {"llama": gguf.MODEL_ARCH.LLAMA, "qwen2": gguf.MODEL_ARCH.QWEN2}
_UNUSED = ("rotary_emb.inv_freq", "attention.masked_bias", "attention.bias")
"""Buffers that old checkpoints store and no computation reads."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """A tensor under its GGUF name; streams its values when the writer asks it to, as the writer asks an array."""

    name: str
    source: Tensor
    heads: int | None
    """Of a matrix whose heads llama.cpp rotates in another order."""
    half: bool

    @property
    def nbytes(self) -> int:
        return self.source.size * (2 if self.half else 4)

    def tofile(self, file: IO[bytes]) -> None:
        slabs = self.source.slabs() if self.heads is None else iter([interleaved(self.source.read(), self.heads)])
        for slab in slabs:
            file.write(self._stored(slab).data)

    def _stored(self, slab: FloatArray) -> NDArray[np.generic]:
        if not self.half:
            return np.ascontiguousarray(slab)
        with np.errstate(over="ignore"):
            halves = slab.astype(np.float16)
        if not np.isfinite(halves).all():
            raise ModelBrokenError(f"{self.source.name} has values that float16 cannot hold, or that are not numbers")
        return np.ascontiguousarray(halves)


def interleaved(matrix: FloatArray, heads: int) -> FloatArray:
    """Reorder each head's rows for llama.cpp, which rotates neighbours where transformers rotates halves.

    Args:
        matrix: ``[heads * head size, …]``.
        heads: How many.
    """
    halves = matrix.reshape(heads, 2, matrix.shape[0] // heads // 2, -1)
    return halves.swapaxes(1, 2).reshape(matrix.shape)


def write_policy(checkpoint: Checkpoint, path: Path, name: str, report: Report = silent) -> None:
    """Write a checkpoint as a GGUF in half precision.

    Raises:
        EdgeSolverError: The architecture or tokenizer is not known, the checkpoint is not whole, the disk is full.
    """
    architecture = read_architecture(checkpoint.config)
    vocabulary = read_vocabulary(checkpoint.folder, architecture.vocabulary)
    planned = list(plan(checkpoint, architecture))
    with unfinished(path) as partial:
        writer = _writer(partial, architecture, vocabulary, checkpoint.folder, name)
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
        frequencies = architecture.rope.divisors(architecture.head)
        if frequencies is not None:
            writer.add_tensor_info("rope_freqs.weight", frequencies.shape, frequencies.dtype, frequencies.nbytes)
        for tensor in planned:
            stored = np.dtype(np.float16 if tensor.half else np.float32)
            writer.add_tensor_info(tensor.name, tensor.source.shape, stored, tensor.nbytes)
        try:
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            if frequencies is not None:
                writer.write_tensor_data(frequencies)
            for index, tensor in enumerate(planned):
                report(Progress("converting", index, len(planned)))
                writer.write_tensor_data(tensor)  # type: ignore[arg-type] # asks for nbytes and tofile, no more
        finally:
            with suppress(OSError):  # a full disk has been told already
                writer.close()
    report(Progress("converting", len(planned), len(planned)))


def write_tokenizer(folder: Path, path: Path, architecture: Architecture, name: str) -> None:
    """Write a GGUF that holds a tokenizer and no weights: what a process reward model is given beside its graph."""
    vocabulary = read_vocabulary(folder, architecture.vocabulary)
    with unfinished(path) as partial:
        writer = _writer(partial, architecture, vocabulary, folder, name)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()


def plan(checkpoint: Checkpoint, architecture: Architecture) -> Iterator[_Planned]:
    """Yield every tensor under its GGUF name.

    Raises:
        ModelBrokenError: The checkpoint lacks a tensor, or has one with no place in this architecture.
    """
    names = gguf.get_tensor_name_map(_MODELS[architecture.family], architecture.layers)
    shapes = dict(expected_shapes(architecture))
    for name, tensor in checkpoint.tensors.items():
        if name.endswith(_UNUSED) or (architecture.tied and name == "lm_head.weight"):
            continue
        known = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if known is None or name not in shapes:
            raise ModelBrokenError(f"{checkpoint.folder} has a tensor {name}, which {architecture.family} has not")
        if tensor.shape != shapes.pop(name):
            raise ModelBrokenError(f"{name} is of shape {tensor.shape}, not what config.json calls for")
        yield _Planned(known, tensor, _rotated_heads(name, architecture), half=len(tensor.shape) > 1)
    if shapes:
        raise ModelBrokenError(f"{checkpoint.folder} lacks {len(shapes)} tensors, such as {next(iter(shapes))}")


def expected_shapes(architecture: Architecture) -> Mapping[str, tuple[int, ...]]:
    """Return every tensor that a causal language model of this architecture has, with its shape."""
    a, body = architecture, "model.layers"
    query, key = a.heads * a.head, a.heads_kv * a.head
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (a.vocabulary, a.width),
        "model.norm.weight": (a.width,),
    }
    if not a.tied:
        shapes["lm_head.weight"] = (a.vocabulary, a.width)
    for layer in range(a.layers):
        for part, rows in (("q", query), ("k", key), ("v", key)):
            shapes[f"{body}.{layer}.self_attn.{part}_proj.weight"] = (rows, a.width)
            if a.family == "qwen2":
                shapes[f"{body}.{layer}.self_attn.{part}_proj.bias"] = (rows,)
        shapes[f"{body}.{layer}.self_attn.o_proj.weight"] = (a.width, query)
        for part in ("gate", "up"):
            shapes[f"{body}.{layer}.mlp.{part}_proj.weight"] = (a.feed_forward, a.width)
        shapes[f"{body}.{layer}.mlp.down_proj.weight"] = (a.width, a.feed_forward)
        for part in ("input", "post_attention"):
            shapes[f"{body}.{layer}.{part}_layernorm.weight"] = (a.width,)
    return shapes


def _rotated_heads(name: str, architecture: Architecture) -> int | None:
    if architecture.family != "llama":
        return None
    if ".q_proj." in name:
        return architecture.heads
    return architecture.heads_kv if ".k_proj." in name else None


def _writer(path: Path, architecture: Architecture, vocabulary: Vocabulary, folder: Path, name: str) -> gguf.GGUFWriter:
    a, rope = architecture, architecture.rope
    writer = gguf.GGUFWriter(path, a.family)
    writer.add_name(name)
    writer.add_block_count(a.layers)
    writer.add_context_length(a.context)
    writer.add_embedding_length(a.width)
    writer.add_feed_forward_length(a.feed_forward)
    writer.add_head_count(a.heads)
    writer.add_head_count_kv(a.heads_kv)
    writer.add_key_length(a.head)
    writer.add_value_length(a.head)
    writer.add_layer_norm_rms_eps(a.epsilon)
    writer.add_vocab_size(a.vocabulary)
    writer.add_rope_dimension_count(a.head)
    writer.add_rope_freq_base(rope.theta)
    if rope.scaling in {"linear", "yarn"}:
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope.scaling))
        writer.add_rope_scaling_factor(rope.factor)
    if rope.scaling == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope.original_context)
        writer.add_rope_scaling_yarn_beta_fast(rope.high)
        writer.add_rope_scaling_yarn_beta_slow(rope.low)
        if rope.attention_factor is not None:
            writer.add_rope_scaling_yarn_attn_factor(rope.attention_factor)
    vocabulary.write(writer, folder)
    return writer
