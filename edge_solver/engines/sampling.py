"""Choosing the next token for all rows at once.

Inverse-transform sampling needs one uniform number per row, so a row's draws depend on nothing but its own random
stream: who else is in the batch changes neither its numbers nor their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BLOCK = 128
"""Tokens whose weights are added up first, so that running sums are taken over the blocks and within one block only: a
running sum over everything took 7.3 of 9.0 ms with 16 rows and 32,000 tokens."""
_SMALL_VOCABULARY = 1024
"""Up to here one running sum is quicker: between two calls of a model every NumPy function is slow to start."""


def sample(
    logits: NDArray[np.float32],
    temperature: float,
    uniforms: NDArray[np.float64],
    counts: Sequence[int] | None = None,
) -> NDArray[np.intp]:
    """Draw one token per uniform number.

    Args:
        logits: Array ``[rows, vocabulary]``.
        temperature: Softmax temperature; 0 takes the likeliest token.
        uniforms: One number in [0, 1) per draw, those of a row beside each other.
        counts: How many draws are made from each row; by default one.

    Returns:
        Token ids, ``[draws]``.
    """
    if temperature == 0:
        likeliest: NDArray[np.intp] = logits.argmax(axis=1)
        return likeliest if counts is None else np.repeat(likeliest, counts)
    vocabulary = logits.shape[1]
    if counts is None:
        counts = [1] * len(logits)
    if vocabulary <= _SMALL_VOCABULARY:
        return _sample_plainly(logits, temperature, uniforms, counts)
    weights = _weights(logits, temperature)
    rows = np.repeat(np.arange(len(logits)), counts)
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


def _weights(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return what is in proportion to the probabilities of each row, or of one row alone."""
    weights: NDArray[np.float32] = logits - np.maximum.reduce(logits, axis=-1, keepdims=True)
    if temperature != 1:
        weights /= temperature
    return np.exp(weights, out=weights)


def _sample_plainly(
    logits: NDArray[np.float32], temperature: float, uniforms: NDArray[np.float64], counts: Sequence[int]
) -> NDArray[np.intp]:
    """Find where running sums over whole rows, taken once a row, pass the thresholds of all that draw from them."""
    if len(logits) == 1:  # NumPy takes half the time for what has one dimension
        sums = _weights(logits[0], temperature).cumsum(dtype=np.float64)
        drawn: NDArray[np.intp] = sums.searchsorted(uniforms * sums[-1], side="right")
        return drawn
    running = _weights(logits, temperature).cumsum(axis=1, dtype=np.float64)
    if len(uniforms) == len(logits):  # no loop over the rows
        drawn = (running > (uniforms * running[:, -1])[:, None]).argmax(axis=1)
        return drawn  # noqa: RET504 - named for its type
    drawn, start = np.empty(len(uniforms), np.intp), 0
    for sums, count in zip(running, counts, strict=True):
        draws = slice(start, start + count)
        drawn[draws] = sums.searchsorted(uniforms[draws] * sums[-1], side="right")
        start += count
    return drawn


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
    return np.random.Generator(np.random.Philox(key=_key(seed, node)))


def streams(names: Sequence[tuple[int, int]], count: int) -> NDArray[np.float64]:
    """Return the first numbers of many streams, ``[streams, count]``, as ``stream`` would draw them one by one."""
    numbers = np.empty((len(names), count))
    # A Philox stream is nothing but its key and a counter: turning one generator to it takes a third of making one.
    device = np.random.Philox(key=_key(0, 0))
    state, generator = device.state, np.random.Generator(device)
    for row, (seed, node) in zip(numbers, names, strict=True):
        state["state"]["key"] = _key(seed, node)
        device.state = state
        generator.random(out=row)
    return numbers


def _key(seed: int, node: int) -> NDArray[np.uint64]:
    return np.array([seed & (2**64 - 1), node], np.uint64)
