"""Sampling: the right distribution, and independence from the batch."""

from __future__ import annotations

import numpy as np
import pytest

from edge_solver.engines.sampling import sample, stream, streams


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


def test_many_streams_begin_as_each_would_by_itself() -> None:
    names = [(0, 1), (-1, 2**63 + 5), (7, 0), (0, 1)]
    numbers = streams(names, 9)
    assert numbers.tolist() == [stream(*name).random(9).tolist() for name in names]
    assert numbers[:, :3].tolist() == streams(names, 3).tolist()


@pytest.mark.parametrize("vocabulary", [1025, 1200, 2048, 5000])
def test_a_large_vocabulary_is_drawn_from_as_a_running_sum_would(vocabulary: int) -> None:
    logits = 2 * stream(4, vocabulary).normal(size=(40, vocabulary)).astype(np.float32)
    logits[:, ::3] = -np.inf
    logits[:, -200:] += 3
    uniforms = stream(5, 5).random(40)
    weights = np.exp(logits.astype(np.float64) / 0.7)
    running = weights.cumsum(axis=1) / weights.sum(axis=1, keepdims=True)
    tokens = sample(logits, 0.7, uniforms)
    rows = np.arange(40)
    assert (logits[rows, tokens] > -np.inf).all()
    assert (running[rows, tokens] > uniforms - 1e-5).all()
    assert (running[rows, tokens] - weights[rows, tokens] / weights.sum(axis=1) < uniforms + 1e-5).all()


@pytest.mark.parametrize("uniform", [0.0, np.nextafter(1.0, 0.0)])
def test_the_ends_of_a_large_vocabulary_have_weight(uniform: float) -> None:
    logits = np.full((1, 2000), -np.inf, np.float32)
    logits[0, [700, 1500]] = 0.0
    (token,) = sample(logits, 1.0, np.array([uniform]))
    assert token == (700 if uniform == 0 else 1500)
