"""``summary.json``: what every strategy and width came to, from the lines of ``results.jsonl`` alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge_solver.bench.line import Line
from edge_solver.bench.statistics import proportion
from edge_solver.bench.trials import MIXED
from edge_solver.core.events import plain

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy at one width."""

    model: str
    prm: str | None
    strategy: str
    width: int
    n: int
    """Searches: problems times seeds."""
    problems: int
    accuracy: float
    ci95: tuple[float, float]
    """Wilson; with several seeds, on as many problems as they are worth."""
    coverage: float
    """Share of searches with at least one right leaf."""
    flops_mean: float
    flops_paper_mean: float
    joules_mean: float | None
    joules_label: str
    joules_scope: str
    joules_error: float | None
    """Of a calibrated estimate, as a share."""
    tokens_mean: float
    """Written by the policy."""
    seconds_mean: float
    occupancy: float | None
    """Branches that got a token in a decode call, as a share of those that could have: as many as there is place for
    while problems wait to begin, else those that wanted one."""
    rows_mean: float | None
    """Branches in a decode call."""
    paths_mean: float | None
    """Rows of a decode call: branches that write the same share one."""
    scoring: float | None
    """What rewards added to the wall time of decoding, as a share of it."""
    overhead: float | None
    """Share of the time that was spent outside decode and scoring calls: searching, voting, grading, writing."""
    overhead_python: float | None
    """The same with the sampling and bookkeeping inside those calls: all but llama.cpp and onnxruntime."""


def rows(lines: Iterable[Line]) -> list[Row]:
    """Return a row per model, strategy and width, in the order in which they first appear."""
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault((line["model"], line["strategy"], line["width"]), []).append(line)
    return [_row(group) for group in groups.values()]


def document(head: Mapping[str, Any], table: Sequence[Row], *, complete: bool) -> dict[str, Any]:
    """Return the document of ``summary.json`` for a run that ``head`` describes."""
    return {
        "schema": SCHEMA,
        "version": head["version"],
        "suite": head["suite"],
        "models": head["models"],
        "settings": head["settings"],
        "complete": complete,
        "rows": plain(tuple(table)),
    }


def _row(lines: Sequence[Line]) -> Row:
    first, n = lines[0], len(lines)
    by_problem: dict[str, list[bool]] = {}
    for line in lines:
        by_problem.setdefault(line["id"], []).append(line["correct"])
    means = np.array([sum(right) / len(right) for right in by_problem.values()])
    accuracy = proportion(means, n / len(by_problem))
    joules, label, scope = _joules(lines)
    loads = [line["load"] for line in lines if line["load"]]
    calls, branches = sum(load["calls"] for load in loads), sum(load["rows"] for load in loads)
    room = sum(load.get("room", load["calls"] * load["full"]) for load in loads)  # earlier versions did not say
    paths = [load.get("paths") for load in loads]  # as above
    seconds = math.fsum(load["seconds"] for load in loads)
    busy = math.fsum(load["busy_seconds"] for load in loads)
    models = math.fsum(load["model_seconds"] for load in loads)
    scored = [load.get("score_seconds") for load in loads]  # earlier versions did not say
    scoring = None if None in scored or not first["prm"] else math.fsum(scored)
    return Row(
        model=first["model"],
        prm=first["prm"],
        strategy=first["strategy"],
        width=first["width"],
        n=n,
        problems=len(by_problem),
        accuracy=sum(line["correct"] for line in lines) / n,
        ci95=(accuracy.low, accuracy.high),
        coverage=sum(line["any_correct"] for line in lines) / n,
        flops_mean=_mean(lines, "flops"),
        flops_paper_mean=_mean(lines, "flops_paper"),
        joules_mean=joules,
        joules_label=label,
        joules_scope=scope,
        joules_error=_error(lines),
        tokens_mean=_mean(lines, "tokens_generated"),
        seconds_mean=_mean(lines, "seconds"),
        occupancy=branches / room if room else None,
        rows_mean=branches / calls if calls else None,
        paths_mean=sum(paths) / calls if calls and None not in paths else None,
        scoring=scoring / (busy - scoring) if scoring is not None and busy > scoring else None,
        overhead=1 - busy / seconds if calls and seconds else None,
        overhead_python=1 - models / seconds if calls and seconds else None,
    )


def _mean(lines: Sequence[Line], field: str) -> float:
    return math.fsum(line["spent"][field] for line in lines) / len(lines)


def _error(lines: Sequence[Line]) -> float | None:
    """Return the largest error that an estimate says of itself."""
    errors = [error for line in lines if (error := line["spent"]["joules"].get("error")) is not None]
    return max(errors, default=None)


def _joules(lines: Sequence[Line]) -> tuple[float | None, str, str]:
    """Return the mean energy with its label and scope; no figure where they differ or one is missing."""
    bills = [line["spent"]["joules"] for line in lines]
    labels, scopes = {bill["label"] for bill in bills}, {bill["scope"] for bill in bills}
    if len(labels) > 1 or len(scopes) > 1:
        return None, MIXED, MIXED
    values = [bill["value"] for bill in bills]
    mean = None if None in values else math.fsum(values) / len(values)
    return mean, labels.pop(), scopes.pop()
