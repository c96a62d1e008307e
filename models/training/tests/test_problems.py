"""Canonical solutions are true, corrupted ones are wrong from the step that is named, and labels agree."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest

from training.corrupt import clean, corrupted, first_difference
from training.labels import first_wrong, holds, outcome
from training.problems import GENERATORS, Generator, Work, draw, is_test
from training.problems.monomials import read_terms, written_powers
from training.problems.rationals import Ratio, total
from training.problems.written import read

ROUNDS = 200


@pytest.mark.parametrize("generator", [g for g, _ in GENERATORS], ids=lambda g: g.__name__)
def test_every_line_of_a_canonical_solution_that_is_plain_arithmetic_holds(generator: Generator) -> None:
    """Recompute every line with exact fractions."""
    rng = random.Random(1)
    for _ in range(ROUNDS):
        for line in clean(generator(rng)).lines:
            assert holds(line) is not False, line


@pytest.mark.parametrize("generator", [g for g, _ in GENERATORS], ids=lambda g: g.__name__)
def test_a_corrupted_solution_is_wrong_from_the_named_step_on(generator: Generator) -> None:
    """The labeller finds the step that the corruption names, unless the change left everything true."""
    rng = random.Random(2)
    for _ in range(ROUNDS):
        problem = generator(rng)
        right, wrong = clean(problem), corrupted(problem, rng)
        assert wrong.first_wrong == first_difference(right.lines, wrong.lines)
        assert first_wrong(right.lines, wrong.lines) in {wrong.first_wrong, None}


def test_a_canonical_solution_is_labelled_right_and_its_outcome_too() -> None:
    """Nothing is wrong in a clean solution."""
    rng = random.Random(3)
    for _ in range(ROUNDS):
        lines = clean(draw(rng, split="train")).lines
        assert first_wrong(lines, lines) is None
        assert outcome(lines, lines)


def test_another_true_order_with_the_right_answer_is_right() -> None:
    """A solution that differs but recomputes and ends right is right."""
    canonical = ("2*3 = 6", "6+4 = 10", "The answer is: 10")
    assert first_wrong(canonical, ("4+2*3 = 10", "The answer is: 10")) is None
    assert first_wrong(canonical, ("4+2*3 = 11", "The answer is: 10")) == 0
    assert first_wrong(canonical, ("2*3 = 6", "6+4 = 11", "The answer is: 11")) == 1


def test_train_and_test_draws_never_share_a_problem() -> None:
    """The side of a problem depends on its text only."""
    rng = random.Random(4)
    assert not any(is_test(draw(rng, split="train").text) for _ in range(ROUNDS))
    assert all(is_test(draw(rng, split="test").text) for _ in range(20))


def test_like_terms_are_gathered_from_a_list_with_the_power_before_its_number() -> None:
    """The list holds every term once, in the order of the problem; without like terms there is none."""
    rng, seen = random.Random(5), set()
    for _ in range(ROUNDS):
        problem = draw(rng, split="train", kind="collections")
        first, *_ = clean(problem).lines
        body = re.sub(r"^(Simplify|simplify|Collect the terms in|collect terms:) ", "", problem.text).rstrip(".")
        terms = read_terms(read(body))
        expected = ", ".join(f"{written_powers(powers) or '1'}: {top}" for (top, _), powers in terms)
        has_like_terms = len({powers for _, powers in terms}) < len(terms)
        assert (first == expected) == has_like_terms
        seen.add(has_like_terms)
    assert seen == {True, False}


def test_a_kind_can_be_asked_for() -> None:
    """Every name gives problems of its own generator."""
    assert {draw(random.Random(seed), split="train", kind="lcms").family for seed in range(9)} == {"lcm"}


@pytest.mark.parametrize(
    ("a", "b", "lines"),
    [
        ((2, 3), (5, 6), ["3*2=6", "2*2=4", "2/3+5/6=4/6+5/6=9/6", "9/6=3/2"]),
        ((-1, 6), (3, 4), ["6*2=12, 4*3=12", "1*2=2, 3*3=9", "-1/6+3/4=-2/12+9/12=7/12"]),
        ((3, 1), (5, 6), ["3*6=18", "3+5/6=18/6+5/6=23/6"]),
        ((1, 7), (5, 7), ["1/7+5/7=6/7"]),
    ],
)
def test_a_sum_of_fractions_shows_what_its_parts_are_multiplied_by(a: Ratio, b: Ratio, lines: list[str]) -> None:
    work = Work()
    top, bottom = total(work, a, b)
    assert Fraction(top, bottom) == Fraction(*a) + Fraction(*b)
    assert [step.replace(" = ", "=") for step in work.steps] == lines
