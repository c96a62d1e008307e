"""Draw from a corpus more of what a policy still gets wrong.

A policy that is right on most of a corpus learns little from most of a batch. `corpus.py` writes rows kind by kind, so
how unlikely a few solutions are of every run of a thousand says how much of that run to keep.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from .corpus import Corpus, padded
from .policy import Transformer, load_policy

RUN = 1000
"""Rows that are taken for one kind."""
ENOUGH = 8.0
"""Nats for a solution from which on everything is kept; a tenth of this keeps a tenth."""
LEAST = 0.08
"""Share kept of what the policy knows, so that it is not forgotten."""


@torch.inference_mode()
def nats(policy: Transformer, corpus: Corpus, rows: npt.NDArray[np.int64]) -> float:
    """Return the mean over rows of a solution's negative log likelihood."""
    tokens = torch.from_numpy(padded([corpus.tokens[corpus.starts[i] : corpus.starts[i + 1]] for i in rows]))
    lengths, prompts = torch.from_numpy(np.diff(corpus.starts)[rows]), torch.from_numpy(corpus.prompts[rows])
    place = torch.arange(tokens.shape[1] - 1)
    wanted = (place >= prompts[:, None] - 1) & (place < lengths[:, None] - 1)
    states = policy.trunk(tokens[:, :-1])
    loss = functional.cross_entropy(policy.head(states[wanted]), tokens[:, 1:][wanted], reduction="sum")
    return float(loss) / len(rows)


def shares(hardness: npt.NDArray[np.float64], own: npt.NDArray[np.bool_], own_share: float) -> npt.NDArray[np.float64]:
    """Return what share of each run is kept; runs of the project's own, mixed problems keep the same share."""
    return np.where(own, own_share, np.clip(hardness / ENOUGH, LEAST, 1.0))


def main() -> None:
    """Write the smaller corpus."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--policy", type=Path, required=True, help="checkpoint that is to learn more")
    parser.add_argument("--looked-at", type=int, default=24, help="rows read of every run")
    parser.add_argument("--mixed", type=int, default=200_000, help="last rows of the corpus that are of many kinds")
    parser.add_argument("--mixed-share", type=float, default=0.12, help="of these that is kept")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    corpus, policy = Corpus.load(args.corpus), load_policy(args.policy)
    rng = np.random.default_rng(args.seed)
    begins = np.arange(0, len(corpus), RUN)
    own = begins >= len(corpus) - args.mixed
    hardness = np.zeros(len(begins))
    for i, begin in enumerate(begins):
        if not own[i]:
            rows = np.arange(begin, min(begin + RUN, len(corpus)))
            hardness[i] = nats(policy, corpus, rng.choice(rows, min(args.looked_at, len(rows)), replace=False))
            print(f"rows {begin:,} on: {hardness[i]:.2f} nats a solution", flush=True)
    kept = np.flatnonzero(
        rng.random(len(corpus)) < np.repeat(shares(hardness, own, args.mixed_share), RUN)[: len(corpus)]
    )
    drawn = corpus.subset(kept)
    drawn.save(args.out)
    print(f"{len(drawn):,} of {len(corpus):,} problems, {len(drawn.tokens):,} of {len(corpus.tokens):,} tokens")


if __name__ == "__main__":
    main()
