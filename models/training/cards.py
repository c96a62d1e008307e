"""Write the model cards from measured figures; nothing in a card is typed by hand except what does not change.

Accuracies come from result folders of `edge-solver bench solve`, the reward model's quality from `evaluate.py`, sizes
from the files, and what training cost from `record.toml`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tomllib

from edge_solver.bench.statistics import wilson
from edge_solver.bench.trials import Run, Trial, read_run

from .policy import FAMILY, Transformer, parameters_per_token
from .reward import JUDGE_LAYERS, RewardModel

MODELS = Path(__file__).resolve().parent.parent
STRATEGIES = (("greedy", 1), ("majority", 16), ("weighted", 16), ("rebase", 16), ("rebase", 64))
BY_SUBJECT = "deepmind-easy"


def percent(trials: Sequence[Trial]) -> str:
    """Write an accuracy with its 95 % interval and the number of problems."""
    hits = sum(trial.correct for trial in trials)
    low, high = wilson(hits, len(trials))
    return f"{100 * hits / len(trials):.1f} ({100 * low:.1f}–{100 * high:.1f}) of {len(trials)}"


def arm(trials: Iterable[Trial], model: str, strategy: str, width: int) -> list[Trial]:
    """Return the trials of one policy under one strategy and width."""
    return [t for t in trials if (t.model, t.strategy, t.width) == (model, strategy, width)]


def accuracies(runs: Iterable[Run], model: str) -> str:
    """Write one row a suite and one column a strategy."""
    names = [name if width == 1 else f"{name}@{width}" for name, width in STRATEGIES]
    lines = ["| suite | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    suites: dict[str, list[Trial]] = {}
    for run in runs:
        suites.setdefault(run.suite, []).extend(trial for trial in run.trials if trial.model == model)
    for suite, trials in suites.items():
        cells = [percent(found) if (found := arm(trials, model, *one)) else "–" for one in STRATEGIES]
        if any(cell != "–" for cell in cells):
            lines.append(f"| {suite} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def subjects(runs: Iterable[Run], model: str) -> str:
    """Write how many questions of each module of the benchmark are answered."""
    trials = [trial for run in runs if run.suite == BY_SUBJECT for trial in run.trials if trial.model == model]
    chosen = [one for one in STRATEGIES if arm(trials, model, *one) and one[0] in ("greedy", "rebase")]
    names = [name if width == 1 else f"{name}@{width}" for name, width in chosen]
    lines = ["| module | questions | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for subject in sorted({trial.subject for trial in trials}):
        rows = [[t for t in arm(trials, model, *one) if t.subject == subject] for one in chosen]
        cells = [f"{100 * sum(t.correct for t in row) / len(row):.0f}" if row else "–" for row in rows]
        lines.append(f"| {subject} | {max(map(len, rows))} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def stages(record: Iterable[dict[str, Any]], model: str) -> str:
    """Write what each stage of a model's training was and cost."""
    lines = ["| stage | started from | million tokens | minutes |", "|---|---|---|---|"]
    lines += [
        f"| {row['what']} | {row['start']} | {row['tokens'] / 1e6:.1f} | {row['minutes']:.0f} |"
        for row in record
        if row["model"] == model
    ]
    return "\n".join(lines)


DATA = """## Licence and data

MIT. Training text: problems of the project's own generators, and questions that the generator of DeepMind Mathematics
(`mathematics_dataset`, Apache-2.0) asked; every solution was written by the project's own solvers
(`models/training/problems`). No published test question was trained on. A problem whose text hashes to a first byte
divisible by 64 (SHA-256) is held out, and the suites above hold only such problems.

Made on two shared x86 cores, no GPU: first stages with AVX2 in float32, the last ones with AMX in bfloat16.
`models/training/README.md` has the commands.
"""


def policy_card(name: str, files: Sequence[Path], record: list[dict[str, Any]], runs: list[Run]) -> str:
    """Write a policy's card."""
    shape = FAMILY[name]
    count = sum(p.numel() for p in Transformer(shape).parameters())
    listed = ", ".join(f"`models/builtin/{path.name}` ({path.stat().st_size:,} bytes)" for path in files)
    return f"""# edge-solver {name} (policy)

A {count:,}-parameter language model that writes short solutions, one step a line, for tree search on any machine.
Files: {listed}.

- Architecture: Llama; width {shape.width}, {shape.layers} layers, {shape.heads} heads of {shape.head_dim}, feed-forward
  {shape.feed_forward}, vocabulary {shape.vocabulary}, context {shape.context}; {parameters_per_token(shape):,} weights
  multiplied per token.
- Prompt: `<|problem|>` problem `<|solution|>`, no beginning token; a step ends with a newline; the last line is
  `The answer is: …`, then `<|end|>`.

{stages(record, name)}

## How well it does

Accuracy in per cent with the Wilson 95 % interval and the number of problems, Q8_0, seed 0, default settings; votes and
searches with `prm.onnx`. `deepmind-public` is a published draw of the same generator, easy level.

{accuracies(runs, name)}

Per module of DeepMind Mathematics, `{BY_SUBJECT}`:

{subjects(runs, name)}

## Known failures

- It knows the kinds of problems in the table, percentages, remainders and word problems in the manner of
  `problems/stories`. Anything else gets a fluent wrong solution; the reward model's judgement of the problem says so.
- Long numbers, long expressions and unusual wordings fail often. No diagrams, no proofs, no calculus beyond derivatives
  of polynomials.

{DATA}"""


def quality(figures: dict[str, Any]) -> str:
    """Write the rewards' figures of merit, two rows a policy and suite: as a search gets them, and the network's."""
    names = ("policy", "suite", "solutions", "steps", "right", "rewards", "AUROC of a step",
             "up to the first wrong step", "calibration error", "F1 of the first wrong step", "found",
             "right ones left alone")  # fmt: skip
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for policy, suites in figures.items():
        for suite, network in suites.items():
            lines += [
                f"| {policy} | {suite} | {row['solutions']:,} | {row['steps']:,} | {100 * row['right_share']:.0f} % "
                f"| {whose} | {between(row, 'auroc')} | {between(row, 'auroc_up_to_first_wrong')} "
                f"| {row['ece']:.3f} | {between(row, 'first_wrong_f1')} | {100 * row['first_wrong_found']:.0f} % "
                f"| {100 * row['right_left_alone']:.0f} % |"
                for whose, row in (("recomputed", network["recomputed"]), ("network alone", network))
            ]
    return "\n".join(lines)


def between(row: dict[str, Any], name: str) -> str:
    """Write a figure with its 95 % interval, where that was measured."""
    ends = row.get("ci95", {}).get(name)
    return f"{row[name]:.3f}" + (f" ({ends[0]:.3f} – {ends[1]:.3f})" if ends else "")


def loss(figures: dict[str, Any]) -> str:
    """Write what int8 weights lose, where it was measured."""
    rows = [row for suites in figures.values() for row in suites.values() if "int8" in row]
    if not rows:
        return ""
    largest = max(row["int8"]["largest_difference"] for row in rows)
    mean = max(row["int8"]["mean_difference"] for row in rows)
    return (
        f"\nint8 against float32 weights, over all rows: largest difference of a score {largest:.3f}, mean at most "
        f"{mean:.4f};\nAUROC {rows[0]['auroc']:.4f} against {rows[0]['int8']['float_auroc']:.4f} in the first row.\n"
    )


def reward_card(file: Path, record: list[dict[str, Any]], figures: dict[str, Any]) -> str:
    """Write the reward model's card."""
    shape = FAMILY["micro"]
    count = sum(p.numel() for p in RewardModel(Transformer(shape)).parameters())
    return f"""# edge-solver PRM (process reward model)

A {count:,}-parameter causal transformer that scores each step of a solution: the chance that everything up to and
including it is right; and, at the problem itself, the chance that a sampled solution will be. One model serves all
built-in policies. File: `models/builtin/{file.name}`, {file.stat().st_size:,} bytes, int8 weights with a scale per
output row, ordinary operators of opset 18; weights become float32 when the file is loaded, so no score depends on its
neighbours in a batch.

- Inside: a network of the policy `micro`'s shape ({shape.layers} layers), how likely it holds each token it reads, and
  {JUDGE_LAYERS} small causal layers that judge from both.
- Interface: `input_ids`, `position_ids`, `past_mask`, `past_keys`, `past_values` in; `scores`, `present_keys`,
  `present_values` (of the new tokens) out. A step's reward is the score at its newline.
- Beside it: where exact arithmetic refutes a step (`15/24-16/24=-11/24`), almost nothing is left of the reward of that
  step and of all below it (`recomputes` in `models/registry.toml`, `edge_solver/engines/recomputing.py`).

{stages(record, "prm")}

It learned from the policies' own samples and from canonical solutions, clean or with one error that propagates; every
step labelled by exact recomputation, and where that cannot decide by completions in the manner of Math-Shepherd
(`models/training/completions.py`); then Platt calibration on samples of other problems, of steps and of problems apart.

## How well it does

On solutions that the shipped policies sample on held-out problems (threshold 0.5; 95 % intervals of a bootstrap over
problems):

{quality(figures)}
{loss(figures)}
What it is for, REBASE and weighted voting, stands on the policies' cards.

## Known failures

- It judges only the canonical form of a step; a right step in another form may score low.
- Its network branched off from `micro`'s and shares blind spots with it: where most samples make the same slip, it
  mostly takes it for right.
- Errors of one digit in long numbers are what it misses most.

{DATA}"""


def main() -> None:
    """Write all cards."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--results", type=Path, nargs="+", required=True, help="folders of bench solve")
    parser.add_argument("--figures", type=Path, required=True, help="what evaluate.py wrote")
    parser.add_argument("--out", type=Path, default=MODELS / "cards")
    args = parser.parse_args()
    record = tomllib.loads((MODELS / "training" / "record.toml").read_text())["stage"]
    runs = [read_run(folder) for folder in args.results]
    for name in FAMILY:
        files = sorted((MODELS / "builtin").glob(f"{name}*.gguf"))
        if files:
            (args.out / f"{name}.md").write_text(policy_card(name, files, record, runs))
    figures = json.loads(args.figures.read_text())
    (args.out / "prm.md").write_text(reward_card(MODELS / "builtin" / "prm.onnx", record, figures))


if __name__ == "__main__":
    main()
