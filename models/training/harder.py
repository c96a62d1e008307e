"""Draw from a corpus more of what a policy still gets wrong.

A policy that is right on most of a corpus learns little from most of a batch. `corpus.py` writes rows kind by kind, so
how unlikely a few solutions are of every run of a thousand says how much of that run to keep. Where even that is mostly
known (`--rows`), single rows are read and kept by how unlikely each is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from .corpus import Corpus, cut, padded
from .policy import Transformer, load_policy

RUN = 1000
"""Rows that are taken for one kind."""
ENOUGH = 8.0
"""Nats for a solution from which on everything is kept; a tenth of this keeps a tenth."""
LEAST = 0.08
"""Share kept of what the policy knows, so that it is not forgotten."""
BATCH = 8192
"""Tokens read at once."""


@torch.inference_mode()
def nats(policy: Transformer, corpus: Corpus, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return `[N]`: each solution's negative log likelihood."""
    tokens = torch.from_numpy(padded([corpus.tokens[corpus.starts[i] : corpus.starts[i + 1]] for i in rows]))
    lengths, prompts = torch.from_numpy(np.diff(corpus.starts)[rows]), torch.from_numpy(corpus.prompts[rows])
    place = torch.arange(tokens.shape[1] - 1)
    wanted = (place >= prompts[:, None] - 1) & (place < lengths[:, None] - 1)
    states = policy.trunk(tokens[:, :-1])
    losses = functional.cross_entropy(policy.head(states[wanted]), tokens[:, 1:][wanted], reduction="none")
    sums: npt.NDArray[np.float64] = np.bincount(wanted.nonzero()[:, 0], weights=losses, minlength=len(rows))
    return sums


def share(hardness: npt.NDArray[np.float64], enough: float) -> npt.NDArray[np.float64]:
    """Return what share is kept of what is this unlikely: all from `enough` nats on, below in proportion."""
    return np.clip(hardness / enough, LEAST, 1.0)


def shares(hardness: npt.NDArray[np.float64], own: npt.NDArray[np.bool_], own_share: float) -> npt.NDArray[np.float64]:
    """Return what share of each run is kept; runs of the project's own, mixed problems keep the same share."""
    return np.where(own, own_share, share(hardness, ENOUGH))


def hard_runs(policy: Transformer, corpus: Corpus, looked_at: int, mixed: int, mixed_share: float,
              rng: np.random.Generator) -> npt.NDArray[np.int64]:  # fmt: skip
    """Return the rows to keep, chosen by what a few rows of every run say; of the last, `mixed` ones an equal share."""
    begins = np.arange(0, len(corpus), RUN)
    own = begins >= len(corpus) - mixed
    hardness = np.zeros(len(begins))
    for i, begin in enumerate(begins):
        if not own[i]:
            rows = np.arange(begin, min(begin + RUN, len(corpus)))
            hardness[i] = nats(policy, corpus, rng.choice(rows, min(looked_at, len(rows)), replace=False)).mean()
            print(f"rows {begin:,} on: {hardness[i]:.2f} nats a solution", flush=True)
    return np.flatnonzero(rng.random(len(corpus)) < np.repeat(shares(hardness, own, mixed_share), RUN)[: len(corpus)])


def hard_rows(
    policy: Transformer, corpus: Corpus, looked_at: int, enough: float, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return the rows to keep of `looked_at` drawn ones: whole from `enough` nats on, below in proportion."""
    lengths, looked = np.diff(corpus.starts), rng.permutation(len(corpus))[:looked_at]
    kept: list[npt.NDArray[np.int64]] = []
    batches = cut(looked[np.argsort(lengths[looked], kind="stable")], lengths, BATCH, rng)
    for number, rows in enumerate(batches):
        kept.append(rows[rng.random(len(rows)) < share(nats(policy, corpus, rows), enough)])
        if number % 50 == 0:
            print(f"batch {number:,} of {len(batches):,}: {sum(map(len, kept)):,} rows kept", flush=True)
    return np.sort(np.concatenate(kept))


def main() -> None:
    """Write the smaller corpus."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    parser.add_argument("--policy", type=Path, required=True, help="checkpoint that is to learn more")
    parser.add_argument("--looked-at", type=int, default=24, help="rows read of every run")
    parser.add_argument("--mixed", type=int, default=200_000, help="last rows of the corpus that are of many kinds")
    parser.add_argument("--mixed-share", type=float, default=0.12, help="of these that is kept")
    parser.add_argument("--rows", type=int, help="choose single rows, not runs, out of so many")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only every second of the kept rows, from the first "
                        "or the second on: for networks that are to share no problem")  # fmt: skip
    parser.add_argument("--enough", type=float, default=2.0, help="nats from which on a single row is always kept")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    corpus, policy = Corpus.joined([Corpus.load(path) for path in args.corpus]), load_policy(args.policy)
    rng = np.random.default_rng(args.seed)
    if args.rows:
        kept = hard_rows(policy, corpus, args.rows, args.enough, rng)
    else:
        kept = hard_runs(policy, corpus, args.looked_at, args.mixed, args.mixed_share, rng)
    if args.half is not None:
        kept = kept[args.half :: 2]
    drawn = corpus.subset(kept)
    drawn.save(args.out)
    print(f"{len(drawn):,} of {len(corpus):,} problems, {len(drawn.tokens):,} of {len(corpus.tokens):,} tokens")


if __name__ == "__main__":
    main()
