"""What to use under a budget, as far as results tell: the most accurate configuration whose cost fits.

Only configurations whose costs may be compared are weighed: joules of one label and scope on one device, seconds of
one device, FLOPs of all. A configuration fits a budget where its mean cost does; since single problems may cost more,
the share of runs that did is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_solver.bench.evidence import Choice, Evidence, flattened, gather, setups
from edge_solver.bench.findings import Frontier, Point
from edge_solver.bench.statistics import Estimate, draws
from edge_solver.bench.study import SCHEMA, SEED, difference, frontiers, measure
from edge_solver.bench.trials import Run
from edge_solver.core.meter import EnergyLabel
from edge_solver.errors import EdgeSolverError, UsageError
from edge_solver.quantities import Kind, show

KINDS = {"joules": Kind.JOULES, "flops": Kind.FLOPS, "seconds": Kind.SECONDS}
_BEST_FIRST = [label.value for label in EnergyLabel]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration that fits the budget."""

    choice: Choice
    accuracy: Estimate
    cost: float
    """Mean for one problem, in the unit of the budget."""
    over: float
    """Share of runs that cost more than the budget; under a cap the search narrows there."""
    behind: Estimate | None
    """Accuracy of the best minus this one's, on the same problems; ``None`` for the best itself."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What results say about a budget."""

    schema: int
    cost: str
    """``joules``, ``flops`` or ``seconds``."""
    budget: float
    label: str
    """Of the joules; empty for other costs."""
    scope: str
    device: str
    """Empty for FLOPs."""
    suite: str
    problems: int
    fitting: int
    """Configurations that fit the budget, of ``compared``."""
    compared: int
    best: Candidate
    rivals: tuple[Candidate, ...]
    """Those that cannot be told from the best, the most accurate first."""
    settings: Mapping[str, object]
    """Under which the best was measured, nested ones with dotted names."""
    set_aside: tuple[str, ...]
    """What could not be compared and was left out."""


def advise(runs: Sequence[Run], cost: str, budget: float) -> Advice:
    """Choose a configuration for a budget.

    Args:
        runs: Results; of several suites the one with most trials counts.
        cost: ``joules``, ``flops`` or ``seconds``.
        budget: For one problem, in the base unit.

    Raises:
        UsageError: No configuration has figures of this cost.
        EdgeSolverError: None is cheap enough; names the cheapest.
    """
    chosen, set_aside = _one_suite(runs)
    evidence = gather(chosen)
    points = [measure(evidence, choice) for choice in evidence.trials]
    found, others = _one_currency(list(frontiers(points)), cost)
    compared = [points[index] for index in found.series]
    fitting = [point for point in compared if _cost(point, cost) <= budget]
    if not fitting:
        cheapest = min(compared, key=lambda point: _cost(point, cost))
        raise EdgeSolverError(
            f"nothing that was measured costs as little as {show(budget, KINDS[cost])} a problem; the cheapest is "
            f"{cheapest.choice.model} {cheapest.choice.strategy}@{cheapest.choice.width} with "
            f"{show(_cost(cheapest, cost), KINDS[cost])}"
        )
    fitting.sort(key=lambda point: (-point.accuracy.value, _cost(point, cost)))
    best = fitting[0]
    weights = draws(len(evidence.problems), np.random.default_rng(SEED))
    behind = [difference(evidence, best.choice, point.choice, weights) for point in fitting[1:]]
    return Advice(
        schema=SCHEMA,
        cost=cost,
        budget=budget,
        label=found.label,
        scope=found.scope,
        device=found.device,
        suite=evidence.suite,
        problems=len(evidence.problems),
        fitting=len(fitting),
        compared=len(compared),
        best=_candidate(evidence, best, cost, budget, None),
        rivals=tuple(
            _candidate(evidence, point, cost, budget, gap.estimate)
            for point, gap in zip(fitting[1:], behind, strict=True)
            if not gap.apart
        ),
        settings=_settings(chosen, best.choice),
        set_aside=(*set_aside, *others),
    )


def _one_suite(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """Keep the suite with most trials; name the others."""
    suites: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        suites.setdefault((run.suite, run.sha256), []).append(run)
    ranked = sorted(suites.values(), key=lambda some: -sum(len(run.trials) for run in some))
    return ranked[0], [f"results on the suite {some[0].suite!r} ({some[0].folder})" for some in ranked[1:]]


def _one_currency(found: Sequence[Frontier], cost: str) -> tuple[Frontier, list[str]]:
    """Keep the best kind of figure for a cost, then the one of most configurations; name the others."""
    usable = [one for one in found if one.cost == cost]
    if not usable:
        raise UsageError(
            f"these results hold no {cost}: no meter gave any; ask by --flops or --seconds, or see 'edge-solver energy'"
        )
    usable.sort(key=lambda one: (_rank(one.label), -len(one.series)))
    names = [", ".join(filter(None, (f"{cost} {one.label}".strip(), one.scope, one.device))) for one in usable[1:]]
    return usable[0], names


def _settings(runs: Sequence[Run], choice: Choice) -> dict[str, object]:
    """Return the settings of the folder that a configuration was measured in."""
    for run, setup in zip(runs, setups([run.settings for run in runs]), strict=True):
        if (run.device, setup) == (choice.device, choice.setup):
            return flattened(run.settings)
    raise AssertionError("a configuration comes from one of the folders")


def _rank(label: str) -> int:
    return _BEST_FIRST.index(label) if label in _BEST_FIRST else len(_BEST_FIRST)


def _cost(point: Point, cost: str) -> float:
    return float(getattr(point, cost))


def _candidate(evidence: Evidence, point: Point, cost: str, budget: float, behind: Estimate | None) -> Candidate:
    bills = [trial.bill for runs in evidence.trials[point.choice] for trial in runs]
    over = sum(getattr(bill, cost) > budget for bill in bills) / len(bills)
    return Candidate(point.choice, point.accuracy, _cost(point, cost), over, behind)
