"""A step's place depends on its way from the root and on nothing else."""

from edge_solver.core.places import Places, below
from edge_solver.core.tree import ROOT


def test_the_places_of_a_narrow_tree_are_among_those_of_a_wide_one() -> None:
    narrow, wide = Places(), Places()
    first = [narrow.take(node, ROOT) for node in (1, 2)]
    assert [wide.take(node, ROOT) for node in range(1, 9)][:2] == first
    assert narrow.take(3, 2) == wide.take(9, 2)


def test_siblings_cousins_and_later_children_have_places_of_their_own() -> None:
    places = Places()
    taken = [places.take(node, parent) for node, parent in enumerate([0, 0, 0, 1, 1, 2, 4, 1, 0], start=1)]
    assert len(set(taken)) == len(taken)
    assert all(0 <= place < 2**64 for place in taken)


def test_places_are_the_same_on_every_machine() -> None:
    assert below(0, 1) == 16294208416658607535  # splitmix64 seeded with 0, its first output
