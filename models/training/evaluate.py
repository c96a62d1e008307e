"""Measure the shipped files on suites of held-out problems: policies, votes with the reward model, the model itself.

Everything is read from the GGUF and ONNX files. Figures go to a JSON file, from which `cards.py` writes the cards; a
second run adds to the file, so that policies and suites may be measured one at a time.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from tokenizers import Tokenizer

from .labels import first_wrong
from .metrics import auroc, calibration_error, first_wrong_f1, wilson
from .policy import Transformer
from .problems import Problem
from .problems.benchmark import problem_of
from .read_gguf import read_policy
from .sample import Sampled, groups, sampled
from .scoring import Scorer
from .template import ANSWER_PREFIX
from .tokenizer import load_tokenizer

METHODS = ("greedy", "single", "majority", "weighted", "best_of", "coverage")
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Sampling:
    """How solutions are drawn."""

    samples: int
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One problem's samples with their step scores."""

    answer: str
    greedy: Sampled
    samples: Sampled
    scores: list[list[float]]


def answer_of(lines: tuple[str, ...]) -> str | None:
    """Return the answer of a finished solution."""
    return lines[-1].removeprefix(ANSWER_PREFIX) if lines and lines[-1].startswith(ANSWER_PREFIX) else None


def results(judged: Judged) -> dict[str, float]:
    """Say for every method whether it answers the problem."""
    right = judged.answer
    answers = [answer_of(lines) for lines in judged.samples.solutions]
    last = [scores[-1] if scores else 0.0 for scores in judged.scores]
    finished = [(a, s) for a, s in zip(answers, last, strict=True) if a is not None]
    counts: dict[str, float] = defaultdict(float)
    weights: dict[str, float] = defaultdict(float)
    for a, s in finished:
        counts[a] += 1
        weights[a] += s
    return {
        "greedy": float(answer_of(judged.greedy.solutions[0]) == right),
        "single": float(np.mean([a == right for a in answers])),
        "majority": float(bool(counts) and max(counts, key=lambda a: counts[a]) == right),
        "weighted": float(bool(weights) and max(weights, key=lambda a: weights[a]) == right),
        "best_of": float(bool(finished) and max(finished, key=lambda f: f[1])[0] == right),
        "coverage": float(right in answers),
    }


def step_quality(all_judged: list[Judged]) -> dict[str, Any]:
    """Return the reward model's quality on the policy's own steps."""
    scores: list[float] = []
    right: list[bool] = []
    upto: list[bool] = []
    predicted: list[int | None] = []
    true: list[int | None] = []
    for judged in all_judged:
        for lines, given in zip(judged.samples.solutions, judged.scores, strict=True):
            if not lines:
                continue
            wrong = first_wrong(judged.samples.canonical, lines)
            scores += given
            right += [wrong is None or i < wrong for i in range(len(lines))]
            upto += [wrong is None or i <= wrong for i in range(len(lines))]
            true.append(wrong)
            predicted.append(next((i for i, s in enumerate(given) if s < THRESHOLD), None))
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


def table(all_judged: list[Judged]) -> dict[str, dict[str, Any]]:
    """Return accuracies with intervals, overall and per family."""
    by_family: dict[str, list[dict[str, float]]] = defaultdict(list)
    for judged in all_judged:
        found = results(judged)
        by_family["all"].append(found)
        by_family[judged.samples.family].append(found)
    out: dict[str, dict[str, Any]] = {}
    for family, rows in sorted(by_family.items()):
        out[family] = {"problems": len(rows)}
        for method in METHODS:
            hits = sum(row[method] for row in rows)
            out[family][method] = hits / len(rows)
            out[family][f"{method}_interval"] = wilson(round(hits), len(rows))
    return out


def suite_problems(path: Path, limit: int) -> list[tuple[Problem, str]]:
    """Read the first problems of each subject of a suite of the benchmark's questions, with their answers.

    An answer is what our solver gives where that equals the known one up to writing, so that strings can be compared.
    """
    found: list[tuple[Problem, str]] = []
    seen: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        row = json.loads(line)
        seen[row["subject"]] += 1
        if seen[row["subject"]] <= limit:
            problem = problem_of(row["problem"], row["subject"])
            own = problem.canonical()[1]
            found.append((problem, own if same_value(own, row["answer"]) else row["answer"]))
    return found


def same_value(one: str, other: str) -> bool:
    """Say whether two answers are written differently but equal: in another order or with other blanks."""
    if one == other:
        return True
    try:
        return bool(sympy.expand(sympy.sympify(one) - sympy.sympify(other)) == 0)
    except (SyntaxError, TypeError, ValueError, AttributeError, sympy.SympifyError):
        return False


def measured(
    policy: Transformer, tokenizer: Tokenizer, scorer: Scorer | None, asked: list[tuple[Problem, str]], how: Sampling
) -> list[Judged]:
    """Answer every problem greedily and by samples, and score the samples' steps."""
    generator = torch.Generator().manual_seed(how.seed)
    answers = {problem.text: answer for problem, answer in asked}
    found: list[Judged] = []
    for group in groups(tokenizer, [problem for problem, _ in asked], 16):
        greedy = sampled(policy, tokenizer, group, 1, 0.0, generator)
        rows = sampled(policy, tokenizer, group, how.samples, how.temperature, generator)
        for g, row in zip(greedy, rows, strict=True):
            pairs = [(row.problem, lines) for lines in row.solutions]
            scores = scorer.steps(pairs) if scorer else [[1.0] * len(lines) for _, lines in pairs]
            found.append(Judged(answers[row.problem], g, row, scores))
    return found


def main() -> None:
    """Evaluate shipped files."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--policies", type=Path, nargs="+", required=True, help="GGUF files")
    parser.add_argument("--prm", type=Path, help="ONNX file; without it only the policies are measured")
    parser.add_argument(
        "--float-prm", type=Path, help="the same model with float32 weights, to measure what int8 loses"
    )
    parser.add_argument("--suites", type=Path, nargs="+", required=True, help="benchmark suites that suite.py wrote")
    parser.add_argument("--each", type=int, default=25, help="problems a module")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="JSON file of figures, added to")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = load_tokenizer(args.tokenizer)
    scorer = Scorer(args.prm, tokenizer) if args.prm else None
    how = Sampling(args.samples, args.temperature, args.seed)
    figures: dict[str, Any] = json.loads(args.out.read_text()) if args.out.exists() else {}
    for path in args.policies:
        policy = read_policy(path)
        for suite in args.suites:
            judged = measured(policy, tokenizer, scorer, suite_problems(suite, args.each), how)
            row = {"temperature": args.temperature, "samples": args.samples, "accuracy": table(judged)}
            if scorer:
                row["prm"] = step_quality(judged)
            if args.float_prm:
                row["int8"] = int8_loss(judged, Scorer(args.float_prm, tokenizer))
            figures.setdefault(path.stem, {})[suite.stem] = row
            args.out.write_text(json.dumps(figures, indent=1) + "\n")
            print(path.stem, suite.stem, json.dumps({m: round(row["accuracy"]["all"][m], 4) for m in METHODS}),
                  json.dumps(row.get("prm", {})), flush=True)  # fmt: skip


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
        "float_auroc": step_quality(float_judged)["auroc"],
    }


if __name__ == "__main__":
    main()
