"""Train a policy on canonical solutions for a number of minutes, from nothing or grown out of a smaller one.

The loss is the mean over solution tokens, plus a little of the mean over the problem's own tokens. Checkpoints are
written every few minutes and a run continues from the last one with `--resume`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .corpus import Corpus, batches, padded
from .grow import grown
from .muon import Optimizer
from .parallel import launch, rank, summed, world
from .policy import FAMILY, Transformer, load_policy, save
from .schedule import Clock, factor


def batch_loss(
    model: Transformer, corpus: Corpus, rows: np.ndarray[tuple[int], np.dtype[np.int64]], prompt_share: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Return the loss to be trained and, detached, the mean over the solution tokens alone."""
    tokens = torch.from_numpy(padded([corpus.tokens[corpus.starts[i] : corpus.starts[i + 1]] for i in rows]))
    lengths = torch.from_numpy(np.diff(corpus.starts)[rows])
    prompts = torch.from_numpy(corpus.prompts[rows])
    place = torch.arange(tokens.shape[1] - 1)
    wanted = (place >= prompts[:, None] - 1) & (place < lengths[:, None] - 1)
    states = model.trunk(tokens[:, :-1])
    loss = functional.cross_entropy(model.head(states[wanted]), tokens[:, 1:][wanted])
    if not prompt_share:
        return loss, loss.detach()
    asked = place < prompts[:, None] - 2
    reading = functional.cross_entropy(model.head(states[asked]), tokens[:, 1:][asked])
    return loss + prompt_share * reading, loss.detach()


def main() -> None:
    """Train for a number of minutes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--shape", choices=FAMILY, default="micro")
    parser.add_argument("--resume", type=Path, help="checkpoint of this shape to go on from")
    parser.add_argument("--grow", type=Path, help="checkpoint of a smaller shape to grow out of")
    parser.add_argument("--prompt-share", type=float, default=0.05, help="weight of the loss on the problem's tokens")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--tokens", type=int, default=2048, help="tokens in a batch of one process, padding included")
    parser.add_argument("--matrix-rate", type=float, default=0.02)
    parser.add_argument("--other-rate", type=float, default=4e-3)
    parser.add_argument("--save-every", type=float, default=3, help="minutes between checkpoints")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="compile, and multiply in bfloat16: on CPUs with AMX")
    args = parser.parse_args()
    if launch(args.processes):
        return
    torch.manual_seed(args.seed)
    model = Transformer(FAMILY[args.shape])
    seen, used = 0, 0.0
    if args.grow and not args.resume:
        model = grown(load_policy(args.grow), model.shape, args.seed)
    if args.resume:
        saved = torch.load(args.resume, weights_only=True)
        model.load_state_dict(saved["model"])
        seen, used = int(saved["facts"]["tokens"]), saved["facts"]["minutes"]
    corpus = Corpus.joined([Corpus.load(path) for path in args.corpus])
    if args.bfloat16:
        model.hasten()
    kind = torch.bfloat16 if args.bfloat16 else torch.float32
    optimizer = Optimizer(model, matrix_rate=args.matrix_rate, other_rate=args.other_rate, kind=kind)
    lengths = np.diff(corpus.starts)
    clock, step, mean, last_save, began = Clock(args.minutes, used), 0, 0.0, used, seen
    for rows in batches(lengths, args.tokens, np.random.default_rng(args.seed + seen + 7919 * rank())):
        loss, solutions = batch_loss(model, corpus, rows, args.prompt_share)
        loss.backward()
        (progress, tokens, total) = summed(clock.progress, float(lengths[rows].sum()), solutions.item())
        optimizer.step(factor(step, progress / world()))
        step, seen = step + 1, seen + int(tokens)
        mean += (total / world() - mean) / min(step, 50)
        if progress / world() >= 1:
            break
        if rank() == 0 and step % 50 == 0:
            rate = (seen - began) / (clock.used - used) / 60
            print(
                f"{clock.used:.1f} min  step {step}  {seen / 1e6:.2f} M tokens  {rate:.0f}/s  loss {mean:.4f}",
                flush=True,
            )
        if rank() == 0 and clock.used - last_save > args.save_every:
            save(model, model.shape, args.out, tokens=seen, minutes=clock.used, loss=mean)
            last_save = clock.used
    if rank() == 0:
        save(model, model.shape, args.out, tokens=seen, minutes=clock.used, loss=mean)


if __name__ == "__main__":
    main()
