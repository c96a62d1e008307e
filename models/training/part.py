"""Write a part of a corpus: every so many rows, and of these, by chance, about so many tokens.

Networks that are to share no problem get the even and the odd rows; a stage that lasts minutes gets no more of a large
corpus than it will read, so that small ones beside it keep their share of its batches.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from .corpus import Corpus


def part(corpus: Corpus, *, of: int, number: int, tokens: float | None, rng: np.random.Generator) -> Corpus:
    """Return the rows `number`, `number + of`, … and, of these, a share drawn by chance that has about `tokens`."""
    rows = np.arange(number, len(corpus), of)
    total = int(np.diff(corpus.starts)[rows].sum())
    if tokens is not None and tokens < total:
        rows = np.sort(rng.choice(rows, max(1, round(len(rows) * tokens / total)), replace=False))
    return corpus.subset(rows)


def main() -> None:
    """Write a part of a corpus."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--of", type=int, default=1, help="take every so manieth row")
    parser.add_argument("--number", type=int, default=0, help="from this one on, counted from 0")
    parser.add_argument("--tokens", type=float, help="about so many of them; by default all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if not 0 <= args.number < args.of:
        parser.error("--number lies between 0 and --of, less one")
    corpus = Corpus.load(args.corpus)
    rng = np.random.default_rng(args.seed)
    taken = part(corpus, of=args.of, number=args.number, tokens=args.tokens, rng=rng)
    taken.save(args.out)
    print(f"{len(taken):,} of {len(corpus):,} problems, {len(taken.tokens):,} of {len(corpus.tokens):,} tokens")


if __name__ == "__main__":
    main()
