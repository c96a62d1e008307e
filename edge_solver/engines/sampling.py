"""Choosing the next token for all rows at once.

Inverse-transform sampling needs one uniform number per row, so a row's draws depend on nothing but its own random
stream: who else is in the batch changes neither its numbers nor their order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sample(logits: NDArray[np.float32], temperature: float, uniforms: NDArray[np.float64]) -> NDArray[np.intp]:
    """Draw one token per row.

    Args:
        logits: Array ``[rows, vocabulary]``.
        temperature: Softmax temperature; 0 takes the likeliest token.
        uniforms: One number in [0, 1) per row.

    Returns:
        Token ids, ``[rows]``.
    """
    if temperature == 0:
        likeliest: NDArray[np.intp] = logits.argmax(axis=1)
        return likeliest
    scaled = logits - logits.max(axis=1, keepdims=True)
    if temperature != 1:
        scaled /= temperature
    cumulative = np.exp(scaled, out=scaled).cumsum(axis=1, dtype=np.float64)
    thresholds = uniforms * cumulative[:, -1]
    tokens: NDArray[np.intp] = (cumulative > thresholds[:, None]).argmax(axis=1)
    return tokens


def stream(seed: int, node: int) -> np.random.Generator:
    """Return the random stream of one tree node: the same for the same seed and node, whatever else is drawn."""
    return np.random.Generator(np.random.Philox(key=np.array([seed & (2**64 - 1), node], np.uint64)))
