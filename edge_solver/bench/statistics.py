"""What a sample of problems says about all problems like them: proportions, pass@k, differences, calibration.

Pure functions over numbers and arrays; knows nothing of files, strategies or reports. The problem is what is sampled:
every bootstrap draws whole problems, with all seeds and samples that belong to them, because two runs of one problem
are alike. All intervals are for 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
"""Bootstrap resamples: the ends of a 95 % interval then rest on 50 draws each."""
_Z95 = 1.959963984540054
_TAILS = (2.5, 97.5)
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two configurations are apart on the same problems."""

    estimate: Estimate
    p: float
    """Of the exact sign test over problems: how often chance alone would give so one-sided a result."""

    @property
    def apart(self) -> bool:
        """Whether they can be told apart.

        Both must say so: a bootstrap of a handful of problems is too sure of itself, and the sign test does not see by
        how much a problem differs.
        """
        return (self.estimate.low > 0 or self.estimate.high < 0) and self.p < _LEVEL


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence lies in [``low``, ``high``), the last bin with its upper end."""

    low: float
    high: float
    n: int
    confidence: float
    """Mean confidence in the bin."""
    accuracy: Estimate
    """Share of right answers in the bin, with a Wilson interval."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence can be read as a probability of being right."""

    bins: tuple[Bin, ...]
    """Only bins that hold an answer."""
    error: Estimate
    """Expected calibration error: the mean distance of confidence and accuracy over the bins."""
    n: int


def wilson(correct: float, n: float) -> tuple[float, float]:
    """Return the Wilson score interval of ``correct`` out of ``n`` (Wilson 1927); all of [0, 1] for ``n`` = 0.

    Both may be fractions: an effective sample size seldom is a whole number.
    """
    if n <= 0:
        return 0.0, 1.0
    p, z2 = correct / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At 0 and 1 the ends are exact; rounding would leave them 1e-17 off, outside the point itself.
    return (0.0 if correct == 0 else max(0.0, centre - half)), (1.0 if correct == n else min(1.0, centre + half))


def proportion(means: Floats, runs: float) -> Estimate:
    """Return the mean of per-problem success rates with a Wilson interval on the effective sample size.

    With one run a problem this is the ordinary Wilson interval. More runs of the same problems narrow it only as far
    as they disagree within a problem (Kish's design effect), and never past ``len(means) * runs`` independent ones.

    Args:
        means: Share of right runs of each problem.
        runs: Mean number of runs a problem.
    """
    n, p = len(means), float(np.mean(means))
    spread = float(np.var(means))
    size = float(np.clip(n * p * (1 - p) / spread, n, n * runs)) if spread > 0 and 0 < p < 1 else float(n)
    return Estimate(p, *wilson(p * size, size))


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Return the unbiased estimate that one of ``k`` samples is right, given ``correct`` right ones of ``n``.

    1 - C(n-c, k) / C(n, k), in the stable form of a product (Chen et al. 2021; Brown et al. 2024, section 2).

    Raises:
        ValueError: ``k`` is not in 1..n.
    """
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} cannot be estimated from {n} samples")
    if n - correct < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - correct + 1, n + 1))


def draws(n: int, rng: np.random.Generator, resamples: int = RESAMPLES) -> Floats:
    """Return bootstrap weights, shape (resamples, n): how often each problem was drawn, divided by ``n``.

    One matrix serves every figure of a report, so that all figures see the same imagined suites.
    """
    return rng.multinomial(n, np.full(n, 1.0 / n), size=resamples) / n


def interval(values: Floats) -> tuple[float, float]:
    """Return the percentile interval of bootstrap values, shape (resamples,)."""
    low, high = np.percentile(values, _TAILS)
    return float(low), float(high)


def centred_interval(value: float, values: Floats) -> tuple[float, float]:
    """Return an interval for a share whose redrawn values are off to one side, moved so that they centre on ``value``.

    Redrawn samples are noisier than the sample they come from, and some figures only ever suffer from noise: an error
    that is a distance grows, the most frequent answer is more often a wrong one.
    """
    low, high = np.clip(value + np.array(interval(values - values.mean())), 0.0, 1.0)
    return float(low), float(high)


def bootstrap_mean(values: Floats, weights: Floats) -> Estimate:
    """Return the mean over problems with its bootstrap interval.

    Args:
        values: One figure a problem, shape (n,).
        weights: From ``draws``, shape (resamples, n).
    """
    return Estimate(float(np.mean(values)), *interval(weights @ values))


def paired_difference(a: Floats, b: Floats, weights: Floats) -> Gap:
    """Compare two configurations on the same problems in the same order; the estimate is that of ``a - b``."""
    return Gap(bootstrap_mean(a - b, weights), sign_test(a - b))


def sign_test(differences: Floats) -> float:
    """Return the two-sided p of the exact sign test; for one right or wrong run each this is McNemar's exact test."""
    up, down = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    n, few = up + down, min(up, down)
    tail: int = sum(math.comb(n, i) for i in range(few + 1))
    return min(1.0, 2 * tail / (1 << n))


def calibration(
    confidence: Sequence[float], correct: Sequence[bool], problem: Sequence[int], weights: Floats, bins: int = 10
) -> Calibration:
    """Return reliability bins of equal width and the expected calibration error (Guo et al. 2017, section 2).

    Args:
        confidence: In [0, 1], one an answer.
        correct: Whether that answer is right.
        problem: The index of its problem, a column of ``weights``.
        weights: From ``draws``, shape (resamples, problems).
        bins: How many.
    """
    sure, right = np.asarray(confidence, float), np.asarray(correct, float)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    owner = np.asarray(problem, int)
    filled: list[Bin] = []
    gap, gaps = 0.0, np.zeros(len(weights))
    for index in range(bins):
        inside = place == index
        n = int(inside.sum())
        if not n:
            continue
        hits = float(right[inside].sum())
        accuracy = Estimate(hits / n, *wilson(hits, n))
        filled.append(Bin(index / bins, (index + 1) / bins, n, float(sure[inside].mean()), accuracy))
        excess = np.bincount(owner[inside], sure[inside] - right[inside], minlength=weights.shape[1])
        gap += abs(float(excess.sum()))
        gaps += np.abs(weights @ excess)
    drawn = weights @ np.bincount(owner, minlength=weights.shape[1])
    error = gap / max(len(sure), 1)
    redrawn = gaps / np.maximum(drawn, 1.0 / weights.shape[1])
    return Calibration(tuple(filled), Estimate(error, *centred_interval(error, redrawn)), len(sure))
