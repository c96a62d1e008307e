"""Results folders as ``bench solve`` writes them, from a small simulated world."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge_solver.bench.report.files import write_report
from edge_solver.bench.study import study
from edge_solver.bench.trials import read_run

COMMAND = "edge-solver bench report results --out report"
LABEL, SCOPE = "estimated-default", "cpu package"


@dataclass(frozen=True)
class Policy:
    """A made-up policy: larger ones are right more often and cost more."""

    name: str = "micro"
    parameters: int = 3_000_000
    skill: float = 0.4


def make_row(
    problem: str,
    leaves: Sequence[tuple[str | None, float, bool]],
    *,
    strategy: str = "majority",
    width: int = 0,
    seed: int = 0,
    policy: Policy | None = None,
    subject: str = "arithmetic",
    expected: str = "1",
    label: str = LABEL,
    joules_per_flop: float = 1e-10,
) -> dict[str, Any]:
    """Return a line of results.jsonl for a trial whose leaves are (answer, weight, correct)."""
    policy = policy or Policy()
    totals: dict[str, float] = {}
    for answer, weight, _ in leaves:
        if answer is not None:
            value = 1.0 if strategy == "majority" else weight
            old = totals.get(answer, 0.0)
            totals[answer] = max(old, value) if strategy == "best-of-n" else old + value
    answer = max(totals, key=totals.__getitem__) if totals else None
    tokens = 60 * max(len(leaves), 1)
    paper = 2 * policy.parameters * tokens
    with_prm = strategy not in ("majority", "greedy")
    prm = paper // 4 if with_prm else 0
    return {
        "schema": 1,
        "id": problem,
        "subject": subject,
        "level": None,
        "strategy": strategy,
        "width": width or len(leaves),
        "seed": seed,
        "model": policy.name,
        "prm": "micro-prm" if with_prm else None,
        "answer": answer,
        "expected": expected,
        "correct": answer == expected,
        "any_correct": any(correct for _, _, correct in leaves),
        "confidence": totals[answer] / (sum(totals.values()) or 1.0) if answer is not None else 0.0,
        "stopped_by": "complete",
        "leaves": [
            {"answer": answer, "weight": weight, "class": answer, "correct": correct}
            for answer, weight, correct in leaves
        ],
        "spent": {
            "flops": paper + prm,
            "flops_policy": paper,
            "flops_prm": prm,
            "flops_paper": paper,
            "tokens_generated": tokens,
            "tokens_evaluated": tokens,
            "tokens_prm": tokens if with_prm else 0,
            "seconds": (paper + prm) / 2e10,
            "joules": {"value": (paper + prm) * joules_per_flop, "label": label, "scope": SCOPE},
        },
        "tree": {"nodes": 4 * len(leaves), "leaves": len(leaves), "depth": 4},
    }


def write(
    folder: Path,
    rows: Sequence[dict[str, Any]],
    *,
    suite: str = "simulated",
    sha256: str = "ab" * 32,
    device: str = "a laptop",
    schema: int = 1,
    settings: dict[str, Any] | None = None,
) -> Path:
    """Write a results folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "schema": schema,
        "version": "0.2.0",
        "suite": {"name": suite, "sha256": sha256, "n": len({r["id"] for r in rows})},
        "models": sorted({r["model"] for r in rows}),
        "settings": settings or {"in_flight": 1, "search": {"temperature": 1.0, "vote": None}},
        "device": {"name": device, "cores": 4},
        "command": "edge-solver bench solve --suite simulated",
    }
    (folder / "run.json").write_text(json.dumps(head), encoding="utf-8")
    lines = "".join(json.dumps(r) + "\n" for r in rows)
    (folder / "results.jsonl").write_text(lines, encoding="utf-8")
    return folder


def draw_rows(
    problems: int = 40,
    widths: Sequence[int] = (1, 4, 16),
    seeds: Sequence[int] = (0,),
    policies: Sequence[Policy] = (Policy(),),
) -> list[dict[str, Any]]:
    """Draw trials of every strategy: some problems are easy, some hard, some have a tempting wrong answer."""
    rows = []
    for number in range(problems):
        rng = random.Random(number)
        ease, tempting = rng.betavariate(0.7, 1.0), rng.random() < 0.4
        subject = ("arithmetic", "equations", "fractions & percentages")[number % 3]
        for policy in policies:
            right = ease ** (0.4 / policy.skill)
            for seed in seeds:
                draw = random.Random(f"{number} {policy.name} {seed}")
                for strategy in ("majority", "best-of-n", "weighted", "rebase"):
                    lucky = right ** (0.7 if strategy == "rebase" else 1.0)
                    leaves = [_leaf(draw, lucky, tempting=tempting) for _ in range(max(widths))]
                    rows += [
                        make_row(
                            f"p{number:03}", leaves[:w], strategy=strategy, seed=seed, policy=policy, subject=subject
                        )
                        for w in widths
                    ]
            greedy = _leaf(random.Random(f"{number} {policy.name}"), right, tempting=tempting)
            rows.append(make_row(f"p{number:03}", [greedy], strategy="greedy", policy=policy, subject=subject))
    return rows


def _leaf(draw: random.Random, right: float, *, tempting: bool) -> tuple[str | None, float, bool]:
    if draw.random() < right:
        return "1", min(1.0, draw.betavariate(5, 2)), True
    if draw.random() < 0.05:
        return None, 0.0, False
    answer = "2" if tempting and draw.random() < 0.8 else str(draw.randint(3, 9))
    return answer, draw.betavariate(3, 3), False


@pytest.fixture
def results(tmp_path: Path) -> Callable[..., Path]:
    """Make a results folder from rows."""

    def make(rows: Sequence[dict[str, Any]], name: str = "results", **facts: Any) -> Path:  # noqa: ANN401
        return write(tmp_path / name, rows, **facts)

    return make


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    """Make one line of results."""
    return make_row


@pytest.fixture
def policy() -> type[Policy]:
    """Make a policy: its name, parameters and skill."""
    return Policy


@pytest.fixture
def simulate() -> Callable[..., list[dict[str, Any]]]:
    """Draw many lines of results."""
    return draw_rows


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder of a handful of trials."""
    return write(tmp_path_factory.mktemp("bench") / "results", draw_rows(problems=6, widths=(1, 4)))


@pytest.fixture(scope="session")
def tiny_report(tiny_folder: Path) -> Path:
    """The report on that folder: drawing takes seconds, so it is made once."""
    found = study([read_run(tiny_folder)])
    return write_report(found, tiny_folder.with_name("report"), COMMAND).parent


@pytest.fixture
def tiny() -> list[dict[str, Any]]:
    """A handful of trials, small enough to check by hand."""
    return draw_rows(problems=6, widths=(1, 4))
