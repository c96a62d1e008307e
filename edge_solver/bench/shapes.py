"""The true shapes of well-known models: every tensor with its size, and what a quantization makes of it.

Pure data and arithmetic: knows nothing of files. Which tensor gets which type follows llama.cpp's ``llama-quantize``
(the output head of a 4-bit file has 6 bits; "q4_k_m" gives some layers more), so that the bytes of a decode call are
those of a real file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edge_solver.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The sizes of a Llama-family model, as in its configuration file on the hub."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    heads_kv: int
    vocabulary: int
    context: int = 4096
    rope_base: float = 10_000.0
    tied: bool = False
    """The embedding is the output head too."""
    biased: bool = False
    """Queries, keys and values have biases (Qwen2)."""

    @property
    def width_kv(self) -> int:
        """Columns of the keys of one layer."""
        return self.width // self.heads * self.heads_kv


SHAPES: Mapping[str, ModelShape] = MappingProxyType(
    {
        "qwen2.5-0.5b": ModelShape(24, 896, 4864, 14, 2, 151_936, 32_768, 1e6, tied=True, biased=True),
        "tinyllama-1.1b": ModelShape(22, 2048, 5632, 32, 4, 32_000, 2048),
        "llama-3.2-1b": ModelShape(16, 2048, 8192, 32, 8, 128_256, 131_072, 5e5, tied=True),
        "qwen2.5-1.5b": ModelShape(28, 1536, 8960, 12, 2, 151_936, 32_768, 1e6, tied=True, biased=True),
        "qwen2.5-3b": ModelShape(36, 2048, 11_008, 16, 2, 151_936, 32_768, 1e6, tied=True, biased=True),
        "llama-3.2-3b": ModelShape(28, 3072, 8192, 24, 8, 128_256, 131_072, 5e5, tied=True),
        "llemma-7b": ModelShape(32, 4096, 11_008, 32, 32, 32_016),
        "llama-2-7b": ModelShape(32, 4096, 11_008, 32, 32, 32_000),
        "mistral-7b": ModelShape(32, 4096, 14_336, 32, 8, 32_000, 32_768),
        "qwen2.5-7b": ModelShape(28, 3584, 18_944, 28, 4, 152_064, 32_768, 1e6, biased=True),
        "llama-3.1-8b": ModelShape(32, 4096, 14_336, 32, 8, 128_256, 131_072, 5e5),
        "llemma-34b": ModelShape(48, 8192, 22_016, 64, 8, 32_000, 4096, 1e6),
    }
)
"""By name, the smallest first."""

QUANTS = ("q4_0", "q4_k_m", "q8_0", "f16")

_BLOCKS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "F32": (1, 4),
        "F16": (1, 2),
        "Q4_0": (32, 18),
        "Q5_0": (32, 22),
        "Q8_0": (32, 34),
        "Q4_K": (256, 144),
        "Q6_K": (256, 210),
    }
)
"""Weights and bytes of one block (ggml-common.h)."""
_SUBSTITUTES = {"Q4_K": "Q5_0", "Q6_K": "Q8_0"}
"""What takes the place of a type whose blocks do not divide a row."""


@dataclass(frozen=True, slots=True)
class TensorPlan:
    """One tensor of a file."""

    name: str
    rows: int
    """1 for a vector."""
    columns: int
    kind: str
    """ggml's name of its type."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        weights, size = _BLOCKS[self.kind]
        return self.columns // weights * size

    @property
    def bytes(self) -> int:
        """Bytes of all of it."""
        return self.rows * self.row_bytes


def shape_named(name: str) -> ModelShape:
    """Return a shape.

    Raises:
        UnknownNameError: No shape has this name.
    """
    if name not in SHAPES:
        raise UnknownNameError("shape", name, SHAPES)
    return SHAPES[name]


def tensors(shape: ModelShape, quant: str) -> Iterator[TensorPlan]:
    """Yield every tensor in the order of a file."""
    width, kv, wide = shape.width, shape.width_kv, shape.feed_forward
    plain = {"q4_0": "Q4_0", "q4_k_m": "Q4_K", "q8_0": "Q8_0", "f16": "F16"}[quant]
    head = "Q6_K" if quant in ("q4_0", "q4_k_m") else plain

    def matrix(name: str, rows: int, columns: int, kind: str = plain) -> TensorPlan:
        fits = columns % _BLOCKS[kind][0] == 0
        return TensorPlan(f"{name}.weight", rows, columns, kind if fits else _SUBSTITUTES[kind])

    def vector(name: str, columns: int) -> TensorPlan:
        return TensorPlan(name, 1, columns, "F32")

    yield matrix("token_embd", shape.vocabulary, width, head if shape.tied else plain)
    yield vector("output_norm.weight", width)
    if not shape.tied:
        yield matrix("output", shape.vocabulary, width, head)
    for layer in range(shape.layers):
        at = f"blk.{layer}."
        better = "Q6_K" if quant == "q4_k_m" and _has_more_bits(layer, shape.layers) else plain
        yield vector(at + "attn_norm.weight", width)
        yield matrix(at + "attn_q", width, width)
        yield matrix(at + "attn_k", kv, width)
        yield matrix(at + "attn_v", kv, width, better)
        if shape.biased:
            yield from (vector(f"{at}attn_{part}.bias", size) for part, size in (("q", width), ("k", kv), ("v", kv)))
        yield matrix(at + "attn_output", width, width)
        yield vector(at + "ffn_norm.weight", width)
        yield matrix(at + "ffn_gate", wide, width)
        yield matrix(at + "ffn_up", wide, width)
        yield matrix(at + "ffn_down", width, wide, better)


def weight_bytes(shape: ModelShape, quant: str) -> int:
    """Return the bytes of all tensors; the file is a few megabytes larger."""
    return sum(tensor.bytes for tensor in tensors(shape, quant))


def _has_more_bits(layer: int, layers: int) -> bool:
    """Say which layers "q4_k_m" gives six bits (llama.cpp: ``use_more_bits``)."""
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2  # noqa: PLR2004
