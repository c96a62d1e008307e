"""A soup learns which checkpoint to take each matrix from, and only like is mixed with like."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from training.policy import Shape, Transformer  # noqa: E402
from training.soup import Soup  # noqa: E402

SMALL = Shape(vocabulary=16, width=32, layers=1, feed_forward=32)
LARGE = Shape(vocabulary=16, width=64, layers=1, feed_forward=32)


def test_a_soup_begins_as_the_average_that_was_asked_for() -> None:
    torch.manual_seed(0)
    one, two, three = (Transformer(SMALL).state_dict() for _ in range(3))
    model = Transformer(SMALL)
    Soup(model, [one, two, three], [0.3, 0.2])
    for name, weights in model.state_dict().items():
        assert torch.allclose(weights, 0.5 * one[name] + 0.3 * two[name] + 0.2 * three[name], atol=1e-6)


def test_the_slope_of_a_share_is_the_change_of_the_loss() -> None:
    torch.manual_seed(1)
    one, two = (Transformer(SMALL).state_dict() for _ in range(2))
    model, tokens = Transformer(SMALL), torch.randint(16, (2, 9))
    soup = Soup(model, [one, two], [0.4])

    def loss() -> torch.Tensor:
        return model(tokens).logsumexp(-1).mean()

    loss().backward()
    soup.differentiate()
    slopes = [share.grad.item() for share in soup.shares]
    for share, slope in zip(soup.shares, slopes, strict=True):
        sides = []
        for way in (0.01, -0.02):
            share.data += way
            soup.mix()
            sides.append(loss().item())
        share.data += 0.01
        soup.mix()
        assert (sides[0] - sides[1]) / 0.02 == pytest.approx(slope, rel=0.05, abs=1e-3)


def test_checkpoints_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="not of one shape"):
        Soup(Transformer(SMALL), [Transformer(SMALL).state_dict(), Transformer(LARGE).state_dict()], [0.5])
