"""Greedy decoding: one solution, the likeliest token every time. The baseline that every search has to beat."""

from __future__ import annotations

from edge_solver.core.strategies.base import Strategy
from edge_solver.core.strategies.sampling import plan

GREEDY = Strategy(
    "greedy", "one solution at temperature 0", plan, vote="majority", scored=False, width=1, temperature=0.0
)
