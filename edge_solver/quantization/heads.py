"""How a reward model turns a hidden state into a score, reduced to one form: the sigmoid of a weighted sum.

A softmax over two numbers is the sigmoid of their difference, so two labels, two tokens of the vocabulary and a value
head all come down to one vector and one bias; some models have a layer with ReLU before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from edge_solver.errors import ModelBrokenError, UsageError
from edge_solver.quantization.checkpoint import Checkpoint, FloatArray, Tensor


class HeadKind(str, Enum):
    """What a checkpoint's head is."""

    LABELS = "labels"
    """Token classification, two labels: ``score`` is one layer, or two with ReLU between (Qwen2.5-Math-PRM)."""
    VALUE = "value"
    """``v_head.summary``: one number per token (Skywork)."""
    MARKS = "marks"
    """The language model's own head: a good token against a bad one (Math-Shepherd)."""
    MEAN = "mean"
    """The language model's head was overwritten with two rows, repeated: the mean of all logits (ScalableMath)."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """``sigmoid(h · weight + bias)``, with ``h = relu(layer @ state + layer_bias)`` where there is a layer."""

    weight: FloatArray
    """``[width]``."""
    bias: float
    layer: FloatArray | None = None
    """``[width, width]``."""
    layer_bias: FloatArray | None = None


def kind_of(checkpoint: Checkpoint) -> HeadKind:
    """Guess the kind of head from the tensors that are there.

    Raises:
        UsageError: It is a language model, whose head says nothing of which tokens mean good and bad.
    """
    if any(name.startswith("score.") for name in checkpoint.tensors):
        return HeadKind.LABELS
    if "v_head.summary.weight" in checkpoint.tensors:
        return HeadKind.VALUE
    raise UsageError(
        f"{checkpoint.folder} has no head of a reward model; if two tokens of its vocabulary are its scores, a recipe "
        "must say which: head = 'marks', good and bad"
    )


def read_head(checkpoint: Checkpoint, kind: HeadKind, *, good: int = 1, bad: int = 0) -> Head:
    """Read a head.

    Args:
        checkpoint: The reward model.
        kind: What its head is.
        good: Label or token that means a good step.
        bad: Label or token that means a bad one.

    Raises:
        ModelBrokenError: The checkpoint has no such head.
    """
    match kind:
        case HeadKind.VALUE:
            rows, bias = checkpoint["v_head.summary.weight"].read(), checkpoint["v_head.summary.bias"].read()
            return Head(rows[0], float(bias[0]))
        case HeadKind.MARKS:
            return Head(_row(checkpoint, good) - _row(checkpoint, bad), 0.0)
        case HeadKind.MEAN:
            source = _output(checkpoint)
            total = sum((slab.sum(axis=0, dtype=np.float64) for slab in source.slabs()), np.zeros(source.shape[1]))
            return Head((total / source.shape[0]).astype(np.float32), 0.0)
        case HeadKind.LABELS:
            return _labels(checkpoint, good, bad)


def _labels(checkpoint: Checkpoint, good: int, bad: int) -> Head:
    last = "score.2" if "score.2.weight" in checkpoint.tensors else "score"
    rows = checkpoint[f"{last}.weight"].read()
    if rows.ndim != 2 or not 0 <= bad < len(rows) or not 0 <= good < len(rows):  # noqa: PLR2004 - a matrix
        raise ModelBrokenError(f"{last}.weight of shape {rows.shape} has no labels {good} and {bad}")
    biases = checkpoint[f"{last}.bias"].read() if f"{last}.bias" in checkpoint.tensors else np.zeros(len(rows))
    weight, bias = rows[good] - rows[bad], float(biases[good] - biases[bad])
    if last == "score":
        return Head(weight, bias)
    return Head(weight, bias, checkpoint["score.0.weight"].read(), checkpoint["score.0.bias"].read())


def _output(checkpoint: Checkpoint) -> Tensor:
    return checkpoint["lm_head.weight" if "lm_head.weight" in checkpoint.tensors else "model.embed_tokens.weight"]


def _row(checkpoint: Checkpoint, token: int) -> FloatArray:
    output = _output(checkpoint)
    if not 0 <= token < output.shape[0]:
        raise ModelBrokenError(f"there is no token {token}; the vocabulary has {output.shape[0]}")
    row: FloatArray = output.rows(token, token + 1)[0]
    return row
