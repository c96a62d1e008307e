"""How well the simulated models do, what a call of theirs costs, and the clock that their calls move."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from edge_solver.core.budget import Cost
from edge_solver.core.cost import Shape

POLICY_SHAPE = Shape(n_layers=4, d_attn=64, params_matmul=200_000, params_head=20_000, params_total=240_000)
PRM_SHAPE = Shape(n_layers=2, d_attn=64, params_matmul=60_000, params_head=0, params_total=80_000)


@dataclass(frozen=True, slots=True)
class World:
    """How well the simulated models do."""

    skill: float = 0.75
    """Chance that an operation is carried out correctly."""
    detour: float = 0.25
    """Chance that a step only looks back, so that solutions differ in length."""
    ramble: float = 0.0
    """Chance, at every step, that a branch loses the thread for good and never answers."""
    noise: float = 0.15
    """Standard deviation of the rewards."""
    context: int = 2048

    @property
    def digest(self) -> str:
        """What tells models of this world from those of another."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


class CallClock(Protocol):
    """A clock that is told of every simulated call."""

    def __call__(self) -> float:
        """Return the seconds since the clock was made."""
        ...

    def tick(self, *costs: Cost) -> None:
        """Let a call go by."""
        ...


class ScriptedClock:
    """A clock that moves only when a simulated call is made."""

    def __init__(self, seconds_per_call: float = 0.01) -> None:
        """Stand at zero and advance by a fixed amount with every call."""
        self.seconds_per_call = seconds_per_call
        self.calls = 0

    def __call__(self) -> float:
        """Return the seconds since the clock was made."""
        return self.calls * self.seconds_per_call

    def tick(self, *_costs: Cost) -> None:
        """Count one call."""
        self.calls += 1
