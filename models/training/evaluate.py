"""Measure the shipped reward model on what the shipped policies write: which steps are right, which is wrong first?

Everything is read from the GGUF and ONNX files; figures are given of the network alone and, under `recomputed`, of its
rewards as a search gets them, lowered where exact arithmetic refutes a step. Figures go to a JSON file, from which
`cards.py` writes the card; a second run adds to the file, so that policies and suites may be measured one at a time.
How many problems a policy answers is measured by `edge-solver bench solve`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from edge_solver.engines.recomputing import REFUTED

from .completions import ROLLOUTS, settled, unrefuted
from .metrics import auroc, calibration_error, first_wrong_f1
from .policy import Transformer
from .problems import Problem
from .problems.benchmark import problem_of
from .read_gguf import read_policy
from .sample import Sampled, groups, sampled
from .scoring import Scorer
from .tokenizer import load_tokenizer

THRESHOLD = 0.5
RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Sampling:
    """How solutions are drawn."""

    samples: int
    temperature: float
    seed: int
    decider: Transformer | None = None
    """The policy whose completions settle what recomputing cannot."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One problem's samples with their step scores."""

    samples: Sampled
    scores: list[list[float]]


@dataclass(frozen=True, slots=True)
class Marked:
    """The steps of one problem's samples, as they were judged and as they are."""

    scores: list[float]
    right: list[bool]
    upto: list[bool]
    """Whether a step is not behind its solution's first wrong one."""
    predicted: list[int | None]
    """Of each solution, the first step that was judged wrong."""
    true: list[int | None]


def marked(judged: Judged) -> Marked:
    """Set scores beside labels."""
    found = Marked([], [], [], [], [])
    for solution, given in enumerate(judged.scores):
        lines, wrong = judged.samples.solutions[solution], judged.samples.labelled(solution).first_wrong
        if not lines:
            continue
        found.scores.extend(given)
        found.right.extend(wrong is None or i < wrong for i in range(len(lines)))
        found.upto.extend(wrong is None or i <= wrong for i in range(len(lines)))
        found.true.append(wrong)
        found.predicted.append(next((i for i, s in enumerate(given) if s < THRESHOLD), None))
    return found


def step_quality(all_judged: list[Judged], seed: int = 0) -> dict[str, Any]:
    """Return the reward model's quality on the policy's own steps, with 95 % intervals.

    They are of a bootstrap over problems: the steps of one solution, and the solutions of one problem, are alike.
    """
    problems = [marked(judged) for judged in all_judged]
    rng = np.random.default_rng(seed)
    again = [pooled([problems[i] for i in rng.integers(len(problems), size=len(problems))]) for _ in range(RESAMPLES)]
    figures = pooled(problems)
    figures["ci95"] = {
        name: [float(end) for end in np.nanquantile([each[name] for each in again], (0.025, 0.975))]
        for name in ("auroc", "auroc_up_to_first_wrong", "first_wrong_f1")
    }
    return figures


def pooled(problems: list[Marked]) -> dict[str, Any]:
    """Return the figures of several problems' steps together."""
    scores, right, upto, predicted, true = (
        list(chain.from_iterable(getattr(problem, name) for problem in problems))
        for name in ("scores", "right", "upto", "predicted", "true")
    )
    s, r, u = np.array(scores), np.array(right), np.array(upto)
    f1, found, spared = first_wrong_f1(predicted, true)
    return {
        "steps": len(s),
        "solutions": len(true),
        "right_share": float(r.mean()),
        "auroc": auroc(s, r),
        "auroc_up_to_first_wrong": auroc(s[u], r[u]),
        "ece": calibration_error(s, r),
        "first_wrong_f1": f1,
        "first_wrong_found": found,
        "right_left_alone": spared,
    }


def recomputed(judged: Judged) -> Judged:
    """Return the scores as a search gets them: almost nothing is left from the first refuted line on."""
    scores = []
    for lines, given in zip(judged.samples.solutions, judged.scores, strict=True):
        first = unrefuted(lines)
        scores.append([score if i < first else REFUTED * score for i, score in enumerate(given)])
    return replace(judged, scores=scores)


def suite_problems(path: Path, limit: int) -> list[Problem]:
    """Read the first problems of each subject of a suite of the benchmark's questions."""
    found: list[Problem] = []
    seen: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        row = json.loads(line)
        seen[row["subject"]] += 1
        if seen[row["subject"]] <= limit:
            found.append(problem_of(row["problem"], row["subject"]))
    return found


def measured(
    policy: Transformer, tokenizer: Tokenizer, scorer: Scorer, asked: list[Problem], how: Sampling
) -> list[Judged]:
    """Draw samples for every problem and score their steps."""
    generator = torch.Generator().manual_seed(how.seed)
    found: list[Judged] = []
    for group in groups(tokenizer, asked, 16):
        rows = sampled(policy, tokenizer, group, how.samples, how.temperature, generator)
        if how.decider is not None:
            rows = settled(rows, how.decider, tokenizer, ROLLOUTS, generator)
        found += (Judged(row, scorer.steps([(row.problem, lines) for lines in row.solutions])) for row in rows)
    return found


def main() -> None:
    """Measure a reward model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--policies", type=Path, nargs="+", required=True, help="GGUF files")
    parser.add_argument("--prm", type=Path, required=True, help="ONNX file")
    parser.add_argument(
        "--float-prm", type=Path, help="the same model with float32 weights, to measure what int8 loses"
    )
    parser.add_argument("--completed-by", type=Path, help="GGUF file of the policy that settles disputed steps")
    parser.add_argument("--suites", type=Path, nargs="+", required=True, help="benchmark suites that suite.py wrote")
    parser.add_argument("--each", type=int, default=10, help="problems a module")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="JSON file of figures, added to")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = load_tokenizer(args.tokenizer)
    scorer = Scorer(args.prm, tokenizer)
    decider = read_policy(args.completed_by) if args.completed_by else None
    how = Sampling(args.samples, args.temperature, args.seed, decider)
    figures: dict[str, Any] = json.loads(args.out.read_text()) if args.out.exists() else {}
    for path in args.policies:
        policy = read_policy(path)
        for suite in args.suites:
            judged = measured(policy, tokenizer, scorer, suite_problems(suite, args.each), how)
            row: dict[str, Any] = {"temperature": args.temperature, **step_quality(judged)}
            row["also_right"] = sum(len(of_problem.samples.also_right) for of_problem in judged)
            row["recomputed"] = step_quality([recomputed(of_problem) for of_problem in judged])
            if args.float_prm:
                row["int8"] = int8_loss(judged, Scorer(args.float_prm, tokenizer))
            figures.setdefault(path.stem, {})[suite.stem] = row
            args.out.write_text(json.dumps(figures, indent=1) + "\n")
            print(path.stem, suite.stem, json.dumps(row), flush=True)


def int8_loss(all_judged: list[Judged], float_scorer: Scorer) -> dict[str, float]:
    """Compare int8 scores with those of float32 weights."""
    float_judged = [
        replace(j, scores=float_scorer.steps([(j.samples.problem, lines) for lines in j.samples.solutions]))
        for j in all_judged
    ]
    differences = [
        abs(a - b)
        for one, other in zip(all_judged, float_judged, strict=True)
        for row_a, row_b in zip(one.scores, other.scores, strict=True)
        for a, b in zip(row_a, row_b, strict=True)
    ]
    return {
        "largest_difference": max(differences),
        "mean_difference": float(np.mean(differences)),
        "float_auroc": pooled([marked(judged) for judged in float_judged])["auroc"],
    }


if __name__ == "__main__":
    main()
