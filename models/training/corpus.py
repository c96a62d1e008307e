"""Canonical solutions as token arrays: one flat uint16 array and, per problem, where prompt and solution begin."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from .problems import KINDS, Problem, solution_of
from .problems.source import benchmark_problems, own_problems, texts_of
from .template import END, PAD, PROBLEM, SOLUTION
from .tokenizer import load_tokenizer

CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """Tokenised problems with their solutions."""

    tokens: npt.NDArray[np.uint16]
    starts: npt.NDArray[np.int64]
    """`[N + 1]`: problem `i` is `tokens[starts[i]:starts[i + 1]]`."""
    prompts: npt.NDArray[np.int64]
    """`[N]`: length of the prompt of each problem."""

    def __len__(self) -> int:
        return len(self.prompts)

    def subset(self, rows: npt.NDArray[np.int64]) -> Corpus:
        """Return some of the problems, in the order given."""
        pieces = [self.tokens[self.starts[i] : self.starts[i + 1]] for i in rows]
        starts = np.concatenate(([0], np.cumsum(np.diff(self.starts)[rows])))
        return Corpus(np.concatenate(pieces), starts, self.prompts[rows])

    @classmethod
    def joined(cls, parts: Sequence[Corpus]) -> Corpus:
        """Return the problems of several, one after the other."""
        tokens = np.concatenate([part.tokens for part in parts])
        lengths = np.concatenate([np.diff(part.starts) for part in parts])
        return cls(tokens, np.concatenate(([0], np.cumsum(lengths))), np.concatenate([part.prompts for part in parts]))

    def save(self, path: Path) -> None:
        """Write the arrays."""
        np.savez(path, tokens=self.tokens, starts=self.starts, prompts=self.prompts)

    @classmethod
    def load(cls, path: Path) -> Corpus:
        """Read the arrays."""
        with np.load(path) as arrays:
            return cls(arrays["tokens"], arrays["starts"], arrays["prompts"])


def build(tokenizer: Tokenizer, problems: Iterator[Problem], *, longest: int, never: frozenset[str]) -> Corpus:
    """Encode problems with their canonical solutions; rows longer than `longest` tokens are left out."""
    pieces: list[npt.NDArray[np.uint16]] = []
    prompts: list[int] = []
    while drawn := list(itertools.islice(problems, CHUNK)):
        solved = [(p.text, solution_of(p)) for p in drawn if p.text not in never]
        texts = tokenizer.encode_batch([text for text, _ in solved], add_special_tokens=False)
        solutions = tokenizer.encode_batch([solution for _, solution in solved], add_special_tokens=False)
        for text, solution in zip(texts, solutions, strict=True):
            row = [PROBLEM, *text.ids, SOLUTION, *solution.ids, END]
            if len(row) <= longest:
                pieces.append(np.array(row, dtype=np.uint16))
                prompts.append(len(text.ids) + 2)
    starts = np.concatenate(([0], np.cumsum([len(piece) for piece in pieces])))
    return Corpus(np.concatenate(pieces), starts, np.array(prompts))


def batches(
    lengths: npt.NDArray[np.int64], tokens_per_batch: int, rng: np.random.Generator, pool: int = 8192
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield index arrays of rows of similar length, about `tokens_per_batch` with padding, for ever."""
    while True:
        order = rng.permutation(len(lengths))
        for begin in range(0, len(order), pool):
            part = order[begin : begin + pool]
            yield from cut(part[np.argsort(lengths[part], kind="stable")], lengths, tokens_per_batch, rng)


def cut(
    rows: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], tokens_per_batch: int, rng: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """Cut rows sorted by length into batches, in random order."""
    found: list[npt.NDArray[np.int64]] = []
    end = len(rows)
    while end > 0:
        size = max(1, tokens_per_batch // int(lengths[rows[end - 1]]))
        found.append(rows[max(0, end - size) : end])
        end -= size
    return [found[i] for i in rng.permutation(len(found))]


def padded(rows: list[npt.NDArray[np.uint16]]) -> npt.NDArray[np.int64]:
    """Stack rows `[B, T]`, padded on the right."""
    width = max(map(len, rows))
    out = np.full((len(rows), width), PAD, dtype=np.int64)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def main() -> None:
    """Build the training corpus."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--questions", type=Path, help="folder that questions.py filled; without it there are none")
    parser.add_argument("--levels", nargs="*", default=("easy", "train"))
    parser.add_argument("--problems", type=int, default=200_000, help="problems of our own generators")
    parser.add_argument("--more", nargs="*", default=(), metavar="KIND=N", help=f"and of: {', '.join(KINDS)}")
    parser.add_argument("--never", type=Path, nargs="*", default=(), help="test suites (JSON Lines) to keep out")
    parser.add_argument("--longest", type=int, default=700, help="tokens of the longest row kept")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    asked = benchmark_problems(args.questions, tuple(args.levels), "train") if args.questions else ()
    wanted = [(kind, int(count)) for kind, _, count in (text.partition("=") for text in args.more)]
    more = (own_problems(count, args.seed + place, "train", kind) for place, (kind, count) in enumerate(wanted, 1))
    sources = itertools.chain(asked, own_problems(args.problems, args.seed, "train"), *more)
    corpus = build(load_tokenizer(args.tokenizer), sources, longest=args.longest, never=texts_of(args.never))
    corpus.save(args.out)
    solution = len(corpus.tokens) - int(corpus.prompts.sum())
    print(f"{len(corpus):,} problems, {len(corpus.tokens):,} tokens, {solution / len(corpus):.0f} per solution, "
          f"longest row {int(np.diff(corpus.starts).max())}")  # fmt: skip


if __name__ == "__main__":
    main()
