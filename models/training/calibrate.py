"""Fit a slope and an offset to a reward model's logits on policy samples, and fold them into its head (Platt)."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from .corpus import padded
from .corrupt import Labelled
from .labels import first_wrong
from .policy import load_policy, save
from .problems.source import Source
from .reward import RewardModel, load_reward
from .sample import Sampled, groups, sampled
from .tokenizer import load_tokenizer
from .train_prm import encoded, step_targets


@torch.no_grad()
def logits_and_labels(model: RewardModel, tokenizer: Tokenizer, samples: list[Sampled]) -> tuple[Tensor, Tensor]:
    """Return the logit and the label of every step of some samples."""
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    for sample in samples:
        rows = [
            encoded(tokenizer, sample.problem, Labelled(lines, first_wrong(sample.canonical, lines)))
            for lines in sample.solutions
            if lines
        ]
        if not rows:
            continue
        row_index, place, label, _ = step_targets(rows)
        judged, _ = model(torch.from_numpy(padded([row.tokens for row in rows])))
        logits.append(model.head(judged[row_index, place])[:, 0])
        labels.append(label)
    return torch.cat(logits), torch.cat(labels)


def platt(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the slope and offset that minimise the log loss."""
    line = torch.tensor([1.0, 0.0], requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=100)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(logits * line[0] + line[1], labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    slope, offset = line.detach().tolist()
    return slope, offset


def main() -> None:
    """Calibrate a checkpoint on samples of fresh problems."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--policies", type=Path, nargs="+", required=True)
    parser.add_argument("--reward", type=Path, required=True)
    parser.add_argument("--questions", type=Path, help="folder that questions.py filled")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--problems", type=int, default=240)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=6)
    args = parser.parse_args()
    tokenizer, generator = load_tokenizer(args.tokenizer), torch.Generator().manual_seed(args.seed)
    problems = Source(args.questions, "train").different(random.Random(args.seed), args.problems)
    samples: list[Sampled] = []
    for number, path in enumerate(args.policies):
        policy = load_policy(path)
        for group in groups(tokenizer, problems[number :: len(args.policies)], 48):
            samples += sampled(policy, tokenizer, group, args.samples, args.temperature, generator)
    model = load_reward(args.reward)
    logits, labels = logits_and_labels(model, tokenizer, samples)
    slope, offset = platt(logits, labels)
    with torch.no_grad():
        model.head.weight.mul_(slope)
        model.head.bias.mul_(slope).add_(offset)
    save(model, model.policy.shape, args.out, **torch.load(args.reward, weights_only=True)["facts"])
    print(f"{len(labels):,} steps, slope {slope:.3f}, offset {offset:.3f}")


if __name__ == "__main__":
    main()
