"""Labels where recomputing cannot decide: roll out from the step and count how many end right.

A solution can reach the right answer by lines that are not the canonical ones and that no arithmetic refutes. Whether
its first other line was another right way or a slip is asked of a policy, in the manner of Wang et al., *Math-Shepherd*
(arXiv 2312.08935, section 3.3): it goes on from the line before and from the line itself, and the line is right when
nearly as many of its completions end right. That it states what is true is not shown by this; that the right answer can
be reached from it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from edge_solver.answers.claims import is_refuted

from .corrupt import first_difference
from .labels import first_wrong, outcome
from .policy import Transformer, load_policy
from .sample import Sampled, read_samples, written
from .template import STEP_END
from .tokenizer import encode_prompt, load_tokenizer

KEPT = 0.75
"""A line is right when it keeps this share of the completions that ended right before it."""
AT_ONCE = 12
ROLLOUTS = 8
"""Completions from each side of a line."""


def unrefuted(lines: tuple[str, ...]) -> int:
    """Return how many lines stand before the first that arithmetic refutes."""
    return next((i for i, line in enumerate(lines) if is_refuted(line)), len(lines))


@dataclass(frozen=True, slots=True)
class Dispute:
    """A solution that ends right in other lines, none refuted: which it is, and where it leaves the canonical way."""

    sample: int
    solution: int
    line: int


def disputes(samples: list[Sampled]) -> list[Dispute]:
    """Return what recomputing cannot decide."""
    found: list[Dispute] = []
    for i, sample in enumerate(samples):
        for k, lines in enumerate(sample.solutions):
            if not outcome(sample.canonical, lines) or first_wrong(sample.canonical, lines) is None:
                continue
            line = first_difference(sample.canonical, lines)
            if line is not None and line < len(lines) - 1 and unrefuted(lines) == len(lines):
                found.append(Dispute(i, k, line))
    return found


def settled(
    samples: list[Sampled], model: Transformer, tokenizer: Tokenizer, rollouts: int, generator: torch.Generator
) -> list[Sampled]:
    """Return the samples with the solutions marked whose first other line the policy can go on from."""
    also: list[set[int]] = [set(sample.also_right) for sample in samples]
    open_ = sorted(disputes(samples), key=lambda d: (len(samples[d.sample].problem), d.sample, d.line))
    for begin in range(0, len(open_), AT_ONCE):
        group = open_[begin : begin + AT_ONCE]
        starts = [
            (samples[d.sample], samples[d.sample].solutions[d.solution][: d.line + taken])
            for d in group
            for taken in (0, 1)
        ]
        shares = right_shares(model, tokenizer, starts, rollouts, generator)
        for d, before, after in zip(group, shares[::2], shares[1::2], strict=True):
            if after >= KEPT * before > 0:
                also[d.sample].add(d.solution)
    return [dataclasses.replace(s, also_right=tuple(sorted(a))) for s, a in zip(samples, also, strict=True)]


def right_shares(
    model: Transformer,
    tokenizer: Tokenizer,
    starts: list[tuple[Sampled, tuple[str, ...]]],
    rollouts: int,
    generator: torch.Generator,
) -> list[float]:
    """Return, of each problem begun by some lines, the share of completions at temperature 1 that end right."""
    prompts = [
        [
            *encode_prompt(tokenizer, sample.problem),
            *tokenizer.encode("".join(line + STEP_END for line in lines), add_special_tokens=False).ids,
        ]
        for sample, lines in starts
        for _ in range(rollouts)
    ]
    ends = written(model, tokenizer, prompts, 1.0, generator)
    right = [outcome(starts[i // rollouts][0].canonical, lines) for i, lines in enumerate(ends)]
    return [sum(right[i : i + rollouts]) / rollouts for i in range(0, len(right), rollouts)]


def main() -> None:
    """Settle what recomputing cannot decide in files of samples, in place."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--samples", type=Path, nargs="+", required=True)
    parser.add_argument("--policy", type=Path, required=True, help="checkpoint that goes on from the steps")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--rollouts", type=int, default=ROLLOUTS, help="completions from each side of a step")
    parser.add_argument("--seed", type=int, default=6)
    args = parser.parse_args()
    generator = torch.Generator().manual_seed(args.seed)
    model, tokenizer = load_policy(args.policy), load_tokenizer(args.tokenizer)
    for path in args.samples:
        samples = read_samples(path)
        asked, done = len(disputes(samples)), settled(samples, model, tokenizer, args.rollouts, generator)
        draft = path.with_suffix(".tmp")
        draft.write_text("".join(json.dumps(dataclasses.asdict(sample)) + "\n" for sample in done))
        draft.replace(path)
        print(f"{path}: {sum(len(s.also_right) for s in done)} of {asked} disputed solutions are right", flush=True)


if __name__ == "__main__":
    main()
