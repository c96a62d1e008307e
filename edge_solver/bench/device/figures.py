"""A measured figure: never one shot, but the median of its repeats with their spread."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What repeats of one measurement gave."""

    median: float
    low: float
    high: float
    stddev: float | None
    """Of the sample; ``None`` for a single one."""
    samples: tuple[float, ...]

    @property
    def spread(self) -> float | None:
        """Half the distance between the extremes, as a share of the median; ``None`` for a single sample."""
        if len(self.samples) < 2 or not self.median:  # noqa: PLR2004 - one sample has no spread
            return None
        return (self.high - self.low) / 2 / abs(self.median)


def figure(samples: Sequence[float]) -> Figure | None:
    """Sum up samples; none give no figure."""
    if not samples:
        return None
    stddev = statistics.stdev(samples) if len(samples) > 1 else None
    return Figure(statistics.median(samples), min(samples), max(samples), stddev, tuple(samples))


def sized(description: str, parameters: int) -> str:
    """Return llama.cpp's description of a model with its size, where it has no name for that and says ``?B``."""
    size = f"{parameters / 1e9:.3g}B" if parameters >= 1e9 else f"{parameters / 1e6:.3g}M"  # noqa: PLR2004 - a billion
    return description.replace("?B", size)


def quant_of(description: str) -> str | None:
    """Return the quantization out of llama.cpp's description of a model, which is family, size, quantization."""
    parts = description.split(maxsplit=2)
    return parts[2] if len(parts) == 3 else None  # noqa: PLR2004 - those three
