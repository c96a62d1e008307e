"""Fit slopes and offsets to a reward model's logits (Platt): one line for its steps, another for its problems.

That of the steps is folded into the head. A problem is judged by the same head, before its first step, and asks another
question (is this within reach, rather than is all right up to here), so it keeps a line of its own: the checkpoint
carries it, the exported file says it, and who reads the score applies it. Steps that exact arithmetic refutes are left
out: a search does not take the judge's word for them (`edge_solver/engines/recomputing.py`).
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from .completions import ROLLOUTS, settled, unrefuted
from .corpus import padded
from .corrupt import Labelled
from .policy import load_policy, save
from .problems.outside import outside
from .problems.source import Source, texts_of
from .reward import RewardModel, load_reward
from .sample import Sampled, groups, sampled
from .tokenizer import encode_prompt, load_tokenizer
from .train_prm import LONGEST_TEXT, encoded, step_targets

OUTSIDE = 0.5
"""Texts from outside for every problem that was sampled."""


def judged_alone(solution: Labelled) -> Labelled:
    """Return a solution up to its first line that arithmetic refutes, without it."""
    end, wrong = unrefuted(solution.lines), solution.first_wrong
    return Labelled(solution.lines[:end], wrong if wrong is not None and wrong < end else None)


@torch.no_grad()
def logits_and_labels(model: RewardModel, tokenizer: Tokenizer, samples: list[Sampled]) -> tuple[Tensor, Tensor]:
    """Return the logit and the label of every step of some samples, of each solution up to what arithmetic refutes."""
    logits: list[Tensor] = []
    labels: list[Tensor] = []
    for sample in samples:
        labelled = (judged_alone(sample.labelled(i)) for i in range(len(sample.solutions)))
        solutions = [solution for solution in labelled if solution.lines]
        if not solutions:
            continue
        rows = [encoded(tokenizer, sample.problem, solution) for solution in solutions]
        row_index, place, label, _ = step_targets(rows)
        judged, _ = model(torch.from_numpy(padded([row.tokens for row in rows])))
        logits.append(model.head(judged[row_index, place])[:, 0])
        labels.append(label)
    return torch.cat(logits), torch.cat(labels)


@torch.no_grad()
def problem_logits(model: RewardModel, tokenizer: Tokenizer, problems: list[str]) -> Tensor:
    """Return the logit of every problem, read at its last token."""
    found: list[Tensor] = []
    for text in problems:
        tokens = torch.tensor([encode_prompt(tokenizer, text)])
        judged, _ = model(tokens)
        found.append(model.head(judged[0, -1])[0])
    return torch.stack(found)


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
    parser.add_argument("--completed-by", type=Path, help="the policy that settles what arithmetic cannot decide")
    parser.add_argument("--questions", type=Path, help="folder that questions.py filled")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--never", type=Path, nargs="+", help="draw from the held-out side, which training has not "
                        "seen, but no problem of these test suites (JSON Lines)")  # fmt: skip
    parser.add_argument("--problems", type=int, default=240)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=6)
    args = parser.parse_args()
    tokenizer, generator = load_tokenizer(args.tokenizer), torch.Generator().manual_seed(args.seed)
    source = Source(args.questions, "test" if args.never else "train")
    problems = source.different(random.Random(args.seed), args.problems, texts_of(args.never or ()))
    samples: list[Sampled] = []
    for number, path in enumerate(args.policies):
        policy = load_policy(path)
        for group in groups(tokenizer, problems[number :: len(args.policies)], 48):
            samples += sampled(policy, tokenizer, group, args.samples, args.temperature, generator)
    if args.completed_by:
        samples = settled(samples, load_policy(args.completed_by), tokenizer, ROLLOUTS, generator)
    model = load_reward(args.reward)
    logits, labels = logits_and_labels(model, tokenizer, samples)
    slope, offset = platt(logits, labels)
    with torch.no_grad():
        model.head.weight.mul_(slope)
        model.head.bias.mul_(slope).add_(offset)
    rng = random.Random(args.seed)
    strange = [outside(rng)[:LONGEST_TEXT] for _ in range(round(OUTSIDE * len(samples)))]
    chances = [sample.right_share for sample in samples] + [0.0] * len(strange)
    judged = problem_logits(model, tokenizer, [sample.problem for sample in samples] + strange)
    facts = dict(torch.load(args.reward, weights_only=True)["facts"])
    facts["problem_slope"], facts["problem_offset"] = platt(judged, torch.tensor(chances))
    save(model, model.policy.shape, args.out, **facts)
    print(f"{len(labels):,} steps, slope {slope:.3f}, offset {offset:.3f}; {len(chances):,} problems, "
          f"slope {facts['problem_slope']:.3f}, offset {facts['problem_offset']:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
