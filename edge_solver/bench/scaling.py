"""Laws of accuracy and cost: coverage against samples, the compute-optimal frontier, the model size it asks for.

Pure functions over numbers; knows nothing of files, strategies or joules' labels: whoever asks passes only points whose
costs may be compared. A law says how well it fits, and none is given where the points are so few that any curve fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_solver.bench.statistics import Estimate, Floats, interval

_FIT_RESAMPLES = 300
_FEWEST = 4
"""Numbers of samples that a coverage fit needs: two parameters, and two more to be wrong about."""
_STEPS = 60
_TINY = 1e-15
_EDGE = 1e-6
"""Coverage is kept this far from 0 and 1 where its logarithm is taken."""
_GRID = 40
"""Points of a curve; Brown et al. fit on 40 as well."""


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Coverage as ``exp(a * k**-b)`` (Brown et al. 2024, section 3): a < 0, and b > 0 where it rises with k."""

    a: Estimate
    b: Estimate
    r2: float
    """Share of the variance over k that the law explains."""
    rmse: float
    """Typical distance of law and measurement, in coverage."""
    held_out: float | None
    """Fitted on the first half of the k alone, predicted minus measured coverage at the largest k."""

    def at(self, k: float) -> float:
        """Return the coverage that the law gives ``k`` samples."""
        return float(np.exp(self.a.value * k**-self.b.value))


@dataclass(frozen=True, slots=True)
class SizeLaw:
    """``log10(C) = alpha * log10(N) + beta`` over the frontier, N the policy's parameters.

    Wu et al. 2024 (section 4) print 1.19 and 2.03 for Pythia on GSM8K.
    """

    alpha: Estimate
    beta: Estimate
    points: int
    sizes: int
    """Different model sizes among the points."""


def sample_counts(most: int) -> tuple[int, ...]:
    """Return some 40 numbers of samples from 1 to ``most``: evenly spread on a logarithmic scale, and powers of two."""
    even = {round(most ** (i / (_GRID - 1))) for i in range(_GRID)}
    return tuple(sorted(even | {2**p for p in range(most.bit_length())} - {0}))


def fit_coverage(ks: Sequence[int], coverage: Floats, weights: Floats) -> PowerLaw | None:
    """Fit the exponentiated power law to pass@k by least squares on coverage, as the paper does.

    Args:
        ks: Numbers of samples, rising.
        coverage: pass@k of every problem, shape (problems, len(ks)).
        weights: Bootstrap weights from ``statistics.draws``, shape (resamples, problems).

    Returns:
        The law with bootstrap intervals over problems; ``None`` where there are fewer than four k, or where coverage
        is 0 or 1 throughout and every curve fits.
    """
    mean = coverage.mean(axis=0)
    if len(ks) < _FEWEST or mean.max() <= 0 or mean.min() >= 1:
        return None
    x = np.log(np.asarray(ks, float))
    ((a, b),) = _least_squares(x, mean[None])
    again = _least_squares(x, weights[:_FIT_RESAMPLES] @ coverage)
    residual = mean - np.exp(a * np.exp(-b * x))
    spread = float(np.sum((mean - mean.mean()) ** 2))
    r2 = 1.0 - float(np.sum(residual**2)) / spread if spread > 0 else 1.0
    first = (len(ks) + 1) // 2
    held_out = None
    if first >= _FEWEST:
        ((a_half, b_half),) = _least_squares(x[:first], mean[None, :first])
        held_out = float(np.exp(a_half * np.exp(-b_half * x[-1])) - mean[-1])
    return PowerLaw(
        Estimate(float(a), *interval(again[:, 0])),
        Estimate(float(b), *interval(again[:, 1])),
        r2,
        float(np.sqrt(np.mean(residual**2))),
        held_out,
    )


def _least_squares(x: Floats, coverage: Floats) -> Floats:
    """Fit c = exp(a * e^(-b x)), x = ln k, to every row of ``coverage``, shape (curves, len(x)); return rows of a, b.

    Levenberg-Marquardt on (ln -a, b), which keeps a negative; all curves take their steps at once.
    """
    safe = np.log(-np.log(np.clip(coverage, _EDGE, 1 - _EDGE)))
    centred = x - x.mean()
    slope = safe @ centred / (centred @ centred)
    level, b = safe.mean(axis=1) - slope * x.mean(), -slope
    damping = np.full(len(coverage), 1e-3)
    predicted = _law(level, b, x)
    loss = np.sum((coverage - predicted) ** 2, axis=1)
    for _ in range(_STEPS):
        # With u = ln(-a) - b x the law is exp(-e^u); its slope in u is -e^u * exp(-e^u), that in b is -x times it.
        in_u = predicted * np.log(np.maximum(predicted, np.finfo(float).tiny))
        miss = coverage - predicted
        uu, ub, bb = np.sum(in_u**2, axis=1), -np.sum(x * in_u**2, axis=1), np.sum((x * in_u) ** 2, axis=1)
        to_u, to_b = np.sum(in_u * miss, axis=1), -np.sum(x * in_u * miss, axis=1)
        uu, bb = uu * (1 + damping) + _TINY, bb * (1 + damping) + _TINY
        scale = uu * bb - ub**2
        # A long step from a flat start would overflow the exponential.
        new_level = level + np.clip((bb * to_u - ub * to_b) / scale, -2.0, 2.0)
        new_b = b + np.clip((uu * to_b - ub * to_u) / scale, -2.0, 2.0)
        new_predicted = _law(new_level, new_b, x)
        new_loss = np.sum((coverage - new_predicted) ** 2, axis=1)
        better = new_loss <= loss
        level, b = np.where(better, new_level, level), np.where(better, new_b, b)
        predicted = np.where(better[:, None], new_predicted, predicted)
        loss = np.where(better, new_loss, loss)
        damping = np.clip(np.where(better, damping / 3, damping * 4), 1e-9, 1e9)
    return np.stack([-np.exp(level), b], axis=1)


def _law(level: Floats, b: Floats, x: Floats) -> Floats:
    exponent: Floats = np.exp(np.clip(level[:, None] - b[:, None] * x, -50.0, 50.0))
    return np.exp(-exponent)


def frontier(costs: Sequence[float], accuracies: Sequence[float]) -> tuple[int, ...]:
    """Return the indices of the points that no other point beats, from the cheapest up.

    A point is on the frontier where everything that costs no more is less accurate (of equals, the cheapest and then
    the first counts). This is the upper envelope that Wu et al. call compute-optimal (section 2).
    """
    best, kept = -np.inf, []
    for index in sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i], i)):
        if accuracies[index] > best:
            best = accuracies[index]
            kept.append(index)
    return tuple(kept)


def fit_size(sizes: Sequence[float], costs: Sequence[float], accuracy: Floats, weights: Floats) -> SizeLaw | None:
    """Fit which model size is best at which cost: a line through the frontier in log-log coordinates.

    Args:
        sizes: Parameters of the policy behind each point.
        costs: FLOPs of each point.
        accuracy: Of every problem at every point, shape (problems, points).
        weights: Bootstrap weights from ``statistics.draws``; the frontier is found anew in every resample.

    Returns:
        ``None`` where the frontier holds fewer than two sizes or fewer than three points: then any line fits.
    """
    line = _size_line(sizes, costs, accuracy.mean(axis=0))
    if line is None:
        return None
    again = [_size_line(sizes, costs, w @ accuracy) for w in weights[:_FIT_RESAMPLES]]
    lines = np.array([found[:2] for found in again if found is not None])
    alpha, beta, points, distinct = line
    return SizeLaw(Estimate(alpha, *interval(lines[:, 0])), Estimate(beta, *interval(lines[:, 1])), points, distinct)


def _size_line(
    sizes: Sequence[float], costs: Sequence[float], accuracies: Floats
) -> tuple[float, float, int, int] | None:
    kept = frontier(costs, list(accuracies))
    distinct = len({sizes[i] for i in kept})
    if distinct < 2 or len(kept) < 3:  # noqa: PLR2004 - two unknowns, and one point more
        return None
    alpha, beta = np.polyfit(np.log10([sizes[i] for i in kept]), np.log10([costs[i] for i in kept]), 1)
    return float(alpha), float(beta), len(kept), distinct
