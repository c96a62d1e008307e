"""Figures of merit, each a pure function of arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def auroc(scores: Floats, right: Bools) -> float:
    """Return the chance that a right step scores above a wrong one; ties count half."""
    order = np.argsort(scores, kind="stable")
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    positive = right[order]
    good, bad = int(positive.sum()), int((~positive).sum())
    if not good or not bad:
        return float("nan")
    return float((ranks[positive].sum() - good * (good + 1) / 2) / (good * bad))


def calibration_error(scores: Floats, right: Bools, bins: int = 15) -> float:
    """Return the expected calibration error over equal-width bins."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = place == b
        if inside.any():
            error += float(inside.mean()) * abs(float(scores[inside].mean()) - float(right[inside].mean()))
    return error


def first_wrong_f1(predicted: list[int | None], true: list[int | None]) -> tuple[float, float, float]:
    """Return ProcessBench's F1, with its parts: first wrong step found, and right solutions left alone."""
    found = [p == t for p, t in zip(predicted, true, strict=True) if t is not None]
    spared = [p is None for p, t in zip(predicted, true, strict=True) if t is None]
    a, b = (sum(x) / len(x) if x else 0.0 for x in (found, spared))
    return (2 * a * b / (a + b) if a + b else 0.0), a, b
