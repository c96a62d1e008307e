"""A cap that reckons with what branches share still holds, and still pays for an answer wherever it can.

Here the policy's own engine runs, on a model on paper: branches that write the same are evaluated once, and a model
that is sure of its first steps and of none after them has them part all at once.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_solver.answers import extract_answer
from edge_solver.core.budget import Budget
from edge_solver.core.formats import StepFormat
from edge_solver.core.ports import Profile
from edge_solver.core.solution import Solution
from edge_solver.core.strategies import STRATEGIES
from edge_solver.engines.drafter import LlamaDrafter
from tests.engines.paper_model import SHAPE, PaperContext, PaperModel
from tests.engines.test_outgrown import search_with

SURE, UNSURE = 30.0, 0.3
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


class PartingContext(PaperContext):
    """Sure of every token before a position, and of none after it."""

    parts_at = 0

    def _logits(self, sequence: int, position: int) -> NDArray[np.float64]:
        self._certainty = SURE if position < self.parts_at else UNSURE
        return super()._logits(sequence, position)


class PartingModel(PaperModel):
    """Makes caches of that kind."""

    def __init__(self, parts_at: int) -> None:
        super().__init__()
        self._parts_at = parts_at

    def context(self, cells: int, **_how: object) -> PaperContext:
        context = PartingContext(cells)
        context.parts_at = self._parts_at
        self.contexts.append(context)
        return context


def run(strategy: str, parts_at: int, *, seed: int, width: int, budget: Budget | None = None) -> Solution:
    profile = Profile("paper", "0", SHAPE, 400, step_tokens=6, solution_steps=3)
    drafter = LlamaDrafter(
        cast("Any", PartingModel(parts_at)), StepFormat("", ""), extract_answer, profile, width=width, cells=8192
    )
    search = search_with(drafter, strategy, width=width, seed=seed, budget=budget)
    for _ in search:
        pass
    assert drafter.cells_used == 0
    return search.solution()


@every_strategy
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    parts_at=st.sampled_from([0, 8, 15, 25, 40, 400]),
    share=st.sampled_from([1.0, 1.3, 2.0, 3.0, 5.0, 8.0, 20.0]),
)
def test_a_cap_holds_and_pays_for_an_answer_whenever_branches_part(
    strategy: str, seed: int, parts_at: int, share: float
) -> None:
    one = run(strategy, parts_at, seed=seed, width=1)
    assume(one.answer is not None)
    limit = int(one.spent.flops * share)
    solution = run(strategy, parts_at, seed=seed, width=40, budget=Budget(flops=limit))
    assert solution.spent.flops <= limit
    assert solution.answer is not None
