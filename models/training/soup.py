"""Mix several checkpoints of one shape, each matrix with shares of its own that are learnt (a learned soup).

What the stages of a training know, each something else, lies mixed in one set of weights (Wortsman et al., *Model
soups*, arXiv 2203.05482, section 2). `average.py` takes one share for everything, and which is best is known after some
tries. Here the loss says it: its gradient by a matrix, times the way from the first checkpoint's matrix to another's,
is its slope by that one's share. With some hundred numbers to learn there is little to overfit, and a few hundred
batches are enough.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .average import require_one_shape
from .corpus import Corpus, batches
from .policy import Shape, Transformer, save
from .schedule import Clock, factor
from .train_policy import batch_loss


class Soup:
    """A network whose every matrix is a mix of those of several checkpoints."""

    def __init__(self, model: nn.Module, checkpoints: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> None:
        """Mix into `model`; `shares` are those of all checkpoints but the first, which has what is left of one.

        Raises:
            ValueError: The checkpoints are not of the model's shape.
        """
        names = dict(model.named_parameters())
        for weights in checkpoints:
            require_one_shape(names, weights)
        first, *others = checkpoints
        self.parts = [
            (parameter, first[name], torch.stack([other[name] - first[name] for other in others]))
            for name, parameter in names.items()
        ]
        self.shares = [nn.Parameter(torch.tensor(shares)) for _ in self.parts]
        """One tensor `[checkpoints - 1]` a matrix."""
        self.mix()

    @torch.no_grad()
    def mix(self) -> None:
        """Set the network's weights to what the shares say."""
        for share, (parameter, first, ways) in zip(self.shares, self.parts, strict=True):
            parameter.copy_(first + torch.tensordot(share, ways, dims=1))

    @torch.no_grad()
    def differentiate(self) -> None:
        """Turn the gradients of the weights into those of the shares, and forget them."""
        for share, (parameter, _, ways) in zip(self.shares, self.parts, strict=True):
            assert parameter.grad is not None
            share.grad = ways.flatten(1) @ parameter.grad.flatten()
            parameter.grad = None


def main() -> None:
    """Learn the shares of checkpoints on a corpus and write their mix."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="two or more, of one shape")
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="rows that none was trained on, at best")
    parser.add_argument("--shares", type=float, nargs="+", help="to begin with, one per checkpoint; by default equal")
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--tokens", type=int, default=8192, help="tokens in a batch, padding included")
    parser.add_argument("--rate", type=float, default=0.02, help="of the shares")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--bfloat16", action="store_true", help="compile, and multiply in bfloat16: on CPUs with AMX")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    saved = [torch.load(path, map_location="cpu", weights_only=True) for path in args.checkpoints]
    shares = args.shares or [1 / len(saved)] * len(saved)
    if len(saved) < 2 or len(shares) != len(saved):
        parser.error("give two checkpoints or more, and as many shares")
    torch.manual_seed(args.seed)
    model = Transformer(Shape(**saved[0]["shape"]))
    soup = Soup(model, [each["model"] for each in saved], shares[1:])
    if args.bfloat16:
        model.hasten()
    corpus = Corpus.joined([Corpus.load(path) for path in args.corpus])
    optimizer = torch.optim.Adam(soup.shares, lr=args.rate, betas=(0.9, 0.98))
    clock, mean = Clock(args.minutes), 0.0
    drawn = batches(np.diff(corpus.starts), args.tokens, np.random.default_rng(args.seed))
    for step, rows in enumerate(drawn):
        loss, solutions = batch_loss(model, corpus, rows)
        loss.backward()  # type: ignore[no-untyped-call]
        soup.differentiate()
        for group in optimizer.param_groups:
            group["lr"] = args.rate * factor(step, clock.progress)
        optimizer.step()
        soup.mix()
        mean += (solutions.item() - mean) / min(step + 1, 50)
        if step % 50 == 49:
            now = torch.stack(tuple(soup.shares)).mean(dim=0).tolist()
            said = ", ".join(f"{share:.2f}" for share in now)
            print(f"{clock.used:.1f} min  step {step + 1}  loss {mean:.4f}  mean shares {said}", flush=True)
        if clock.progress >= 1:
            break
    save(model, model.shape, args.out, tokens=saved[0]["facts"]["tokens"], minutes=saved[0]["facts"]["minutes"])


if __name__ == "__main__":
    main()
