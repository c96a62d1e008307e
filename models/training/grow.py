"""Growing a policy into a larger one that computes the same function, so that no training is lost.

Widths are multiplied by copying every coordinate and sharing each weight between the copies it reads (Net2Net, Chen,
Goodfellow and Shlens 2016, arXiv 1511.05641). Copies that stayed equal would learn the same thing for ever, so each
reads its two inputs with weights that differ: plus noise on one, minus the same noise on the other, which changes
nothing at the start. A new layer stands behind the one that it is a copy of and writes nothing at first (LLaMA Pro, Wu
et al. 2024, arXiv 2401.02415, section 3.2): what it reads is worth reading from the first step on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from .policy import FAMILY, Block, Shape, Transformer, load_policy, save

NOISE = 0.7
"""Spread of the noise, relative to that of the weights."""


def widened(weight: Tensor, rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Return a matrix `[rows * R, columns * C]` that does the same to copied inputs, giving copied outputs."""
    wide = weight.repeat(rows, columns) / columns
    if columns == 1:
        return wide
    noise = torch.randn(wide.shape, generator=generator).view(wide.shape[0], columns, -1)
    noise = noise - noise.mean(dim=1, keepdim=True)
    return wide + NOISE * wide.std() * noise.reshape(wide.shape)


@torch.no_grad()
def grown(model: Transformer, shape: Shape, seed: int = 0) -> Transformer:
    """Return a policy of a larger shape that gives the same logits; widths must be multiples, layers not fewer."""
    old = model.shape
    times = shape.width // old.width
    if old.width * times != shape.width or old.feed_forward * times != shape.feed_forward or shape.layers < old.layers:
        raise ValueError(f"{old} does not grow into {shape}")
    generator = torch.Generator().manual_seed(seed)
    large = Transformer(shape)
    large.embedding.weight.copy_(widened(model.embedding.weight, 1, 1, generator).repeat(1, times))
    large.head.weight.copy_(widened(model.head.weight, 1, times, generator))
    copied = [i * old.layers // shape.layers for i in range(shape.layers)]
    for i, block in enumerate(large.blocks):
        assert isinstance(block, Block)
        copy_block(model.blocks[copied[i]], block, times, generator)
        if i and copied[i] == copied[i - 1]:
            for matrix in (block.output, block.down):
                nn.init.zeros_(matrix.weight)
    return large


def copy_block(old: nn.Module, new: Block, times: int, generator: torch.Generator) -> None:
    """Widen every matrix of one layer."""
    for name, matrix in new.named_parameters():
        matrix.copy_(widened(old.get_parameter(name), times, times, generator))


def main() -> None:
    """Write a policy as it is grown, before it has learnt anything more: one end of an average (`average.py`)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--shape", choices=FAMILY, required=True)
    parser.add_argument("--seed", type=int, required=True, help="of the training that it will be averaged with")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    model = grown(load_policy(args.checkpoint), FAMILY[args.shape], args.seed)
    save(model, model.shape, args.out, tokens=0, minutes=0.0)


if __name__ == "__main__":
    main()
