"""Weights in few bits: no code is wrong by more than its scale allows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_solver.quantization.blocks import BLOCK, pack, pack_rows

DICE = np.random.default_rng(3)
MATRIX = DICE.standard_normal((6, 80)).astype(np.float32)


def unpacked(bits: int, matrix: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the values that codes and scales stand for, and the scales, both ``[rows, blocks, 32]``."""
    codes, scales = pack(matrix, bits)
    if bits == 4:
        codes = np.stack((codes & 15, codes >> 4), axis=-1).reshape(*codes.shape[:2], BLOCK)
    wide = np.repeat(scales[..., None], BLOCK, axis=-1)
    return (codes.astype(np.float32) - 2 ** (bits - 1)) * wide, wide


def blocks(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % BLOCK))).reshape(len(matrix), -1, BLOCK)


def test_eight_bits_are_wrong_by_half_a_scale_at_most() -> None:
    values, scales = unpacked(8, MATRIX)
    assert (np.abs(values - blocks(MATRIX)) <= scales / 2 + 1e-6).all()


def test_four_bits_are_no_worse_than_the_scale_that_just_holds_the_largest_value() -> None:
    values, _ = unpacked(4, MATRIX)
    held = blocks(MATRIX)
    extreme = np.take_along_axis(held, np.abs(held).argmax(axis=-1)[..., None], axis=-1) / -8
    plain = np.clip(np.rint(held / extreme), -8, 7) * extreme
    assert (np.square(values - held).sum(axis=-1) <= np.square(plain - held).sum(axis=-1) + 1e-6).all()


@pytest.mark.parametrize("bits", [8, 4])
def test_zeros_stay_zeros_and_padding_is_zero(bits: int) -> None:
    zeros, _ = unpacked(bits, np.zeros((2, 40), np.float32))
    assert not zeros.any()
    padded, _ = unpacked(bits, MATRIX)
    assert not padded.reshape(6, -1)[:, 80:].any()


def test_rows_have_a_scale_each() -> None:
    codes, scales = pack_rows(MATRIX)
    assert (np.abs(codes * scales - MATRIX) <= scales / 2 + 1e-6).all()
    assert scales.shape == (6, 1)
