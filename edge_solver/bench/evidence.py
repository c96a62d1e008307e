"""Trials laid out for comparison: every configuration on the same problems, in the same order.

Accuracies on different problems cannot be compared, so results of different suites are refused, a configuration that
has answered too few of the problems is left out and named, and of the rest only the problems that all have answered
count. Two folders whose settings or devices differ give different configurations, never one that mixes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge_solver.bench.statistics import Floats
from edge_solver.bench.trials import Run, Trial
from edge_solver.errors import UsageError

KEEP = 0.8
"""Share of all problems that the configurations must have in common before one is left out for its gaps."""
# What a configuration is named by anyway, or what cannot change an answer.
_NOT_A_SETUP = ("strategy", "strategies", "width", "widths", "seed", "seeds", "model", "models", "prm", "limit", "out")


@dataclass(frozen=True, slots=True)
class Choice:
    """A configuration: everything one decides before a problem is given."""

    model: str
    prm: str
    strategy: str
    width: int
    setup: str = ""
    """The settings in which this folder differs from the others, if it does."""
    device: str = ""

    @property
    def series(self) -> tuple[str, str, str, str, str]:
        """What stays the same along a curve over widths."""
        return self.model, self.prm, self.strategy, self.setup, self.device


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A configuration that has answered too few problems to be compared."""

    choice: Choice
    problems: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Trials by configuration and problem."""

    suite: str
    problems: tuple[str, ...]
    """Ids of the problems that every configuration has answered."""
    subjects: tuple[str, ...]
    """The subject of each problem; empty text where it has none."""
    trials: Mapping[Choice, tuple[tuple[Trial, ...], ...]]
    """For each configuration, for each problem, one trial a seed; at least one."""
    left_out: tuple[LeftOut, ...]
    unshared: int
    """Problems left out because not every configuration has answered them."""

    def success(self, choice: Choice) -> Floats:
        """Return the share of right runs of each problem, shape (problems,)."""
        return np.array([np.mean([trial.correct for trial in runs]) for runs in self.trials[choice]])

    def covered(self, choice: Choice) -> Floats:
        """Return the share of runs of each problem with a right leaf, shape (problems,)."""
        return np.array([np.mean([trial.covered for trial in runs]) for runs in self.trials[choice]])


def gather(runs: Sequence[Run]) -> Evidence:
    """Lay out the trials of one or several folders.

    Raises:
        UsageError: The folders hold results of different suites.
    """
    first = runs[0]
    for run in runs[1:]:
        if (run.suite, run.sha256) != (first.suite, first.sha256):
            raise UsageError(
                f"{first.folder!r} holds results on the suite {first.suite!r} and {run.folder!r} on "
                f"{run.suite!r}{' of other content' if run.suite == first.suite else ''}; accuracies on different "
                "problems cannot be compared: report each folder by itself"
            )
    by_choice: dict[Choice, dict[str, dict[int, Trial]]] = {}
    for run, setup in zip(runs, setups([run.settings for run in runs]), strict=True):
        for trial in run.trials:
            choice = Choice(trial.model, trial.prm, trial.strategy, trial.width, setup, run.device)
            by_choice.setdefault(choice, {}).setdefault(trial.problem, {})[trial.seed] = trial
    kept, left_out = _comparable({choice: set(found) for choice, found in by_choice.items()})
    shared = set.intersection(*(set(by_choice[choice]) for choice in kept))
    everything = {problem for found in by_choice.values() for problem in found}
    order = tuple(dict.fromkeys(trial.problem for run in runs for trial in run.trials if trial.problem in shared))
    subject_of = {trial.problem: trial.subject for run in runs for trial in run.trials}
    return Evidence(
        suite=first.suite,
        problems=order,
        subjects=tuple(subject_of[problem] for problem in order),
        trials={
            choice: tuple(tuple(trial for _, trial in sorted(by_choice[choice][problem].items())) for problem in order)
            for choice in sorted(kept, key=lambda c: (*c.series, c.width))
        },
        left_out=tuple(LeftOut(choice, len(by_choice[choice])) for choice in left_out),
        unshared=len(everything - shared),
    )


def _comparable(answered: Mapping[Choice, set[str]]) -> tuple[list[Choice], list[Choice]]:
    """Drop the emptiest configurations until the others share most of the problems that any of them has."""
    kept = sorted(answered, key=lambda choice: (-len(answered[choice]), *choice.series, choice.width))
    left_out: list[Choice] = []
    while len(kept) > 1:
        sets = [answered[choice] for choice in kept]
        if len(set.intersection(*sets)) >= KEEP * len(set.union(*sets)):
            break
        left_out.append(kept.pop())
    return kept, left_out


def setups(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name, for each folder, the settings in which the folders differ; nothing where they agree."""
    flat = [flattened(one) for one in settings]
    names = sorted({name for one in flat for name in one})
    differing = [
        name
        for name in names
        if name.rpartition(".")[2] not in _NOT_A_SETUP and len({str(one.get(name)) for one in flat}) > 1
    ]
    return [", ".join(f"{name} {one.get(name, 'unset')}" for name in differing) for one in flat]


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one level with dotted names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
