"""What the strategies plan, on trees built by hand and at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.cost import Shape
from edge_solver.core.forecast import Forecast
from edge_solver.core.ports import Profile
from edge_solver.core.strategies import STRATEGIES, Expansion, Plan, SearchSettings
from edge_solver.core.strategies.dvts import in_turn, subtrees
from edge_solver.core.strategies.layer import evenly
from edge_solver.core.strategies.mcts import first_steps, select, statistics
from edge_solver.core.tree import ROOT, Finish, Node, Tree
from edge_solver.energy.scripted import ScriptedMeter
from edge_solver.engines.scripted import ScriptedClock

POLICY = Profile("policy", "", Shape(2, 8, 1000, 100, 1100), context=4096, step_tokens=10, solution_steps=4)


def grow(tree: Tree, parent: int, *rewards: float | None, finish: Finish = Finish.STEP, text: str = "") -> list[int]:
    """Add one child per reward, each saying something else unless ``text`` is given; return their ids."""
    ids = []
    for reward in rewards:
        node, above = tree.next_id, tree[parent]
        said = text or f"step {node}"
        answer = "1" if finish is Finish.ANSWER else None
        tree.add(Node(node, parent, above.depth + 1, said, 10, above.end + 10, finish, answer, reward))
        ids.append(node)
    return ids


def planned(
    strategy: str, tree: Tree, *, width: int, beam_width: int = 4, budget: Budget | None = None, rounding: str = "exact"
) -> Plan:
    forecast = Forecast(tree, Ledger(budget or Budget(), ScriptedClock(), ScriptedMeter()), POLICY, None, 400)
    settings = SearchSettings(width=width, beam_width=beam_width, rounding=rounding)
    return STRATEGIES[strategy].plan(tree, forecast, settings)


def widths(plan: Plan) -> dict[int, int]:
    return {expansion.node: expansion.width for expansion in plan.expand}


def test_beam_keeps_the_best_and_continues_each_as_wide_as_the_beam() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.1, 0.9, 0.5, 0.8, 0.3, 0.2, 0.7, 0.6)
    plan = planned("beam", tree, width=8)
    assert plan.expand == (Expansion(2, 4), Expansion(4, 4))
    assert plan.prune == (1, 3, 5, 6, 7, 8)


def test_equal_siblings_share_one_place_in_the_beam() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.9, 0.9, 0.9, text="the same")
    grow(tree, ROOT, 0.4, 0.5)
    plan = planned("beam", tree, width=5, beam_width=2)
    assert widths(plan) == {1: 2, 5: 2, 4: 1}
    assert plan.prune == (2, 3)


def test_a_beam_of_equal_siblings_is_continued_wider_and_never_copied() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, *[0.9] * 8, text="the same")
    assert planned("beam", tree, width=8).expand == (Expansion(1, 8),)


def test_a_finished_solution_keeps_its_place_in_the_beam() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.9, 0.8, finish=Finish.ANSWER)
    grow(tree, ROOT, *[0.5] * 6)
    assert widths(planned("beam", tree, width=8)) == {3: 3, 4: 3}


def test_every_tree_of_dvts_goes_on_with_its_best_step() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.9, 0.8, 0.1, 0.2)  # two trees, the second far behind
    plan = planned("dvts", tree, width=4, beam_width=2)
    assert plan.expand == (Expansion(1, 2), Expansion(4, 2))
    assert plan.prune == (2, 3)


def test_a_finished_solution_keeps_its_place_in_its_tree() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, *[0.5] * 8)
    tree.prune([2, 3, 4, 6, 7, 8])
    grow(tree, 1, 0.9, 0.9, 0.9, finish=Finish.ANSWER)
    grow(tree, 1, 0.1)
    grow(tree, 5, 0.2, 0.3, 0.4, 0.1)
    plan = planned("dvts", tree, width=8)
    assert widths(plan) == {15: 4, 12: 1}
    assert sorted(plan.prune) == [13, 14, 16]


def test_first_steps_that_are_made_up_later_begin_trees_of_their_own() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.5, 0.5, 0.5)
    grow(tree, 2, 0.5)
    grow(tree, ROOT, 0.5)
    assert [[node.id for node in nodes] for nodes in subtrees(tree, 2)] == [[1, 2, 4], [3, 5]]


def test_tree_search_follows_the_values_worked_out_by_hand() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.9, 0.5)
    grow(tree, 1, 0.2, 0.1)
    visits, value = statistics(tree, SearchSettings())
    assert (visits[ROOT], visits[1], visits[2]) == (4, 3, 1)
    assert [value[1], value[2]] == pytest.approx([0.4, 0.5])
    # UCT: 0.4 + sqrt(ln 4 / 3) = 1.08 against 0.5 + sqrt(ln 4 / 1) = 1.68
    assert select(tree, SearchSettings()) == 2
    grow(tree, 2, 0.0, 0.0)
    # 0.4 + sqrt(ln 6 / 3) = 1.17 against 0.5 / 3 + 0.77 = 0.94; below it 0.2 + sqrt(ln 3) leads
    assert select(tree, SearchSettings()) == 3
    assert widths(planned("mcts", tree, width=8)) == {3: 2}


def test_tree_search_passes_by_what_cannot_be_continued() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.1)
    grow(tree, ROOT, 0.9, finish=Finish.ANSWER)
    grow(tree, ROOT, 0.8, finish=Finish.LENGTH)
    grow(tree, ROOT, 0.7)
    tree.prune([4])
    assert select(tree, SearchSettings()) == 1


@pytest.mark.parametrize(("width", "first"), [(1, 1), (3, 3), (4, 4), (16, 4), (32, 4), (64, 8), (128, 16), (1024, 16)])
def test_tree_search_begins_as_wide_as_the_papers(width: int, first: int) -> None:
    assert first_steps(width) == first
    assert widths(planned("mcts", Tree("problem", 5), width=width)) == {ROOT: first}


def test_tree_search_ends_with_its_width_whatever_is_open() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.5, 0.5)
    grow(tree, ROOT, 0.5, 0.5, finish=Finish.ANSWER)
    assert planned("mcts", tree, width=2) == Plan()


def test_tree_search_finishes_the_best_once_it_has_explored() -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.5, 0.6)
    for _ in range(16):
        grow(tree, tree.next_id - 1, 0.1, 0.5)
    plan = planned("mcts", tree, width=2)
    assert [expansion.width for expansion in plan.expand] == [1, 1]
    assert len(plan.prune) == len(tree.frontier()) - 2


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        ("exact", {1: 4, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}),  # 4.08, 1.50 and eight times 0.55
        ("released", {1: 5, 2: 2, 3: 1, 4: 1, 5: 1}),  # ceil(4.08), ceil(5 * 0.368 / 1.451), then the rest
    ],
)
def test_rebase_rounds_as_it_is_told(rounding: str, expected: dict[int, int]) -> None:
    tree = Tree("problem", 5)
    grow(tree, ROOT, 0.9, 0.8, *[0.7] * 8)
    assert widths(planned("rebase", tree, width=10, rounding=rounding)) == expected


@given(width=st.integers(0, 200), shares=st.integers(1, 40))
def test_an_even_share_is_whole_and_sums_to_the_width(width: int, shares: int) -> None:
    result = evenly(width, shares)
    assert sum(result) == width
    assert max(result) - min(result) <= 1
    assert result == sorted(result, reverse=True)


@given(places=st.lists(st.integers(0, 9), min_size=1, max_size=12), width=st.integers(0, 120))
def test_a_share_in_turn_fills_no_tree_beyond_its_places(places: list[int], width: int) -> None:
    result = in_turn(places, width)
    assert sum(result) == min(width, sum(places))
    assert all(0 <= share <= most for share, most in zip(result, places, strict=True))


@st.composite
def layered(draw: st.DrawFn) -> Tree:
    """Draw a tree grown layer by layer, as a search leaves it between two rounds."""
    tree = Tree("problem", 5)
    parents = [ROOT]
    for _ in range(draw(st.integers(0, 4))):
        for parent in parents:
            for _ in range(draw(st.integers(1, 4))):
                finish = draw(st.sampled_from([Finish.STEP, Finish.STEP, Finish.ANSWER, Finish.LENGTH]))
                text = draw(st.sampled_from(["", "", "the same"]))
                grow(tree, parent, draw(st.none() | st.floats(0, 1)), finish=finish, text=text)
        candidates = [node.id for node in tree.frontier()]
        parents = [node for node in candidates if draw(st.booleans())]
        tree.prune([node for node in candidates if node not in parents])
        if not parents:
            break
    return tree


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(tree=layered(), width=st.integers(1, 32), beam_width=st.integers(1, 8), tokens=st.none() | st.integers(1, 2000))
def test_a_plan_is_pure_grows_what_is_open_and_stays_within_the_width(
    strategy: str, tree: Tree, width: int, beam_width: int, tokens: int | None
) -> None:
    budget = Budget(tokens=tokens)
    plan = planned(strategy, tree, width=width, beam_width=beam_width, budget=budget)
    assert plan == planned(strategy, tree, width=width, beam_width=beam_width, budget=budget)
    open_ids = {node.id for node in tree.frontier()}
    grown = [expansion.node for expansion in plan.expand]
    assert set(grown) <= open_ids | {ROOT}
    assert len(set(grown)) == len(grown)
    assert set(plan.prune) <= open_ids - set(grown)
    assert all(expansion.width >= 1 for expansion in plan.expand)
    missing = width - len(tree.answers())
    assert sum(expansion.width for expansion in plan.expand) <= max(1, missing, len(open_ids))
