"""Weights in few bits, in the forms that onnxruntime multiplies by without unpacking the matrix.

Each block of a row's 32 values has a scale of its own (``com.microsoft.MatMulNBits``). Codes are unsigned, with the
middle as zero: 128 of 8 bits, 8 of 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_solver.quantization.checkpoint import FloatArray

BLOCK = 32
_SHRINKS = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Scales to try for 4 bits, as parts of the one that just holds the largest value: clipping it may cost less."""


def pack(rows: FloatArray, bits: int) -> tuple[NDArray[np.uint8], FloatArray]:
    """Return codes ``[rows, blocks, bytes]`` and scales ``[rows, blocks]`` of a matrix ``[rows, columns]``.

    Args:
        rows: Any number of a matrix's rows.
        bits: 8 or 4.
    """
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % BLOCK)))
    blocks = padded.reshape(len(rows), -1, BLOCK)
    if bits == 8:  # noqa: PLR2004 - the other case is 4
        scales = np.abs(blocks).max(axis=-1) / 127
        return (_codes(blocks, scales, 127) + 128).astype(np.uint8), scales
    scales = _best_scales(blocks)
    codes = (_codes(blocks, scales, 7, least=-8) + 8).astype(np.uint8)
    packed: NDArray[np.uint8] = codes[..., 0::2] | (codes[..., 1::2] << np.uint8(4))
    return packed, scales


def pack_rows(rows: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
    """Return int8 codes and one scale per row, ``[rows, 1]``: an embedding, whose rows are looked up."""
    scales = np.maximum(np.abs(rows).max(axis=1, keepdims=True), np.float32(1e-12)) / 127
    return np.rint(rows / scales).astype(np.int8), scales.astype(np.float32)


def _best_scales(blocks: FloatArray) -> FloatArray:
    """Return the scale of each block, of those tried, with the least squared error."""
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=-1)[..., None], axis=-1)[..., 0]
    best, least = np.zeros_like(extreme), np.full_like(extreme, np.inf)
    for shrink in _SHRINKS:
        scales = extreme * np.float32(shrink / -8)  # so that the largest value gets the code that has no opposite
        error = np.square(_codes(blocks, scales, 7, least=-8) * scales[..., None] - blocks).sum(axis=-1)
        better = error < least
        best, least = np.where(better, scales, best), np.where(better, error, least)
    return best


def _codes(blocks: FloatArray, scales: FloatArray, most: int, *, least: int | None = None) -> FloatArray:
    safe = np.where(scales == 0, np.float32(1), scales)[..., None]
    return np.clip(np.rint(blocks / safe), -most if least is None else least, most)
