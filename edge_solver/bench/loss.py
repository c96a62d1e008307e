"""What quantization cost, measured: one model file against another on the same text.

A policy is compared token by token: perplexity of both, Kullback-Leibler divergence, how often the likeliest token is
the same. A reward model is compared step by step: how far its scores moved, and whether their order held. It runs files
and knows nothing of how they were made; tables are ``bench.loss_table``'s.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.core.ports import ScoreRequest
from edge_solver.core.tree import ROOT
from edge_solver.errors import UsageError

if TYPE_CHECKING:
    from edge_solver.engines.llama import LlamaModel
    from edge_solver.engines.onnx import OnnxScorer

CHUNK = 256
"""Tokens read as one text; the first half of each is context alone, as in llama.cpp's perplexity tool."""
_LEAST_RANKED = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PolicyLoss:
    """A policy against its reference."""

    tokens: int
    """That were predicted."""
    perplexity: float
    reference_perplexity: float
    divergence: float
    """Mean KL divergence from the reference, in nats."""
    divergence_99: float
    """99th percentile of the same."""
    same_top: float
    """Share of tokens whose likeliest successor is the same."""
    bytes: int
    reference_bytes: int
    tokens_per_second: float
    """Of reading the text; in one call per chunk."""
    reference_tokens_per_second: float


@dataclass(frozen=True, slots=True)
class RewardLoss:
    """A reward model against its reference."""

    steps: int
    mean_difference: float
    largest_difference: float
    rank_correlation: float
    """Spearman's, over all steps."""
    bytes: int
    reference_bytes: int
    tokens_per_second: float
    reference_tokens_per_second: float


def policy_loss(reference: Path, quantized: Path, text: Path, most: int | None = None) -> PolicyLoss:
    """Compare two GGUF files on a text.

    Args:
        reference: What the other was made from.
        quantized: The other.
        text: Nothing that either was calibrated on. Plain text is read in chunks; of JSON Lines of ``{"before",
            "text"}`` each line is read by itself, and ``before`` is context alone.
        most: Chunks or lines to read at most.

    Raises:
        UsageError: The text is too short or cannot be read, or the files have different vocabularies.
        ModelError: A file cannot be run.
    """
    from edge_solver.engines.llama import LlamaModel

    with LlamaModel(reference) as first, LlamaModel(quantized) as second:
        if first.n_vocab != second.n_vocab:
            raise UsageError(f"{reference} and {quantized} have vocabularies of different sizes")
        chunks = _chunks(first, text)[:most]
        readers = [_Reader(model) for model in (first, second)]
        try:
            found = [_compare(readers[0].read(chunk), readers[1].read(chunk), chunk, at) for chunk, at in chunks]
        finally:
            for reader in readers:
                reader.close()
    likely, likely_too, divergence, same = (np.concatenate(column) for column in zip(*found, strict=True))
    return PolicyLoss(
        len(likely),
        float(np.exp(-likely_too.mean())),
        float(np.exp(-likely.mean())),
        float(divergence.mean()),
        float(np.percentile(divergence, 99)),
        float(same.mean()),
        quantized.stat().st_size,
        reference.stat().st_size,
        readers[1].tokens_per_second,
        readers[0].tokens_per_second,
    )


def _chunks(model: LlamaModel, path: Path) -> list[tuple[list[int], int]]:
    """Return what is read as one, at most ``CHUNK`` tokens, each with the place of the first that is predicted."""
    size = min(CHUNK, model.context_trained)
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            rows = [json.loads(line) for line in text.splitlines()]
            pairs = [
                (model.tokenize(row["before"], start=True, special=True), model.tokenize(row["text"], special=True))
                for row in rows
            ]
            return [(before + rest, len(before)) for before, rest in pairs if len(before) + len(rest) <= size]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"the text {path} cannot be read: {error!r}") from None
    tokens = model.tokenize(text, start=True, special=True)
    if len(tokens) < size:
        raise UsageError(f"{path} has {len(tokens)} tokens and at least {size} are needed")
    return [(tokens[start : start + size], size // 2) for start in range(0, len(tokens) - size + 1, size)]


class _Reader:
    """Reads chunks with one model and keeps the time."""

    def __init__(self, model: LlamaModel) -> None:
        self._context = model.context(CHUNK, max_rows=CHUNK, branches=1)
        self._tokens, self._seconds = 0, 0.0

    @property
    def tokens_per_second(self) -> float:
        return self._tokens / self._seconds

    def read(self, chunk: list[int]) -> Floats:
        """Return logits ``[tokens, vocabulary]``."""
        self._context.clear()
        n, start = len(chunk), time.perf_counter()
        logits = self._context.decode(chunk, range(n), [0] * n, [True] * n)
        self._seconds += time.perf_counter() - start
        self._tokens += n
        return logits.astype(np.float64)

    def close(self) -> None:
        self._context.close()


def _compare(one: Floats, other: Floats, chunk: list[int], at: int) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Return log likelihoods under both, divergences, and whether the likeliest tokens agree; from token ``at`` on."""
    rows = slice(at - 1, len(chunk) - 1)
    nexts = np.asarray(chunk)[at:]
    first, second = (_log_softmax(logits[rows]) for logits in (one, other))
    row = np.arange(len(nexts))
    divergence = (np.exp(first) * (first - second)).sum(axis=1)
    return first[row, nexts], second[row, nexts], divergence, first.argmax(axis=1) == second.argmax(axis=1)


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def reward_loss(reference: Path, quantized: Path, tokenizer: Path, solutions: Path) -> RewardLoss:
    """Compare two ONNX reward models step by step.

    Args:
        reference: What the other stands for, in float32.
        quantized: The other.
        tokenizer: The GGUF with the tokenizer of both.
        solutions: JSON Lines of ``{"problem", "solution"}``, a step a line.

    Raises:
        UsageError: The solutions cannot be read, or hold too few steps to be ranked.
        ModelError: A file cannot be run.
    """
    from edge_solver.engines.llama import LlamaModel
    from edge_solver.engines.onnx import OnnxScorer

    worked = list(_solutions(solutions))
    with LlamaModel(tokenizer, vocab_only=True) as cutter:
        sides = [_scores(OnnxScorer(path, cutter), worked) for path in (reference, quantized)]
    (expected, before), (found, after) = sides
    if len(expected) < _LEAST_RANKED:
        raise UsageError(f"{solutions} has {len(expected)} steps that can be scored; give more")
    difference = np.abs(found - expected)
    return RewardLoss(
        len(expected),
        float(difference.mean()),
        float(difference.max()),
        rank_correlation(expected, found),
        quantized.stat().st_size,
        reference.stat().st_size,
        after,
        before,
    )


def rank_correlation(one: Floats, other: Floats) -> float:
    """Return Spearman's correlation; equal values share the mean of their ranks."""
    ranks = [np.unique(side, return_inverse=True, return_counts=True)[1:] for side in (one, other)]
    means = [(counts.cumsum() - (counts - 1) / 2)[inverse] for inverse, counts in ranks]
    return float(np.asarray(np.corrcoef(means))[0, 1])


def _scores(scorer: OnnxScorer, worked: list[tuple[str, list[str]]]) -> tuple[Floats, float]:
    """Return the reward of every step, and tokens per second."""
    ledger = Ledger(Budget(), time.monotonic, _NoMeter())
    rewards: list[float] = []
    start = time.perf_counter()
    for problem, (text, steps) in enumerate(worked):
        scorer.open(problem, text)
        parent = ROOT
        for node, step in enumerate(steps, start=1):
            (reward,) = scorer.score([ScoreRequest(problem, node, parent, step)], ledger)
            if reward is None:  # beyond the model's context
                break
            rewards.append(reward)
            parent = node
        scorer.retain(problem, ())
    return np.asarray(rewards), ledger.spent().tokens_prm / (time.perf_counter() - start)


def _solutions(path: Path) -> Iterator[tuple[str, list[str]]]:
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield row["problem"], [f"{step}\n" for step in row["solution"].splitlines() if step.strip()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} cannot be read as lines of problem and solution: {error!r}") from None


class _NoMeter:
    """Energy is not what is measured here."""

    def read(self, _activity: Activity) -> Reading:
        """Return no number."""
        return Reading(None, EnergyLabel.UNAVAILABLE, "")
