"""A tree that outgrows its cache: the same tree, at the price of what is evaluated again; and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.answers import extract_answer
from edge_solver.assembly import Assembly
from edge_solver.config import resolve
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.cost import Shape
from edge_solver.core.events import Event, Pulsed
from edge_solver.core.formats import StepFormat
from edge_solver.core.ports import Profile
from edge_solver.core.solution import Solution
from edge_solver.core.strategies import STRATEGIES, SearchSettings
from edge_solver.core.tree import Finish, Tree
from edge_solver.energy import EstimatedMeter
from edge_solver.engines.calls import Call
from edge_solver.engines.drafter import LlamaDrafter
from edge_solver.engines.housing import MIN_ROOM, SLACK
from edge_solver.engines.scripted import ScriptedGrader, ScriptedScorer
from edge_solver.solver import Engines, Search
from tests.engines.paper_model import SHAPE, PaperModel

LONG = "Read these solved examples, then solve the problem that follows them.\n"
"""Enough tokens to be kept from one problem to the next."""
TINY = Shape(n_layers=1, d_attn=1, params_matmul=1, params_head=0, params_total=1)
"""Of a reward model that costs next to nothing, so that it is the policy that caps stop."""
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def a_drafter(
    cells: int, *, prefix: str = "", problems: int = 1, certainty: float = 1.0
) -> tuple[LlamaDrafter, PaperModel]:
    model = PaperModel(certainty=certainty)
    profile = Profile("paper", "0", SHAPE, 400, step_tokens=6, solution_steps=3)
    step_format = StepFormat(prefix, "")
    drafter = LlamaDrafter(
        cast("Any", model), step_format, extract_answer, profile, width=16, cells=cells, problems=problems
    )
    return drafter, model


def search_with(
    drafter: LlamaDrafter,
    strategy: str,
    *,
    width: int = 12,
    seed: int = 0,
    budget: Budget | None = None,
    text: str = "Q",
    key: int = 0,
) -> Search:
    engines = Engines(drafter, ScriptedScorer(shape=TINY), ScriptedGrader())
    chosen = SearchSettings(width=width, temperature=1.0, max_step_tokens=40, max_solution_tokens=90)
    ledger = Ledger(budget or Budget(), time.monotonic, EstimatedMeter())
    return Search(text, engines, ledger, STRATEGIES[strategy], chosen, seed=seed, key=key)


def run(
    cells: int,
    strategy: str,
    *,
    prefix: str = "",
    certainty: float = 1.0,
    **choices: Any,  # noqa: ANN401 - those of search_with
) -> tuple[Tree, Solution, PaperModel]:
    drafter, model = a_drafter(cells, prefix=prefix, certainty=certainty)
    search = search_with(drafter, strategy, **choices)
    for _ in search:
        pass
    assert drafter.cells_used == 0
    return search.tree, search.solution(), model


def steps(tree: Tree) -> list[tuple[object, ...]]:
    return [(step.id, step.parent, step.text, step.n_tokens, step.finish, step.reward) for step in tree]


@every_strategy
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), width=st.integers(1, 40))
def test_a_small_cache_grows_the_tree_that_a_large_one_does(strategy: str, seed: int, width: int) -> None:
    large, whole, _ = run(8192, strategy, seed=seed, width=width)
    small, solution, model = run(256, strategy, seed=seed, width=width)
    assert steps(small) == steps(large)
    assert solution.answer == whole.answer
    assert whole.spent.tokens_again == 0
    (context,) = model.contexts
    assert solution.spent.tokens_evaluated == context.evaluated
    assert solution.spent.tokens_evaluated - solution.spent.tokens_again == whole.spent.tokens_evaluated


def test_a_wide_tree_does_outgrow_a_small_cache_and_says_so() -> None:
    tree, solution, model = run(256, "rebase", width=40)
    assert sum(step.n_tokens for step in tree) > 2 * model.contexts[0].cells
    assert solution.spent.tokens_again > 0
    assert Finish.LENGTH not in {step.finish for step in tree if step.n_tokens < 40 and step.end < 91}


@every_strategy
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), tokens=st.integers(1, 1500), flops=st.integers(10**5, 3 * 10**7))
def test_caps_are_kept_while_branches_make_room(strategy: str, seed: int, tokens: int, flops: int) -> None:
    _, solution, model = run(256, strategy, seed=seed, width=40, budget=Budget(tokens=tokens, flops=flops))
    assert solution.spent.tokens_generated <= tokens
    assert solution.spent.flops <= flops
    assert solution.spent.tokens_evaluated == sum(context.evaluated for context in model.contexts)


@every_strategy
def test_nothing_is_evaluated_twice_in_a_cache_that_holds_the_tree(strategy: str) -> None:
    tree, solution, model = run(8192, strategy, width=30)
    unique = sum(step.n_tokens for step in tree)
    assert model.contexts[0].evaluated == solution.spent.tokens_evaluated <= 1.02 * unique
    assert solution.spent.tokens_again == 0


@every_strategy
def test_nothing_is_evaluated_twice_by_the_built_in_policy(strategy: str) -> None:
    with Assembly(resolve({"strategy": strategy, "width": 16}, environ={})) as assembly:
        search = assembly.search("What is 12 + 30?")
        for _ in search:
            pass
    assert search.solution().spent.tokens_evaluated <= 1.02 * sum(step.n_tokens for step in search.tree)


def test_the_built_in_policy_solves_a_problem_whose_tree_outgrows_its_cache() -> None:
    solutions = []
    wide = {"strategy": "majority", "width": 60, "temperature": 1.4}
    for cells in (4096, 256):
        with Assembly(resolve({**wide, "n_ctx": cells}, environ={})) as assembly:
            search = assembly.search("What is 37 * 24?")
            for _ in search:
                pass
        solutions.append(search.solution())
        assert Finish.LENGTH not in {step.finish for step in search.tree}
    large, small = solutions
    assert (small.answer, small.tree.leaves) == (large.answer, large.tree.leaves)
    assert large.spent.tokens_again == 0
    assert small.spent.tokens_again > 0


def test_a_branch_that_does_not_fit_even_alone_is_closed() -> None:
    drafter, _ = a_drafter(256)
    search = search_with(drafter, "majority", width=30, text="Q" * (256 - SLACK - MIN_ROOM))
    for _ in search:
        pass
    finishes = {step.finish for step in search.tree.steps}
    assert Finish.LENGTH in finishes
    assert any(step.finish is Finish.ANSWER for step in search.tree)


def test_a_prompt_that_was_seen_before_is_not_evaluated_again() -> None:
    drafter, model = a_drafter(2048)
    bills, trees = [], []
    for text in ("What is it?", "What is it?", "And this?", "What is it?"):
        search = search_with(drafter, "rebase", text=text)
        for _ in search:
            pass
        bills.append(search.solution().spent)
        trees.append(steps(search.tree))
    assert trees[0] == trees[1] == trees[3]
    prompt = trees[0][0][3]
    assert bills[0].tokens_evaluated - bills[1].tokens_evaluated == prompt
    assert bills[1].flops_prompt == 0
    assert bills[3].tokens_evaluated == bills[0].tokens_evaluated  # only the latest is kept
    assert len(model.contexts) == 1


def test_what_all_prompts_begin_with_is_evaluated_once() -> None:
    drafter, model = a_drafter(2048, prefix=LONG)
    bills = []
    for text in ("What is it?", "And this?", "And now?"):
        search = search_with(drafter, "rebase", text=text)
        for _ in search:
            pass
        bills.append(search.solution().spent)
        assert bills[-1].tokens_evaluated - sum(step.n_tokens for step in search.tree.steps) < len(LONG) + len(text)
    assert bills[0].flops_prompt > 2 * bills[1].flops_prompt > 0
    assert sum(bill.tokens_evaluated for bill in bills) == model.contexts[0].evaluated


def test_problems_at_the_same_time_grow_their_trees_in_small_shares_of_one_cache() -> None:
    texts = ("What is it?", "And this?", "And now?")
    alone = [steps(run(8192, "rebase", width=40, text=text, prefix=LONG)[0]) for text in texts]
    drafter, model = a_drafter(256, prefix=LONG, problems=3)
    searches = [search_with(drafter, "rebase", width=40, text=text, key=key) for key, text in enumerate(texts)]
    streams: list[Iterator[Event]] = [iter(search) for search in searches]
    while streams:
        for stream in tuple(streams):
            if next((event for event in stream if isinstance(event, Pulsed)), None) is None:
                streams.remove(stream)
    assert [steps(search.tree) for search in searches] == alone
    bills = [search.solution().spent for search in searches]
    assert all(bill.tokens_again > 0 for bill in bills)
    assert sum(bill.tokens_evaluated for bill in bills) == sum(context.evaluated for context in model.contexts)
    prompts = [bill.tokens_evaluated - bill.tokens_again for bill in bills]
    written = [sum(step.n_tokens for step in search.tree.steps) for search in searches]
    assert sum(prompts) - sum(written) < len(LONG) + sum(map(len, texts))


def test_a_cancelled_search_frees_everything_within_one_call() -> None:
    with Assembly(resolve({"strategy": "rebase", "width": 8}, environ={})) as assembly:
        drafter = assembly.engines.drafter
        assert isinstance(drafter, LlamaDrafter)
        calls: list[Call] = []
        drafter.listen(calls.append)
        search = assembly.search("What is 37 * 24?")
        made = None
        for _ in search:
            if made is None and len(calls) == 3:
                search.cancel()
                made = len(calls)
        assert made is not None
        assert len(calls) <= made + 1
        assert drafter.cells_used == 0
        assert search.solution().stopped_by == "cancelled"
