"""Whether a model fits into this machine: an estimate of the memory that a search takes, from shapes alone.

Everything here is estimated and says so; what was measured comes from a benchmark of the device.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_solver import memory
from edge_solver.catalog import shelf
from edge_solver.catalog.registry import Architecture, ModelEntry
from edge_solver.core import room

PROMPT = 512
"""Tokens before the first step where nobody knows: a few solved examples and a problem."""
_HALF, _SINGLE = 2, 4
"""Bytes of a number in the policy's cache (half precision) and in what is kept of the reward model."""
_CONVERTED_BITS = {"q4_0": 4.6, "q4_k_m": 4.9}
"""Of a weight, about, by what a recipe's name ends with; a reward model is taken to need a byte, its embedding does."""


@dataclass(frozen=True, slots=True)
class Need:
    """Memory that a search takes, in bytes, estimated."""

    weights: int
    cache: int
    """Keys and values of the policy, for the whole tree."""
    buffers: int
    """What one call computes in."""
    prm_weights: int = 0
    prm_cache: int = 0
    """Keys and values of the reward model, for the whole tree, and those that one call reads."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.buffers + self.prm_weights + self.prm_cache


@dataclass(frozen=True, slots=True)
class Fit:
    """What a search needs against what this machine has."""

    width: int
    context: int
    cells: int
    """Tokens of room in the cache."""
    need: Need
    available: int | None
    """Bytes that are free now."""
    total: int | None
    """Bytes that there are."""
    prm: str | None
    """The reward model counted in."""

    @property
    def fits(self) -> bool | None:
        """Whether it fits into what is free; ``None`` where the system does not say."""
        free = self.available if self.available is not None else self.total
        return None if free is None else self.need.total <= free


def fit(entry: ModelEntry, *, width: int, context: int | None = None, prm: ModelEntry | None = None) -> Fit | None:
    """Estimate what a search with a policy takes.

    Args:
        entry: The policy.
        width: Solutions side by side.
        context: Most tokens of a path; by default the model's.
        prm: The reward model beside it.

    Returns:
        The estimate, or ``None`` where the registry does not know the model's shape.
    """
    shape = entry.architecture
    if shape is None:
        return None
    positions = min(context or entry.context, entry.context)
    prompt = min(PROMPT, positions // 2)
    per_cell = shape.kv_values_per_token * _HALF
    cells = room.padded(room.cells(prompt, width, entry.step_tokens * entry.solution_steps, positions, per_cell))
    need = Need(
        weights=weights(entry, shape),
        cache=cells * per_cell,
        buffers=room.ROWS * (shape.vocabulary + shape.feed_forward + 4 * shape.width) * _SINGLE,
    )
    if prm is not None and prm.architecture is not None:
        kept = room.scoring_bytes(cells, prm.architecture.kv_values_per_token * _SINGLE)
        need = Need(need.weights, need.cache, need.buffers, weights(prm, prm.architecture), kept)
    return Fit(width, positions, cells, need, memory.available(), memory.total(), prm.name if prm else None)


def weights(entry: ModelEntry, shape: Architecture) -> int:
    """Return the bytes of the file that will be run: the real one, the hub's, or about those of the one to be made."""
    holding = shelf.runnable(entry)
    if holding is not None:
        return holding.path.stat().st_size
    if entry.repository is not None:
        return entry.bytes
    recipe = (entry.recipe or "").removesuffix(".toml")
    bits = next((bits for kind, bits in _CONVERTED_BITS.items() if recipe.endswith(f"-{kind}")), 8.0)
    return int(shape.parameters * bits / 8)
