"""Branches that write the same tokens: evaluated once, and every one of them as if it were alone."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.cost import row_flops, span_flops
from edge_solver.core.ports import Draft, DraftRequest, Pulse
from edge_solver.core.strategies import STRATEGIES
from edge_solver.core.tree import ROOT, Finish, Tree
from edge_solver.energy import EstimatedMeter
from edge_solver.engines.drafter import LlamaDrafter
from edge_solver.engines.sampling import sample, stream
from tests.engines.paper_model import SHAPE
from tests.engines.test_outgrown import a_drafter, run, steps

WORD = re.compile(r" w\d+|\n|The answer is: \d\n")
"""What a token of the model on paper looks like."""
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
certainties = st.sampled_from([0.5, 1.0, 2.0, 4.0, 8.0])


def a_ledger() -> Ledger:
    return Ledger(Budget(), time.monotonic, EstimatedMeter())


def paths(tree: Tree, *, apart: bool = False) -> set[tuple[object, ...]]:
    """Return every beginning of every path, as tokens; with ``apart``, steps after different nodes are no twins."""
    found: set[tuple[object, ...]] = set()
    for node in tree.steps:
        above: list[object] = [node.parent]
        if not apart:
            above = [token for step in tree.path(node.parent or ROOT)[1:] for token in WORD.findall(step.text)]
        tokens = WORD.findall(node.text)
        assert len(tokens) == node.n_tokens
        found |= {(*above, *tokens[: length + 1]) for length in range(len(tokens))}
    return found


def requests(
    parents: Sequence[int], first: int, *, temperature: float = 1.0, max_tokens: int = 40
) -> list[DraftRequest]:
    return [DraftRequest(0, first + i, parent, 0, temperature, max_tokens) for i, parent in enumerate(parents)]


def draft(drafter: LlamaDrafter, wanted: Sequence[DraftRequest], ledger: Ledger) -> dict[int, Draft]:
    return {item.node: item for item in drafter.draft(wanted, ledger) if isinstance(item, Draft)}


@every_strategy
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6), width=st.integers(1, 40), certainty=certainties)
def test_nothing_is_evaluated_twice(strategy: str, seed: int, width: int, certainty: float) -> None:
    tree, solution, model = run(8192, strategy, seed=seed, width=width, certainty=certainty)
    spent = solution.spent
    # Tree search asks for the children of one step at a time; of twins that are asked for later nothing is kept.
    distinct = paths(tree, apart=strategy == "mcts")
    assert spent.tokens_evaluated == model.contexts[0].evaluated <= len(distinct) + tree.root.n_tokens
    assert spent.tokens_generated == sum(step.n_tokens for step in tree.steps)
    assert spent.tokens_again == 0


@every_strategy
@settings(max_examples=3, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    certainty=certainties,
    tokens=st.integers(1, 1500),
    flops=st.integers(10**5, 10**7),
    cells=st.sampled_from([256, 512, 8192]),
)
def test_caps_are_kept_to_the_last_token(
    strategy: str, seed: int, certainty: float, tokens: int, flops: int, cells: int
) -> None:
    budget = Budget(tokens=tokens, flops=flops)
    tree, solution, model = run(cells, strategy, seed=seed, width=40, certainty=certainty, budget=budget)
    assert solution.spent.tokens_generated == sum(step.n_tokens for step in tree.steps) <= tokens
    assert solution.spent.flops <= flops
    assert solution.spent.tokens_evaluated == sum(context.evaluated for context in model.contexts)


@every_strategy
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6), certainty=certainties)
def test_a_small_cache_evaluates_the_same_tokens_and_some_of_them_again(
    strategy: str, seed: int, certainty: float
) -> None:
    large, whole, _ = run(8192, strategy, seed=seed, width=40, certainty=certainty)
    small, solution, _ = run(256, strategy, seed=seed, width=40, certainty=certainty)
    assert steps(small) == steps(large)
    assert solution.spent.tokens_evaluated - solution.spent.tokens_again == whole.spent.tokens_evaluated


@settings(max_examples=20, deadline=None)
@given(certainty=certainties, number=st.integers(2, 40), temperature=st.sampled_from([0.0, 0.7, 1.5]))
def test_a_branch_writes_among_its_twins_what_it_writes_alone(
    certainty: float, number: int, temperature: float
) -> None:
    together, _ = a_drafter(8192, certainty=certainty)
    together.open(0, "Q")
    wanted = requests([ROOT] * number, 1, temperature=temperature)
    drafts = draft(together, wanted, a_ledger())
    open_nodes = [node for node, each in sorted(drafts.items()) if each.finish is Finish.STEP]
    further = requests([node for node in open_nodes for _ in range(2)], number + 1, temperature=temperature)
    drafts |= draft(together, further, a_ledger())
    alone, _ = a_drafter(8192, certainty=certainty)
    alone.open(0, "Q")
    for request in (*wanted, *further):
        assert draft(alone, [request], a_ledger()) == {request.node: drafts[request.node]}


def test_twins_may_differ_in_temperature_and_in_the_length_they_are_allowed() -> None:
    choices = [(0.0, 40), (1.0, 40), (0.0, 2), (1.0, 1), (1.0, 3), (2.0, 40)]
    wanted = [DraftRequest(0, node, ROOT, 0, *choice) for node, choice in enumerate(choices * 4, 1)]
    together, alone = a_drafter(8192, certainty=4.0)[0], a_drafter(8192, certainty=4.0)[0]
    together.open(0, "Q")
    alone.open(0, "Q")
    drafts = draft(together, wanted, a_ledger())
    assert {request.node: draft(alone, [request], a_ledger())[request.node] for request in wanted} == drafts
    together.retain(0, ())
    assert together.cells_used == 0


def test_what_is_charged_is_one_row_for_all_that_write_the_same() -> None:
    drafter, model = a_drafter(8192)
    start, ledger = drafter.open(0, "A"), a_ledger()
    drafts = draft(drafter, requests([ROOT] * 5, 1, temperature=0.0), ledger)
    assert len({each.text for each in drafts.values()}) == 1
    length = drafts[1].n_tokens
    assert length > 2
    spent = ledger.spent()
    assert spent.flops == span_flops(SHAPE, 0, start, 1) + row_flops(SHAPE, range(start + 1, start + length))
    assert spent.tokens_evaluated == model.contexts[0].evaluated == start + length - 1
    assert spent.tokens_generated == 5 * length
    assert spent.flops_paper == 2 * SHAPE.params_total * 5 * length


@pytest.mark.parametrize("certainty", [0.0, 4.0])
def test_more_twins_than_sequences_part_and_wait_for_one(certainty: float) -> None:
    drafter, _ = a_drafter(8192, certainty=certainty)
    drafter.open(0, "Q")
    wanted = requests([ROOT] * 400, 1)
    drafts = draft(drafter, wanted, a_ledger())
    alone, _ = a_drafter(8192, certainty=certainty)
    alone.open(0, "Q")
    for request in wanted[::50]:
        assert draft(alone, [request], a_ledger())[request.node] == drafts[request.node]
    assert len(drafts) == 400
    drafter.retain(0, ())
    assert drafter.cells_used == 0


def test_a_step_stays_in_the_cache_as_long_as_one_of_its_twins_is_wanted() -> None:
    def continued(keep: list[int]) -> int:
        drafter, model = a_drafter(8192, certainty=0.5)
        drafter.open(0, "A")
        first = draft(drafter, requests([ROOT] * 3, 1, temperature=0.0), a_ledger())
        assert {each.finish for each in first.values()} == {Finish.STEP}
        drafter.retain(0, [ROOT, *keep])
        before = model.contexts[0].evaluated
        second = draft(drafter, requests([3, 2], 4, temperature=0.0), a_ledger())
        return model.contexts[0].evaluated - before - second[4].n_tokens + 1

    assert continued([2]) == 1  # the last token of the step
    assert continued([]) > 1


def test_a_listener_that_leaves_in_the_middle_frees_twins() -> None:
    drafter, _ = a_drafter(8192, certainty=4.0)
    start = drafter.open(0, "Q")
    calls = drafter.draft(requests([ROOT] * 30, 1), a_ledger())
    pulses = 0
    for item in calls:
        pulses += isinstance(item, Pulse)
        if pulses == 4:
            break
    calls.close()  # type: ignore[attr-defined]
    drafter.retain(0, [ROOT])
    assert drafter.cells_used == start


@pytest.mark.parametrize("vocabulary", [7, 5000])
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_draws_from_a_shared_row_are_those_from_rows_of_their_own(vocabulary: int, temperature: float) -> None:
    logits = stream(4, 4).normal(size=(6, vocabulary)).astype(np.float32)
    counts = [3, 1, 40, 2, 1, 17]
    uniforms = stream(5, 5).random(sum(counts))
    shared = sample(logits, temperature, uniforms, counts)
    rows = np.repeat(np.arange(6), counts)
    assert shared.tolist() == sample(logits[rows], temperature, uniforms).tolist()
