"""Choosing the next token for all rows at once.

Inverse-transform sampling needs one uniform number per row, so a row's draws depend on nothing but its own random
stream: who else is in the batch changes neither its numbers nor their order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 128
"""Tokens whose weights are added up first, so that running sums are taken over the blocks and within one block only: a
running sum over everything took 7.3 of 9.0 ms with 16 rows and 32,000 tokens."""
_SMALL_VOCABULARY = 1024
"""Up to here one running sum is quicker, a few rows at a time, so that it stays in the processor's cache."""
_FEW_ROWS = 16


def sample(
    logits: NDArray[np.float32],
    temperature: float,
    uniforms: NDArray[np.float64],
    rows: NDArray[np.intp] | None = None,
) -> NDArray[np.intp]:
    """Draw one token per uniform number.

    Args:
        logits: Array ``[rows, vocabulary]``.
        temperature: Softmax temperature; 0 takes the likeliest token.
        uniforms: One number in [0, 1) per draw.
        rows: The row that each draw is from; by default one after the other.

    Returns:
        Token ids, ``[draws]``.
    """
    if rows is None:
        rows = np.arange(len(logits))
    elif len(used := np.unique(rows)) < len(logits):
        logits, rows = logits[used], np.searchsorted(used, rows)
    if temperature == 0:
        likeliest: NDArray[np.intp] = logits.argmax(axis=1)[rows]
        return likeliest
    weights = logits - logits.max(axis=1, keepdims=True)
    if temperature != 1:
        weights /= temperature
    np.exp(weights, out=weights)
    vocabulary = weights.shape[1]
    if vocabulary <= _SMALL_VOCABULARY:
        parts = [slice(start, start + _FEW_ROWS) for start in range(0, len(rows), _FEW_ROWS)]
        return np.concatenate([_find_plainly(weights[rows[part]], uniforms[part]) for part in parts])
    whole = vocabulary // _BLOCK * _BLOCK
    sums = weights[:, :whole].reshape(len(weights), -1, _BLOCK).sum(axis=2)
    if whole < vocabulary:
        sums = np.concatenate((sums, weights[:, whole:].sum(axis=1, keepdims=True)), axis=1)
    block, rest = _find(sums[rows], uniforms * sums.sum(axis=1, dtype=np.float64)[rows])
    places = block[:, None] * _BLOCK + np.arange(_BLOCK)
    inside = weights[rows[:, None], np.minimum(places, vocabulary - 1)]
    inside[places >= vocabulary] = 0
    place, _ = _find(inside, rest)
    return block * _BLOCK + place


def _find_plainly(weights: NDArray[np.float32], uniforms: NDArray[np.float64]) -> NDArray[np.intp]:
    running = weights.cumsum(axis=1, dtype=np.float64)
    thresholds = uniforms * running[:, -1]
    found: NDArray[np.intp] = (running > thresholds[:, None]).argmax(axis=1)
    return found


def _find(
    weights: NDArray[np.float32], thresholds: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return where each row's running sum first passes its threshold, and how far the threshold is into that place."""
    running = weights.cumsum(axis=1, dtype=np.float64)
    # A sum taken in another order may end a rounding below the threshold; the last token with any weight is meant then.
    thresholds = np.minimum(thresholds, np.nextafter(running[:, -1], 0))
    found: NDArray[np.intp] = (running > thresholds[:, None]).argmax(axis=1)
    rows = np.arange(len(found))
    return found, np.maximum(0, thresholds - np.where(found > 0, running[rows, found - 1], 0))


def stream(seed: int, node: int) -> np.random.Generator:
    """Return the random stream of one tree node: the same for the same seed and node, whatever else is drawn."""
    return np.random.Generator(np.random.Philox(key=np.array([seed & (2**64 - 1), node], np.uint64)))
