"""When a search may end early: tables from the sources, and a rule that can change no answer."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_solver.core.stopping import STOPS, Standing, beta, decided, esc, leads, standing
from edge_solver.core.tree import ROOT, Finish, Node, Tree
from edge_solver.core.vote import RULES, Ballot, vote

every_stop = pytest.mark.parametrize("stop", STOPS)
every_rule = pytest.mark.parametrize("rule", RULES)
ballot_lists = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=12).map(
    lambda rows: [Ballot(node, answer, weight) for node, (answer, weight) in enumerate(rows, 1)]
)


def same(first: str, second: str) -> bool:
    return first == second


def independent(ballots: list[Ballot]) -> Tree:
    """Return a tree in which every ballot is a solution of one step."""
    tree = Tree("problem", 5)
    for ballot in ballots:
        tree.add(Node(ballot.node, ROOT, 1, ballot.answer, 1, 6, Finish.ANSWER, ballot.answer, ballot.weight))
    return tree


def stands(answers: str, *, to_come: int = 100, rule: str = "majority") -> Standing:
    ballots = [Ballot(node, answer, 0.5) for node, answer in enumerate(answers, 1)]
    return standing(independent(ballots), ballots, rule, same, to_come)


@pytest.mark.parametrize(("rival", "needed"), [(0, 4), (1, 6), (2, 8)])
def test_beta_needs_the_leads_of_its_table(rival: int, needed: int) -> None:
    assert leads(needed, rival) >= 0.95 > leads(needed - 1, rival)
    assert beta(stands("a" * needed + "b" * rival))
    assert not beta(stands("a" * (needed - 1) + "b" * rival))


@given(first=st.integers(0, 60), second=st.integers(0, 60))
def test_leads_is_a_probability_that_grows_with_the_lead(first: int, second: int) -> None:
    assert 0 < leads(first, second) < 1
    assert leads(first, second) + leads(second, first) == pytest.approx(1)
    assert leads(first + 1, second) > leads(first, second) > leads(first, second + 1)


@given(first=st.integers(0, 12), second=st.integers(0, 12))
def test_leads_is_the_integral_that_the_rule_is_defined_by(first: int, second: int) -> None:
    steps = 2000
    points = [0.5 + (i + 0.5) / (2 * steps) for i in range(steps)]
    area = math.fsum(x**first * (1 - x) ** second for x in points) / (2 * steps)
    whole = math.factorial(first) * math.factorial(second) / math.factorial(first + second + 1)
    assert leads(first, second) == pytest.approx(area / whole, rel=1e-4)


@pytest.mark.parametrize(
    ("answers", "fires"),
    [
        ("aaaa", False),
        ("aaaaa", True),
        ("aaaab", False),
        ("baaaaaa", False),
        ("baaaaaaaaa", True),
        ("abaaaaaaaa", True),
    ],
)
def test_esc_asks_for_a_whole_window_of_five(answers: str, fires: bool) -> None:  # noqa: FBT001
    assert esc(stands(answers)) == fires


def test_a_window_for_an_answer_that_does_not_lead_decides_nothing() -> None:
    assert not esc(stands("bbbbb" + "aabaa" + "aabaa" + "aa"))


def test_siblings_have_one_vote_together_by_their_own_leader() -> None:
    tree = Tree("problem", 5)
    tree.add(Node(1, ROOT, 1, "one", 1, 6, Finish.STEP))
    tree.add(Node(2, ROOT, 1, "two", 1, 6, Finish.STEP))
    ballots = [Ballot(node, answer, 0.5) for node, answer in enumerate("aaaba", 3)]
    for ballot in ballots:
        parent = 2 if ballot.node == 7 else 1
        tree.add(Node(ballot.node, parent, 2, "", 1, 7, Finish.ANSWER, ballot.answer, 0.5))
    now = standing(tree, ballots, "majority", same, 100)
    assert now.branches == (0, 0)
    assert [(c.answer, c.votes) for c in now.tally.candidates] == [("a", 4), ("b", 1)]
    assert not beta(now)


@every_stop
def test_without_an_answer_no_rule_stops(stop: str) -> None:
    assert not STOPS[stop](stands("", to_come=0))


@given(ballots=ballot_lists, to_come=st.integers(0, 20))
def test_without_a_rule_nothing_stops(ballots: list[Ballot], to_come: int) -> None:
    assert not STOPS["none"](standing(independent(ballots), ballots, "weighted", same, to_come))


@every_rule
@given(ballots=ballot_lists, late=ballot_lists)
def test_a_decided_vote_cannot_be_changed(rule: str, ballots: list[Ballot], late: list[Ballot]) -> None:
    now = standing(independent(ballots), ballots, rule, same, len(late))
    if decided(now):
        later = [Ballot(ballot.node + 100, ballot.answer, ballot.weight) for ballot in late]
        final = vote(rule, [*ballots, *later], same).winner
        assert final is not None
        assert now.tally.winner is not None
        assert final.answer == now.tally.winner.answer


@pytest.mark.parametrize(
    ("answers", "to_come", "expected"), [("aaab", 1, True), ("aaab", 2, False), ("aab", 0, True), ("aa", 2, False)]
)
def test_decided_asks_for_more_than_the_rest_could_bring(answers: str, to_come: int, expected: bool) -> None:  # noqa: FBT001
    assert decided(stands(answers, to_come=to_come)) == expected


def test_the_best_leaf_is_not_decided_before_the_last() -> None:
    assert not decided(stands("aaaa", to_come=1, rule="best-of-n"))
    assert decided(stands("aaaa", to_come=0, rule="best-of-n"))


@every_rule
@pytest.mark.parametrize("stop", ["beta", "esc"])
@given(ballots=ballot_lists, to_come=st.integers(0, 4))
def test_the_bets_stop_wherever_the_vote_is_decided(stop: str, rule: str, ballots: list[Ballot], to_come: int) -> None:
    now = standing(independent(ballots), ballots, rule, same, to_come)
    assert STOPS[stop](now) or not decided(now)


@every_rule
@given(ballots=ballot_lists)
def test_every_first_step_has_exactly_one_vote(rule: str, ballots: list[Ballot]) -> None:
    now = standing(independent(ballots), ballots, rule, same, 3)
    assert len(now.branches) == len(ballots)
    for place, candidate in enumerate(now.tally.candidates):
        assert now.branches.count(place) == candidate.votes


def test_answers_whose_equality_is_not_transitive_break_nothing() -> None:
    def near(first: str, second: str) -> bool:
        return abs(int(first) - int(second)) <= 1

    ballots = [Ballot(1, "1", 0.1), Ballot(2, "2", 0.9), Ballot(3, "0", 0.95), Ballot(4, "3", 0.2)]
    now = standing(independent(ballots), ballots, "weighted", near, 5)
    assert len(now.branches) == 4
    assert max(now.branches) <= len(now.tally.candidates)
