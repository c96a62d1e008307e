"""A grown policy computes what the small one did, and its copies can part."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from training.grow import grown  # noqa: E402 - needs torch
from training.policy import FAMILY, Shape, Transformer  # noqa: E402


def test_growing_keeps_the_logits() -> None:
    torch.manual_seed(1)
    small = Transformer(FAMILY["nano"])
    tokens = torch.randint(0, 512, (2, 24))
    with torch.no_grad():
        before = small(tokens)
        middle = grown(small, FAMILY["micro"])  # twice as wide, two layers more
        after = grown(middle, FAMILY["mini"])(tokens)
        assert torch.allclose(before, middle(tokens), atol=1e-4)
        assert torch.allclose(before, after, atol=1e-4)


def test_copies_of_a_coordinate_learn_different_things() -> None:
    torch.manual_seed(1)
    large = grown(Transformer(FAMILY["nano"]), FAMILY["micro"])
    large(torch.randint(0, 512, (2, 24))).logsumexp(dim=-1).sum().backward()
    gradient = large.blocks[2].up.weight.grad
    assert not torch.allclose(gradient[:256], gradient[256:], atol=1e-6)


def test_new_layers_stand_behind_those_they_are_copies_of() -> None:
    small = Transformer(FAMILY["micro"])
    large = grown(small, Shape(layers=24))
    for i, block in enumerate(large.blocks):
        old = small.blocks[i // 4]
        assert torch.equal(block.query.weight, old.query.weight)
        assert bool(block.down.weight.any()) == (i % 4 == 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The .grad attribute:UserWarning")  # the compiler's
def test_products_in_bfloat16_are_near_those_in_float32() -> None:
    torch.manual_seed(1)
    model = Transformer(Shape(width=64, layers=2, feed_forward=64))
    tokens = torch.randint(0, 512, (2, 24))
    before = model(tokens)
    apart = (model.hasten()(tokens) - before).detach()
    assert 0 < apart.abs().mean() < 0.01 * before.std()


def test_a_shape_that_is_no_multiple_is_refused() -> None:
    with pytest.raises(ValueError, match="does not grow"):
        grown(Transformer(FAMILY["nano"]), Shape(width=160, layers=6, feed_forward=512))
