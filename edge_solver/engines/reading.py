"""From what a reward model's graph says to a reward: its own description of its format, and its logits.

Pure functions; the graph is run elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_solver.core.formats import Reading, ScoreFormat
from edge_solver.errors import ModelBrokenError

META = "edge_solver."
"""What our metadata keys begin with."""
TEMPLATE = ("template_prefix", "template_suffix", "step_end")
"""The keys that say how a solution is read; not needed where a format is named."""


def read(logits: NDArray[np.float32], how: ScoreFormat, path: Path) -> float:
    """Make a reward in [0, 1] of the logits of one token.

    Args:
        logits: ``[labels]``.
        how: Which of them count, and how.
        path: The graph, for a message.

    Raises:
        ModelBrokenError: There are fewer labels than the format names.
    """
    values = logits.astype(np.float64).reshape(-1)
    match how.reading:
        case Reading.PROBABILITY:
            return float(values[0])
        case Reading.SIGMOID | Reading.MEAN_SIGMOID:
            value = values.mean() if how.reading is Reading.MEAN_SIGMOID else values[0]
            return float(0.5 * (1.0 + np.tanh(0.5 * value)))  # the sigmoid, without an overflow
        case Reading.SOFTMAX:
            labels = how.labels or tuple(range(len(values)))
            if max(labels) >= len(values) or how.good >= len(labels):
                raise ModelBrokenError(
                    f"{path} has {len(values)} labels, and its format reads number {max(labels)}; it needs another "
                    "--prm-format"
                )
            chosen = np.exp(values[list(labels)] - values[list(labels)].max())
            return float(chosen[how.good] / chosen.sum())


def own_format(meta: Mapping[str, str], path: Path) -> ScoreFormat:
    """Return how a graph says that it reads a solution.

    Args:
        meta: What it says of itself, without ``META`` in front.
        path: The graph, for a message.

    Raises:
        ModelBrokenError: It does not say.
    """
    lacking = [name for name in TEMPLATE if name not in meta]
    if lacking:
        raise ModelBrokenError(
            f"{path} does not say its {', '.join(META + name for name in lacking)}; name a format with --prm-format"
        )
    apart = meta.get("step_end_apart") == "true"
    return ScoreFormat(
        meta["template_prefix"],
        meta["template_suffix"],
        end=meta["step_end"],
        start_token=meta.get("start_token") == "true",
        verbatim=not apart,
    )
