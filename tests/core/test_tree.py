"""The tree only ever grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.tree import ROOT, Finish, Node, Tree


def node(
    node_id: int,
    parent: int,
    depth: int = 1,
    finish: Finish = Finish.STEP,
    reward: float | None = None,
) -> Node:
    answer = "1" if finish is Finish.ANSWER else None
    return Node(node_id, parent, depth, f"step {node_id}", 5, 10 + 5 * depth, finish, answer, reward)


def grown() -> Tree:
    tree = Tree("problem", 10)
    tree.add(node(1, ROOT, reward=0.5))
    tree.add(node(2, ROOT))
    tree.add(node(5, 1, 2, Finish.ANSWER, 0.9))
    tree.add(node(6, 1, 2))
    tree.add(node(7, 2, 2, Finish.LENGTH))
    return tree


def test_a_new_tree_is_its_root() -> None:
    tree = Tree("problem", 10)
    assert (len(tree), tree.depth, tree.next_id, tree.root.end) == (1, 0, 1, 10)
    assert tree.frontier() == ()
    assert tree.steps == []


@pytest.mark.parametrize("wrong", [node(7, 1), node(3, 1), node(9, 8), node(0, 1)])
def test_a_node_that_is_old_or_has_no_parent_is_refused(wrong: Node) -> None:
    tree = grown()
    with pytest.raises(ValueError, match=str(wrong.id)):
        tree.add(wrong)
    assert len(tree) == 6


def test_ids_may_have_gaps() -> None:
    assert [step.id for step in grown().steps] == [1, 2, 5, 6, 7]
    assert grown().next_id == 8


def test_the_frontier_is_whole_childless_and_not_pruned() -> None:
    tree = grown()
    tree.add(node(8, ROOT))
    tree.add(node(9, ROOT, finish=Finish.BUDGET))
    assert [step.id for step in tree.frontier()] == [6, 8]
    tree.prune([6])
    assert [step.id for step in tree.frontier()] == [8]
    assert tree.is_pruned(6)
    assert len(tree) == 8


def test_a_path_runs_from_the_first_step_down() -> None:
    assert [step.id for step in grown().path(5)] == [1, 5]
    assert grown().path(ROOT) == ()


def test_rewards_skip_steps_that_were_not_scored() -> None:
    assert grown().rewards(5) == (0.5, 0.9)
    assert grown().rewards(7) == ()


def test_answers_are_the_leaves_that_complete_a_solution() -> None:
    assert [leaf.id for leaf in grown().answers()] == [5]
    assert grown().children(1) == (5, 6)
    assert grown().depth == 2


@given(st.lists(st.tuples(st.sampled_from(list(Finish)), st.integers(0, 99), st.integers(0, 99), st.booleans())))
def test_the_frontier_is_what_a_look_at_every_node_would_find(
    moves: list[tuple[Finish, int, int, bool]],
) -> None:
    tree = Tree("problem", 10)
    for finish, above, pruned, is_pruning in moves:
        parent = list(tree)[above % len(tree)]
        tree.add(node(tree.next_id, parent.id, parent.depth + 1, finish, reward=above / 100))
        if is_pruning:
            tree.prune([1 + pruned % (len(tree) - 1)])
        given_up = {step.id for step in tree.fragments()} ^ {s.id for s in tree if s.finish is Finish.BUDGET}
        assert tree.frontier() == tuple(
            step
            for step in tree.steps
            if step.finish is Finish.STEP
            and not tree.is_pruned(step.id)
            and given_up.issuperset(tree.children(step.id))
        )
        assert tree.answers() == tuple(step for step in tree.steps if step.finish is Finish.ANSWER)
        last = tree.steps[-1]
        assert tree.rewards(last.id) == tuple(step.reward for step in tree.path(last.id))
