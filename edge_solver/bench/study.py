"""What results say, computed: everything that stands in a ``Study``, of which ``bench.findings`` holds the parts.

The bootstrap is seeded, so the same results always give the same study.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from edge_solver.bench import samples
from edge_solver.bench.equal_compute import catch_ups, equal_compute
from edge_solver.bench.evidence import Choice, Evidence, flattened, gather
from edge_solver.bench.findings import (
    Coverage,
    Difference,
    Frontier,
    Measured,
    Point,
    Reliability,
    Saturation,
    SizeFit,
    Source,
    Study,
    Subject,
)
from edge_solver.bench.saturation import voting_limit
from edge_solver.bench.scaling import fit_coverage, fit_size, frontier, sample_counts
from edge_solver.bench.statistics import (
    Estimate,
    Floats,
    Gap,
    calibration,
    draws,
    interval,
    paired_difference,
    proportion,
)
from edge_solver.bench.trials import MIXED, Run, Trial

SCHEMA = 1
SEED = 0
"""Of the bootstrap."""


def study(runs: Sequence[Run]) -> Study:
    """Compute everything that results folders say.

    Raises:
        UsageError: The folders hold results of different suites.
    """
    evidence = gather(runs)
    rng = np.random.default_rng(SEED)
    weights = draws(len(evidence.problems), rng)
    choices = tuple(evidence.trials)
    points = tuple(measure(evidence, choice) for choice in choices)
    success = np.stack([evidence.success(choice) for choice in choices], axis=1)
    return Study(
        schema=SCHEMA,
        suite=evidence.suite,
        problems=len(evidence.problems),
        unshared=evidence.unshared,
        sources=tuple(
            Source(r.folder, r.device, r.version, r.command, _set(r.settings), len(r.trials), r.torn) for r in runs
        ),
        left_out=evidence.left_out,
        points=points,
        frontiers=tuple(frontiers(points)),
        sizes=tuple(_sizes(points, success, weights)),
        coverage=tuple(_coverage(evidence, weights)),
        saturation=tuple(_saturation(evidence, points, rng)),
        subjects=tuple(_subjects(evidence, choices)),
        reliability=tuple(_reliability(evidence, choices, weights)),
        differences=tuple(
            Difference(a, b, difference(evidence, choices[a], choices[b], weights)) for a, b in _pairs(choices)
        ),
        equal_compute=tuple(equal_compute(points, success, weights)),
        catch_ups=tuple(catch_ups(points)),
    )


def _set(settings: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in flattened(settings).items() if value is not None}


def measure(evidence: Evidence, choice: Choice) -> Point:
    """Sum up a configuration."""
    runs = evidence.trials[choice]
    trials = [trial for of_problem in runs for trial in of_problem]
    per_problem = len(trials) / len(runs)
    kinds = {(trial.bill.label, trial.bill.scope) for trial in trials}
    label, scope = kinds.pop() if len(kinds) == 1 else (MIXED, "")
    joules = [trial.bill.joules for trial in trials if trial.bill.joules is not None]
    flops_paper = _mean(runs, "flops_paper")
    tokens = _mean(runs, "tokens")
    ends = Counter(trial.stopped_by for trial in trials)
    return Point(
        choice=choice,
        runs=len(trials),
        accuracy=proportion(evidence.success(choice), per_problem),
        coverage=proportion(evidence.covered(choice), per_problem),
        answered=sum(trial.answered for trial in trials) / len(trials),
        flops=_mean(runs, "flops"),
        flops_policy=_mean(runs, "flops_policy"),
        flops_prm=_mean(runs, "flops_prm"),
        flops_paper=flops_paper,
        tokens=tokens,
        seconds=_mean(runs, "seconds"),
        joules=_mean(runs, "joules") if label != MIXED and len(joules) == len(trials) else None,
        label=label,
        scope=scope,
        parameters=flops_paper / (2 * tokens) if tokens and flops_paper else None,
        shared=sum(trial.shared for trial in trials) / len(trials),
        stopped={reason: count / len(trials) for reason, count in sorted(ends.items())},
    )


def _mean(runs: Sequence[Sequence[Trial]], cost: str) -> float:
    """Return a cost's mean over problems, each the mean of its runs: a problem with more runs counts no more."""
    return float(np.mean([np.mean([getattr(trial.bill, cost) for trial in of_problem]) for of_problem in runs]))


def frontiers(points: Sequence[Point]) -> Iterator[Frontier]:
    """Find the frontier at every cost, apart for each device and each way in which joules were obtained."""
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    for index, point in enumerate(points):
        device = point.choice.device
        for cost in ("flops", "flops_paper"):
            groups.setdefault((cost, "", "", ""), []).append(index)
        groups.setdefault(("seconds", "", "", device), []).append(index)
        if point.joules is not None:
            groups.setdefault(("joules", point.label, point.scope, device), []).append(index)
    for (cost, label, scope, device), indices in groups.items():
        costs = [float(getattr(points[i], cost)) for i in indices]
        kept = frontier(costs, [points[i].accuracy.value for i in indices])
        yield Frontier(cost, label, scope, device, tuple(indices), tuple(indices[k] for k in kept))


def difference(evidence: Evidence, a: Choice, b: Choice, weights: Floats) -> Gap:
    """Return the paired difference in accuracy, on the seeds that both have of a problem or else on all."""
    ours, theirs = [], []
    for left, right in zip(evidence.trials[a], evidence.trials[b], strict=True):
        seeds = {trial.seed for trial in left} & {trial.seed for trial in right}
        ours.append(np.mean([trial.correct for trial in left if not seeds or trial.seed in seeds]))
        theirs.append(np.mean([trial.correct for trial in right if not seeds or trial.seed in seeds]))
    return paired_difference(np.array(ours, float), np.array(theirs, float), weights)


def widest(choices: Sequence[Choice]) -> list[int]:
    """Return the indices of the largest width of every series."""
    best: dict[tuple[str, ...], int] = {}
    for index, choice in enumerate(choices):
        kept = best.get(choice.series)
        if kept is None or choices[kept].width < choice.width:
            best[choice.series] = index
    return sorted(best.values())


def _pairs(choices: Sequence[Choice]) -> Iterator[tuple[int, int]]:
    """Yield what is worth comparing: strategies at the same width, and each one's largest width with the others'."""
    last = set(widest(choices))
    for b, second in enumerate(choices):
        for a, first in enumerate(choices[:b]):
            same = (first.model, first.setup, first.device) == (second.model, second.setup, second.device)
            if same and first.series != second.series and (first.width == second.width or {a, b} <= last):
                yield b, a


def _sizes(points: Sequence[Point], success: Floats, weights: Floats) -> Iterator[SizeFit]:
    for cost in ("flops", "flops_paper"):
        known = [(i, point.parameters) for i, point in enumerate(points) if point.parameters and getattr(point, cost)]
        # The paper's FLOPs over tokens give each width a slightly different rounding of the same size.
        sizes = [float(f"{parameters:.3g}") for _, parameters in known]
        kept = [i for i, _ in known]
        if kept and (law := fit_size(sizes, [getattr(points[i], cost) for i in kept], success[:, kept], weights)):
            yield SizeFit(cost, law)


def _coverage(evidence: Evidence, weights: Floats) -> Iterator[Coverage]:
    for pool in samples.pools(evidence):
        if pool.fewest < 1:
            continue
        ks = sample_counts(pool.fewest)
        table = pool.coverage(ks)
        again = weights @ table
        values = tuple(Estimate(float(table[:, i].mean()), *interval(again[:, i])) for i in range(len(ks)))
        yield Coverage(pool.choice, pool.fewest, ks, values, fit_coverage(ks, table, weights))


def _saturation(evidence: Evidence, points: Sequence[Point], rng: np.random.Generator) -> Iterator[Saturation]:
    for rule, strategies in (("majority", samples.INDEPENDENT), ("weighted", samples.WEIGHED)):
        for pool in samples.pools(evidence, strategies):
            if rule == "weighted" and not pool.choice.prm:
                continue
            limit = voting_limit(pool.ballots(weighted=rule == "weighted"), rng)
            if limit is None:
                continue
            own = (pool.choice.model, pool.choice.setup, pool.choice.device)
            measured = tuple(
                Measured(point.choice.width, point.accuracy)
                for point in points
                if point.choice.strategy == rule
                and (point.choice.model, point.choice.setup, point.choice.device) == own
                and (rule == "majority" or point.choice.prm == pool.choice.prm)
            )
            yield Saturation(rule, pool.choice, limit, measured)


def _subjects(evidence: Evidence, choices: Sequence[Choice]) -> Iterator[Subject]:
    if not any(evidence.subjects):
        return
    for subject in sorted(set(evidence.subjects)):
        rows = [i for i, own in enumerate(evidence.subjects) if own == subject]
        for index in widest(choices):
            runs = [evidence.trials[choices[index]][i] for i in rows]
            each = sum(map(len, runs)) / len(runs)
            accuracy = proportion(evidence.success(choices[index])[rows], each)
            yield Subject(subject or "(none)", index, len(rows), accuracy)


def _reliability(evidence: Evidence, choices: Sequence[Choice], weights: Floats) -> Iterator[Reliability]:
    for index in widest(choices):
        given = [
            (problem, trial)
            for problem, runs in enumerate(evidence.trials[choices[index]])
            for trial in runs
            if trial.answered
        ]
        if given and choices[index].width > 1:  # a single solution is always sure of itself
            yield Reliability(
                index,
                calibration(
                    [min(trial.confidence, 1.0) for _, trial in given],
                    [trial.correct for _, trial in given],
                    [problem for problem, _ in given],
                    weights,
                ),
            )
