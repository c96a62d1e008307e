"""Where voting stops improving: the accuracy that majority and weighted votes tend to with ever more samples.

Wu et al. 2024 prove (theorems 1 and 2) that the accuracy of a vote over independent samples converges to the share of
problems whose likeliest answer is right; for a weighted vote, whose answer of largest expected weight is right. Both
can be read off the samples themselves, so the limit is known before the compute is spent. The theorems speak of
independent samples only, never of a tree search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_solver.bench.statistics import Estimate, Floats, centred_interval

_RESAMPLES = 400
_ORDERS = 100
"""Random orders of the samples behind the curve of accuracy against votes."""
_SETTLED = 0.95
_BLANK = -1


@dataclass(frozen=True, slots=True)
class Samples:
    """Independent solutions of one problem."""

    classes: tuple[int, ...]
    """The class of equal answers that each sample belongs to, from 0; -1 where it came to no answer."""
    weights: tuple[float, ...]
    """What each sample adds to its class: 1 in a majority vote, its reward in a weighted one."""
    right: int | None
    """The class that is right; ``None`` where no sample was."""


@dataclass(frozen=True, slots=True)
class VotePoint:
    """Accuracy of a vote among ``votes`` of the samples, averaged over which ones."""

    votes: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Limit:
    """What a vote tends to."""

    limit: Estimate
    """Accuracy with endless samples; the interval covers the choice of problems and of samples."""
    settled: float
    """Share of problems whose winner stays the same in 95 % of redrawn samples: the rest need more samples to say."""
    samples: int
    """Fewest samples of a problem."""
    curve: tuple[VotePoint, ...]


def voting_limit(problems: Sequence[Samples], rng: np.random.Generator) -> Limit | None:
    """Estimate where a vote saturates, from samples of every problem.

    The interval is a bootstrap of two levels: problems, and samples within a problem. Ties count as the chance of a
    fair draw among the tied classes.

    Returns:
        ``None`` where a problem has no sample at all.
    """
    fewest = min((len(samples.classes) for samples in problems), default=0)
    if not fewest:
        return None
    limits = np.empty(len(problems))
    redrawn = np.empty((_RESAMPLES, len(problems)))
    settled = 0
    counts = _vote_counts(fewest)
    by_votes = np.zeros(len(counts))
    for index, samples in enumerate(problems):
        ballots = _ballots(samples)
        limits[index] = _chance(ballots.sum(axis=0, keepdims=True), samples.right)[0]
        n = len(ballots)
        totals = rng.multinomial(n, np.full(n, 1.0 / n), size=_RESAMPLES) @ ballots
        redrawn[:, index] = _chance(totals, samples.right)
        if ballots.shape[1]:
            winners = np.bincount(totals.argmax(axis=1))
            settled += winners.max() >= _SETTLED * _RESAMPLES
        by_votes += _accuracy_by_votes(ballots, samples.right, counts, rng)
    which = rng.multinomial(len(problems), np.full(len(problems), 1.0 / len(problems)), size=_RESAMPLES)
    accuracies = (which * redrawn).sum(axis=1) / len(problems)
    curve = tuple(VotePoint(n, float(hits / len(problems))) for n, hits in zip(counts, by_votes, strict=True))
    limit = float(limits.mean())
    return Limit(Estimate(limit, *centred_interval(limit, accuracies)), settled / len(problems), fewest, curve)


def _ballots(samples: Samples) -> Floats:
    """Return what each sample gives each class, shape (samples, classes)."""
    classes = max(samples.classes) + 1
    ballots = np.zeros((len(samples.classes), classes))
    for row, (column, weight) in enumerate(zip(samples.classes, samples.weights, strict=True)):
        if column != _BLANK:
            ballots[row, column] = weight
    return ballots


def _chance(totals: Floats, right: int | None) -> Floats:
    """Return the chance that the right class wins, given the classes' totals, shape (..., classes)."""
    if right is None:
        return np.zeros(totals.shape[:-1])
    best = totals.max(axis=-1, keepdims=True)
    # Totals of the same weights added in another order differ in the last bits, which must not break a tie.
    leading: npt.NDArray[np.bool_] = totals >= best - 1e-9 * np.abs(best)
    wins: Floats = leading[..., right] / leading.sum(axis=-1) * (best[..., 0] > 0)
    return wins


def _accuracy_by_votes(ballots: Floats, right: int | None, counts: Sequence[int], rng: np.random.Generator) -> Floats:
    """Return the chance of the right answer among the first n of the samples in random order, for each n."""
    if right is None:
        return np.zeros(len(counts))
    orders = rng.permuted(np.tile(np.arange(len(ballots)), (_ORDERS, 1)), axis=1)[:, : counts[-1]]
    running = ballots[orders].cumsum(axis=1)
    by_votes: Floats = _chance(running[:, [n - 1 for n in counts]], right).mean(axis=0)
    return by_votes


def _vote_counts(most: int) -> tuple[int, ...]:
    """Return 1, 2, 4, ... and the largest number."""
    counts = [1]
    while counts[-1] * 2 < most:
        counts.append(counts[-1] * 2)
    return tuple(counts if most == 1 else [*counts, most])
