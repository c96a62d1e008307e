"""Train the reward model: a judge on the policy, and the question "is everything right up to here?".

The score of a step is read at its last token. Rows are the policies' own samples, their first slips on fresh problems
(`slips.py`) and, without limit, canonical solutions, clean or corrupted; the share of samples grows during training.
The score of the problem itself, read before the first step, is the chance that a sampled solution is right: on problems
that were sampled the share that was, on texts from outside (`problems/outside.py`) zero. A second loss keeps the trunk
predicting the next token of right lines, so that it goes on learning to compute what it has to compare; the checkpoint
is therefore also a policy, trained longer than the one it started from.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from .corpus import padded
from .corrupt import MOST_LINES, Labelled, clean, corrupted
from .muon import Optimizer
from .parallel import launch, rank, summed, world
from .policy import Transformer, load_policy, save
from .problems.outside import outside
from .problems.source import Source
from .reward import RewardModel, load_reward
from .sample import Sampled, read_samples
from .schedule import Clock, factor
from .slips import Slips
from .template import END, STEP_END
from .tokenizer import encode_prompt, load_tokenizer

CLEAN_SHARE = 0.4
OUTSIDE_SHARE = 0.07
"""Of rows: texts that no policy here can solve."""
AFTER_FIRST_WRONG = 0.3
"""Weight of the steps after the first wrong one: they are easy once it has been seen."""
LANGUAGE_WEIGHT = 1.0
POOL = 512
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A tokenised solution with its labels."""

    tokens: np.ndarray[tuple[int], np.dtype[np.uint16]]
    prompt: int
    ends: list[int]
    """Place of the last token of each line."""
    first_wrong: int | None
    solvable: float | None = None
    """The chance that a sampled solution of the problem is right, where it is known."""


def encoded(tokenizer: Tokenizer, problem: str, solution: Labelled, solvable: float | None = None) -> Row:
    """Tokenise a problem and its labelled lines."""
    prompt = encode_prompt(tokenizer, problem)
    tokens, ends = list(prompt), []
    for line in tokenizer.encode_batch([line + STEP_END for line in solution.lines], add_special_tokens=False):
        tokens += line.ids
        ends.append(len(tokens) - 1)
    tokens.append(END)
    return Row(np.array(tokens, dtype=np.uint16), len(prompt), ends, solution.first_wrong, solvable)


class Mixture:
    """Draws rows: policy samples with a given share, otherwise fresh clean or corrupted solutions."""

    def __init__(
        self,
        source: Source,
        samples: list[Sampled],
        tokenizer: Tokenizer,
        rng: random.Random,
        slips: Slips,
        slip_share: float,
    ) -> None:
        """Keep the samples that have a readable length."""
        self.source, self.tokenizer, self.rng = source, tokenizer, rng
        self.slips, self.slip_share = slips, slip_share
        self.pairs = [
            (s, s.labelled(i)) for s in samples for i, lines in enumerate(s.solutions) if 0 < len(lines) <= MOST_LINES
        ]
        self.ready: list[list[Row]] = []

    def row(self, share: float) -> Row:
        """Draw one row."""
        if self.rng.random() < OUTSIDE_SHARE:
            lines = clean(self.source.draw(self.rng)).lines if self.rng.random() < 0.5 else ()
            return encoded(self.tokenizer, outside(self.rng)[:LONGEST_TEXT], Labelled(lines, 0), solvable=0.0)
        if self.pairs and self.rng.random() < share:
            sample, solution = self.rng.choice(self.pairs)
            return encoded(self.tokenizer, sample.problem, solution, solvable=sample.right_share)
        problem = self.source.draw(self.rng)
        solution = clean(problem) if self.rng.random() < CLEAN_SHARE else corrupted(problem, self.rng)
        return encoded(self.tokenizer, problem.text, solution)

    def slipped(self, count: int) -> list[Row]:
        """Draw rows that end with a policy's first slip, or with its right answer."""
        drawn = self.slips.draw([self.source.draw(self.rng) for _ in range(count)])
        return [encoded(self.tokenizer, p.text, told) for p, told in drawn if len(told.lines) <= MOST_LINES]

    def batch(self, tokens: int, share: float) -> list[Row]:
        """Draw rows of similar length, about `tokens` with padding, from a pool refilled now and then."""
        if not self.ready:
            slipped = self.slipped(round(self.slip_share * POOL)) if self.slips.policies else []
            rows = [self.row(share) for _ in range(POOL - len(slipped))]
            pool = sorted(slipped + rows, key=lambda row: len(row.tokens))
            while pool:
                size = max(1, tokens // len(pool[-1].tokens))
                self.ready.append(pool[-size:])
                del pool[-size:]
            self.rng.shuffle(self.ready)
        return self.ready.pop()


def step_targets(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return row, place, label and weight of every step, and of problems whose chance is known."""
    where: list[tuple[int, int, float, float]] = []
    for i, row in enumerate(rows):
        if row.solvable is not None:
            where.append((i, row.prompt - 1, row.solvable, 1.0))
        for step, end in enumerate(row.ends):
            right = row.first_wrong is None or step < row.first_wrong
            later = row.first_wrong is not None and step > row.first_wrong
            where.append((i, end, float(right), AFTER_FIRST_WRONG if later else 1.0))
    row_index, place, label, weight = zip(*where, strict=True)
    return torch.tensor(row_index), torch.tensor(place), torch.tensor(label), torch.tensor(weight)


def language_mask(rows: list[Row], width: int) -> Tensor:
    """Say `[B, T - 1]` which next tokens belong to right lines."""
    mask = torch.zeros(len(rows), width - 1, dtype=torch.bool)
    for i, row in enumerate(rows):
        last = len(row.ends) if row.first_wrong is None else row.first_wrong
        if last:
            mask[i, row.prompt - 1 : row.ends[last - 1]] = True
        if row.first_wrong is None:
            mask[i, row.ends[-1]] = True  # a right solution is followed by the end token
    return mask


def losses(model: RewardModel, rows: list[Row]) -> tuple[Tensor, Tensor]:
    """Return the loss on steps and the loss on next tokens (zero when the policy is left as it is)."""
    tokens = torch.from_numpy(padded([row.tokens for row in rows]))
    judged, states = model(tokens)
    row_index, place, label, weight = step_targets(rows)
    logits = model.head(judged[row_index, place])[:, 0]
    reward = functional.binary_cross_entropy_with_logits(logits, label, weight)
    mask = language_mask(rows, tokens.shape[1])
    if not states.requires_grad or not mask.any():
        return reward, torch.zeros(())
    language = functional.cross_entropy(model.policy.head(states[:, :-1][mask]), tokens[:, 1:][mask])
    return reward, language


def started(path: Path, network: Path | None, *, fast: bool) -> RewardModel:
    """Start a judge on a policy's checkpoint, or go on from a reward model's, on another `network` if one is given.

    `fast` computes in bfloat16.
    """
    weights = torch.load(path, weights_only=True)["model"]
    model = load_reward(path) if "policy.head.weight" in weights else RewardModel(load_policy(path))
    if network is not None:
        model.policy = load_policy(network)
    return model.hasten() if fast else model


def slippers(paths: list[Path], *, fast: bool) -> list[Transformer]:
    """Load the policies whose slips are drawn; `fast` in bfloat16."""
    policies = [load_policy(path) for path in paths]
    return [policy.hasten() for policy in policies] if fast else policies


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--start", type=Path, required=True, help="policy checkpoint, or a reward checkpoint to go on from"
    )
    parser.add_argument("--network", type=Path, help="policy checkpoint that the judge of --start goes on with")
    parser.add_argument("--samples", type=Path, nargs="*", default=[], help="files of policy samples")
    parser.add_argument("--questions", type=Path, help="folder that questions.py filled")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--tokens", type=int, default=2048, help="tokens in a batch of one process, padding included")
    parser.add_argument("--matrix-rate", type=float, default=0.01)
    parser.add_argument("--other-rate", type=float, default=2e-3)
    parser.add_argument("--save-every", type=float, default=3, help="minutes between checkpoints")
    parser.add_argument("--sample-share", type=float, nargs=2, default=(0.3, 0.7), help="of rows, at start and end")
    parser.add_argument("--slips", type=Path, nargs="*", default=[], help="policies whose first slips are drawn")
    parser.add_argument("--slip-share", type=float, default=0.5, help="of rows, where --slips is given")
    parser.add_argument("--slip-temperatures", type=float, nargs="+", default=[1.0], help="that they are drawn at")
    parser.add_argument("--judge-only", action="store_true", help="leave the policy as it is")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="compile, and multiply in bfloat16: on CPUs with AMX")
    return parser.parse_args()


def main() -> None:
    """Train for a number of minutes."""
    args = arguments()
    if launch(args.processes):
        return
    torch.manual_seed(args.seed)
    model = started(args.start, args.network, fast=args.bfloat16)
    model.policy.requires_grad_(not args.judge_only)
    samples = [sample for path in args.samples for sample in read_samples(path)]
    source = Source(args.questions, "train")
    tokenizer, seed = load_tokenizer(args.tokenizer), args.seed * world() + rank()
    slips = Slips(slippers(args.slips, fast=args.bfloat16), tokenizer, seed, tuple(args.slip_temperatures))
    mixture = Mixture(source, samples, tokenizer, random.Random(seed), slips, args.slip_share)
    kind = torch.bfloat16 if args.bfloat16 else torch.float32
    optimizer = Optimizer(model, matrix_rate=args.matrix_rate, other_rate=args.other_rate, kind=kind)
    clock, step, seen, last_save, means = Clock(args.minutes), 0, 0, 0.0, np.zeros(2)
    low, high = args.sample_share
    while True:
        rows = mixture.batch(args.tokens, low + (high - low) * clock.progress)
        reward, language = losses(model, rows)
        (reward + LANGUAGE_WEIGHT * language).backward()
        progress, tokens, *parts = summed(
            clock.progress, float(sum(len(r.tokens) for r in rows)), reward.item(), language.item()
        )
        optimizer.step(factor(step, progress / world()))
        step, seen = step + 1, seen + int(tokens)
        means += (np.array(parts) / world() - means) / min(step, 100)
        done = progress / world() >= 1
        if rank() == 0 and (done or step % 50 == 0):
            rate = seen / clock.used / 60
            print(f"{clock.used:.1f} min  step {step}  {seen / 1e6:.2f} M tokens  {rate:.0f}/s  "
                  f"steps {means[0]:.4f}  language {means[1]:.4f}", flush=True)  # fmt: skip
        if rank() == 0 and (done or clock.used - last_save > args.save_every):
            save(model, model.policy.shape, args.out, tokens=seen, minutes=clock.used, loss=float(means[0]))
            last_save = clock.used
        if done:
            return


if __name__ == "__main__":
    main()
