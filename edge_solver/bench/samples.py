"""Independent samples of every problem, pooled over seeds: what pass@k and the limits of voting are read from.

Only strategies that draw whole solutions independently give such samples; the leaves of a tree search are relatives.
Of a strategy only its largest width is taken, because smaller widths with the same seed may be the same samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge_solver.bench.evidence import Choice, Evidence
from edge_solver.bench.saturation import Samples
from edge_solver.bench.statistics import Floats, pass_at_k
from edge_solver.bench.trials import Trial
from edge_solver.core.strategies import STRATEGIES

INDEPENDENT = tuple(strategy.name for strategy in STRATEGIES.values() if strategy.independent)
"""Strategies whose leaves are independent samples of the policy."""
WEIGHED = tuple(name for name in INDEPENDENT if STRATEGIES[name].scored)
"""Those of them whose leaves carry the reward model's weight."""

_RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Pool:
    """All samples of one configuration."""

    choice: Choice
    runs: tuple[tuple[Trial, ...], ...]
    """For each problem, one trial a seed."""

    @property
    def fewest(self) -> int:
        """Samples of the problem that has fewest."""
        return min(sum(map(_drawn, runs)) for runs in self.runs)

    def coverage(self, ks: Sequence[int]) -> Floats:
        """Return pass@k of every problem, shape (problems, len(ks)); no k may exceed ``fewest``."""
        rows = []
        for runs in self.runs:
            n = sum(map(_drawn, runs))
            right = sum(leaf.correct for trial in runs for leaf in trial.leaves)
            rows.append([pass_at_k(n, right, k) for k in ks])
        return np.array(rows)

    def ballots(self, *, weighted: bool) -> list[Samples]:
        """Return every problem's samples as votes, by reward or one each."""
        return [_samples(runs, weighted=weighted) for runs in self.runs]


def pools(evidence: Evidence, strategies: Sequence[str] = INDEPENDENT) -> Iterator[Pool]:
    """Yield one pool for each model and reward model, or none: the one with most samples."""
    best: dict[tuple[str, ...], Pool] = {}
    for choice, runs in evidence.trials.items():
        if choice.strategy not in strategies:
            continue
        # The reward model has no say in what the policy samples, so majority pools serve whatever reward model ran.
        owner = (choice.model, choice.setup, choice.device, choice.prm if strategies == WEIGHED else "")
        pool = Pool(choice, runs)
        if owner not in best or pool.fewest > best[owner].fewest:
            best[owner] = pool
    yield from best.values()


def _drawn(trial: Trial) -> int:
    """Return how many samples a trial drew.

    A sample that came to no answer has not found the right one, so it counts. A search that ended early, by a cap or
    because the vote was decided, started fewer samples than its width; of those only the finished ones are known.
    """
    return max(trial.width, len(trial.leaves)) if trial.stopped_by == "complete" else len(trial.leaves)


def _samples(runs: Sequence[Trial], *, weighted: bool) -> Samples:
    """Join the classes of several seeds: they are one where they share a spelling, or are both right."""
    number: dict[str, int] = {}
    classes: list[int] = []
    weights: list[float] = []
    names = _class_names(runs)
    for index, trial in enumerate(runs):
        for leaf in trial.leaves:
            name = names.get(f"{index}:{leaf.group}") if leaf.group is not None else None
            classes.append(-1 if name is None else number.setdefault(name, len(number)))
            weights.append(leaf.weight if weighted else 1.0)
        missing = _drawn(trial) - len(trial.leaves)
        classes += [-1] * missing
        weights += [0.0] * missing
    return Samples(tuple(classes), tuple(weights), number.get(_find(names, _RIGHT)))


def _class_names(runs: Sequence[Trial]) -> dict[str, str]:
    """Return a common name for every class of every trial."""
    parent: dict[str, str] = {_RIGHT: _RIGHT}
    for index, trial in enumerate(runs):
        for leaf in trial.leaves:
            if leaf.group is None:
                continue
            own = f"{index}:{leaf.group}"
            for other in (f"text:{(leaf.answer or '').strip()}", *([_RIGHT] if leaf.correct else [])):
                parent.setdefault(own, own)
                parent.setdefault(other, other)
                parent[_find(parent, own)] = _find(parent, other)
    return {name: _find(parent, name) for name in parent}


def _find(parent: dict[str, str], name: str) -> str:
    while parent[name] != name:
        name = parent[name]
    return name
