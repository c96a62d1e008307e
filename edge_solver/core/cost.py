"""What a call costs in executed FLOPs, known before the call is made.

Every evaluated token is multiplied by the matmul weights once and attends to every position up to its own:
``2·P_matmul + 4·n_layers·d_attn·c`` at context length ``c``; the output head counts only where logits were asked for.
The paper's own figure, ``2·N·T`` (Wu et al. 2024, after Kaplan et al. 2020), stands beside it so that results compare.
All figures are exact integers: a cap in FLOPs holds to the last one.

Bytes are what a call reads from memory: the weights once, however many branches share the call, and what the cache
holds of each branch. They decide how long a decode call takes and much of its energy; no cap is kept in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a transformer that decide what a token costs."""

    n_layers: int
    d_attn: int
    """Query heads times head size."""
    params_matmul: int
    """Weights that every evaluated token is multiplied by: no embedding, no output head."""
    params_head: int
    """Weights of the output head."""
    params_total: int
    """All weights, N in the paper's formula."""
    kv_bytes_per_token: int = 0
    """Memory of one cell of the KV cache over all layers."""
    weight_bytes: int = 0
    """What a call reads of the weights, once for all branches in it; 0 where that is not known."""


def span_flops(shape: Shape, start: int, end: int, heads: int) -> int:
    """Return the FLOPs of evaluating the positions ``start <= p < end`` with ``heads`` rows of logits.

    A token at position ``p`` attends to ``p + 1`` positions, its own included.
    """
    tokens = end - start
    if tokens <= 0:
        return 0
    contexts = (start + 1 + end) * tokens // 2  # sum of p + 1; one of the two factors is always even
    return (
        2 * shape.params_matmul * tokens + 4 * shape.n_layers * shape.d_attn * contexts + 2 * shape.params_head * heads
    )


def row_flops(shape: Shape, ends: Sequence[int]) -> int:
    """Return the FLOPs of the last token of each path, with logits: ``span_flops`` from ``end - 1`` to ``end``."""
    return 2 * (shape.params_matmul + shape.params_head) * len(ends) + 4 * shape.n_layers * shape.d_attn * sum(ends)


def call_bytes(shape: Shape, ends: Iterable[int]) -> int:
    """Return the bytes that one call reads: the weights, and for every branch in it its cache up to its end.

    No branches, no call, no bytes.
    """
    reached = tuple(ends)
    return shape.weight_bytes + shape.kv_bytes_per_token * sum(reached) if reached else 0


def paper_flops(shape: Shape, tokens_generated: int) -> int:
    """Return the paper's figure for tokens that one policy generated, ``2·N_policy·T_generated``."""
    return 2 * shape.params_total * tokens_generated
