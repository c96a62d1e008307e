"""Fit how `solve` reads a confidence from the vote, and write it beside the reward model in `registry.toml`.

Data: results of `edge-solver bench solve`, on problems the built-in models know and on texts from outside
(`suite.py --outside`), where every answer is wrong. A logistic model over the log-odds of the winner's share of the
vote, the reward of its best leaf and the reward model's judgement of the problem (`edge_solver/core/belief.py`).
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_solver.core.belief import Belief, log_odds

from .metrics import auroc, calibration_error

REGISTRY = Path(__file__).resolve().parent.parent / "registry.toml"
NAMES = ("intercept", "share", "reward", "solvable")
RIDGE = 1e-2
FloatArray = npt.NDArray[np.float64]


def signs(row: dict[str, Any]) -> tuple[float, float, float]:
    """Return share, reward and judgement of one result."""
    weights: dict[int, float] = defaultdict(float)
    best: dict[int, float] = defaultdict(float)
    for leaf in row["leaves"]:
        weights[leaf["class"]] += leaf["weight"]
        best[leaf["class"]] = max(best[leaf["class"]], leaf["weight"])
    winner = max(weights, key=lambda c: weights[c])
    return weights[winner] / (sum(weights.values()) or 1.0), best[winner], row["solvable"]


def results(folders: list[Path]) -> Iterator[dict[str, Any]]:
    """Yield the results that have an answer and a judged problem."""
    for folder in folders:
        for line in (folder / "results.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["leaves"] and row.get("solvable") is not None:
                yield row


def features(rows: list[dict[str, Any]]) -> FloatArray:
    """Return `[N, 4]`: one, and three log-odds."""
    return np.array([[1.0, *map(log_odds, signs(row))] for row in rows])


def fitted(x: FloatArray, right: npt.NDArray[np.bool_]) -> FloatArray:
    """Return the coefficients that minimise the log loss with a little ridge, by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - right) + RIDGE * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(x.shape[1])
        weights -= np.linalg.solve(hessian, gradient)
    return weights


def registered(text: str, name: str, weights: FloatArray) -> str:
    """Return the registry's text with a model's `belief` line written anew."""
    table = ", ".join(f"{key} = {value:.3f}" for key, value in zip(NAMES, weights, strict=True))
    head, section, tail = text.partition(f"[{name}]\n")
    body, gap, rest = tail.partition("\n\n")
    body = re.sub(r"\nbelief = .*", "", body.rstrip("\n")) + f"\nbelief = {{ {table} }}"
    return head + section + body + (gap + rest if gap else "\n")


def main() -> None:
    """Fit on one half of the results (by id) and say how good it is on the other; register the fit on all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--results", type=Path, nargs="+", required=True, help="folders of bench solve")
    parser.add_argument("--name", default="micro-prm", help="the reward model in the registry")
    args = parser.parse_args()
    rows = list(results(args.results))
    x, right = features(rows), np.array([bool(row["correct"]) for row in rows])
    odd = np.array([sum(row["id"].encode()) % 2 == 1 for row in rows])
    half = Belief(*fitted(x[odd], right[odd]).tolist())
    held = np.array([half.chance(*signs(row)) for row, known in zip(rows, odd, strict=True) if not known])
    error = calibration_error(held, right[~odd])
    print(f"{len(rows)} results, {right.mean():.1%} right; other half: AUROC {auroc(held, right[~odd]):.3f}, "
          f"calibration error {error:.3f}")  # fmt: skip
    weights = fitted(x, right)
    REGISTRY.write_text(registered(REGISTRY.read_text(encoding="utf-8"), args.name, weights), encoding="utf-8")
    print(dict(zip(NAMES, weights.round(3), strict=True)))


if __name__ == "__main__":
    main()
