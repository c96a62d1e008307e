"""From leaves to one answer."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.vote import RULES, Ballot, Tally, vote

BALLOTS = [Ballot(1, "12", 0.2), Ballot(2, "7", 0.9), Ballot(3, "12", 0.3), Ballot(4, "12.0", 0.1)]
ballot_lists = st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), st.floats(0, 1)), max_size=30).map(
    lambda rows: [Ballot(node, answer, weight) for node, (answer, weight) in enumerate(rows, 1)]
)


def same_text(first: str, second: str) -> bool:
    return first == second


def same_number(first: str, second: str) -> bool:
    return float(first) == float(second)


def test_weighted_adds_rewards_up() -> None:
    tally = vote("weighted", BALLOTS, same_number)
    assert [(c.answer, c.votes) for c in tally.candidates] == [("7", 1), ("12", 3)]
    assert tally.confidence == pytest.approx(0.9 / 1.5)


def test_majority_counts_leaves() -> None:
    assert [(c.answer, c.weight) for c in vote("majority", BALLOTS, same_number).candidates] == [("12", 3), ("7", 1)]


def test_best_of_n_takes_the_best_leaf() -> None:
    winner = vote("best-of-n", BALLOTS, same_number).winner
    assert winner is not None
    assert (winner.answer, winner.weight, winner.best) == ("7", 0.9, 2)


def test_a_class_is_spelled_as_its_heaviest_leaf_spells_it() -> None:
    tally = vote("weighted", [Ballot(1, "12.0", 0.1), Ballot(2, "12", 0.8)], same_number)
    assert [(c.answer, c.best, c.votes) for c in tally.candidates] == [("12", 2, 2)]


def test_what_counts_as_equal_is_the_graders_business() -> None:
    assert len(vote("majority", BALLOTS, same_text).candidates) == 3


def test_a_tie_goes_to_more_votes_and_then_to_the_older_leaf() -> None:
    more = vote("weighted", [Ballot(1, "a", 0.5), Ballot(2, "b", 0.25), Ballot(3, "b", 0.25)], same_text)
    older = vote("weighted", [Ballot(1, "a", 0.5), Ballot(2, "b", 0.5)], same_text)
    assert [c.answer for c in more.candidates] == ["b", "a"]
    assert [c.answer for c in older.candidates] == ["a", "b"]


@pytest.mark.parametrize("rule", RULES)
def test_no_leaves_elect_nobody(rule: str) -> None:
    tally = vote(rule, [], same_text)
    assert tally == Tally(())
    assert tally.winner is None
    assert tally.confidence == 0


def test_leaves_of_no_weight_still_give_an_answer() -> None:
    tally = vote("weighted", [Ballot(1, "a", 0.0)], same_text)
    assert tally.winner is not None
    assert tally.confidence == 0


@pytest.mark.parametrize("rule", RULES)
@given(ballots=ballot_lists)
def test_every_leaf_votes_exactly_once(rule: str, ballots: list[Ballot]) -> None:
    tally = vote(rule, ballots, same_text)
    assert sum(candidate.votes for candidate in tally.candidates) == len(ballots)
    assert [c.weight for c in tally.candidates] == sorted((c.weight for c in tally.candidates), reverse=True)
    assert len({candidate.answer for candidate in tally.candidates}) == len(tally.candidates)
    assert 0 <= tally.confidence <= 1


@given(ballots=ballot_lists)
def test_weighted_loses_no_weight(ballots: list[Ballot]) -> None:
    total = math.fsum(candidate.weight for candidate in vote("weighted", ballots, same_text).candidates)
    assert total == pytest.approx(math.fsum(ballot.weight for ballot in ballots))
