"""An average lies between its two, and only like is averaged with like."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from training.average import averaged  # noqa: E402
from training.policy import Shape, Transformer  # noqa: E402

SMALL = Shape(vocabulary=16, width=32, layers=1, feed_forward=32)
LARGE = Shape(vocabulary=16, width=64, layers=1, feed_forward=32)


def test_an_average_is_as_far_from_both_as_asked_for() -> None:
    torch.manual_seed(0)
    one, other = Transformer(SMALL).state_dict(), Transformer(SMALL).state_dict()
    between = averaged(one, other, 0.25)
    for name, weights in between.items():
        assert torch.allclose(weights, 0.75 * one[name] + 0.25 * other[name], atol=1e-6)
    assert all(torch.equal(averaged(one, other, 0.0)[name], one[name]) for name in one)


def test_checkpoints_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="not of one shape"):
        averaged(Transformer(SMALL).state_dict(), Transformer(LARGE).state_dict(), 0.5)
