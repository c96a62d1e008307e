"""Sampling: the right distribution, and independence from the batch."""

from __future__ import annotations

import numpy as np
import pytest

from edge_solver.engines.sampling import sample, stream


def test_draws_follow_the_softmax() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    n = 40_000
    tokens = sample(np.tile(logits, (n, 1)), 1.0, stream(0, 0).random(n))
    assert np.bincount(tokens, minlength=4) / n == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.01)


def test_a_low_temperature_sharpens_and_zero_is_the_likeliest() -> None:
    logits = np.tile(np.array([1.0, 2.0, 1.5], np.float32), (1000, 1))
    uniforms = stream(1, 1).random(1000)
    assert (sample(logits, 0.01, uniforms) == 1).all()
    assert (sample(logits, 0.0, uniforms) == 1).all()


@pytest.mark.parametrize("uniform", [0.0, 0.5, np.nextafter(1.0, 0.0)])
def test_extreme_draws_and_logits_give_a_token_of_the_vocabulary(uniform: float) -> None:
    for row in ([0.0, 0.0, 0.0], [1e30, -1e30, 0.0], [-np.inf, 0.0, -np.inf], [88.0, 89.0, -200.0]):
        (token,) = sample(np.array([row], np.float32), 1.0, np.array([uniform]))
        assert 0 <= token < 3
        assert row[token] > -np.inf


def test_a_row_draws_the_same_whoever_else_is_in_the_batch() -> None:
    logits = stream(2, 2).normal(size=(5, 100)).astype(np.float32)
    uniforms = stream(3, 3).random(5)
    together = sample(logits, 0.8, uniforms)
    alone = [int(sample(logits[i : i + 1], 0.8, uniforms[i : i + 1])[0]) for i in range(5)]
    assert together.tolist() == alone


def test_streams_differ_by_seed_and_by_node_and_never_otherwise() -> None:
    draws = {(seed, node): tuple(stream(seed, node).random(3)) for seed in (0, 1, -1) for node in (1, 2)}
    assert len(set(draws.values())) == 6
    assert tuple(stream(0, 1).random(3)) == draws[0, 1]
