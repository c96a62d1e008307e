"""The confidence's coefficients are recovered from results, and written where the package reads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from edge_solver.catalog.registry import tomllib
from edge_solver.core.belief import Belief
from training.fit_belief import features, fitted, registered, results

TRUTH = Belief(-0.5, 0.8, 0.6, 1.2)


def row(rng: np.random.Generator, number: int) -> dict[str, object]:
    share, reward, solvable = rng.uniform(0.05, 0.95, 3)
    leaves = [{"weight": reward, "class": 0}, {"weight": reward * (1 - share) / share, "class": 1}]
    if leaves[1]["weight"] > leaves[0]["weight"]:
        leaves.reverse()
    heaviest = max(leaf["weight"] for leaf in leaves)
    chance = TRUTH.chance(heaviest / sum(leaf["weight"] for leaf in leaves), heaviest, solvable)
    return {"id": f"t/{number}", "leaves": leaves, "solvable": solvable, "correct": bool(rng.random() < chance)}


def test_coefficients_are_recovered_from_results(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [row(rng, i) for i in range(4000)]
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, rows)))
    read = list(results([tmp_path]))
    weights = fitted(features(read), np.array([r["correct"] for r in read]))
    assert np.allclose(weights, [TRUTH.intercept, TRUTH.share, TRUTH.reward, TRUTH.solvable], atol=0.25)


def test_results_without_leaves_or_judgement_are_left_out(tmp_path: Path) -> None:
    bad = [{"leaves": [], "solvable": 0.4}, {"leaves": [{"weight": 1, "class": 0}], "solvable": None}]
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, bad)))
    assert list(results([tmp_path])) == []


def test_the_registry_keeps_everything_else() -> None:
    text = '[a]\nkind = "policy"\n\n[b]\nkind = "prm"\nbelief = { intercept = 1.0 }\n\n[c]\nkind = "policy"\n'
    written = registered(text, "b", np.array([0.1, 0.2, 0.3, 0.4]))
    table = tomllib.loads(written)
    assert table["b"]["belief"] == {"intercept": 0.1, "share": 0.2, "reward": 0.3, "solvable": 0.4}
    assert (table["a"], table["c"], table["b"]["kind"]) == ({"kind": "policy"}, {"kind": "policy"}, "prm")
    assert registered(written, "b", np.array([0.1, 0.2, 0.3, 0.4])) == written
