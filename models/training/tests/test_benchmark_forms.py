"""Questions in the benchmark's forms, made up here, with answers worked by hand."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from training.corrupt import corrupted
from training.labels import first_wrong, holds
from training.problems import GENERATORS
from training.problems.base import Problem, Work
from training.problems.benchmark import SOLVERS, problem_of
from training.problems.outside import outside
from training.problems.roots import rational_roots
from training.problems.written import read

ASKED = [
    ("arithmetic__add_sub_multiple", "Calculate 4 - (7 - -2) - (3 - 8).", "0"),
    ("arithmetic__mixed", "What is the value of (9/6 - 2)/((-4)/8)?", "1"),
    ("arithmetic__mixed", "Evaluate 3/(-12) + 10/15.", "5/12"),
    ("arithmetic__mul_div_multiple", "What is (-14)/(-21)*9/(-4)?", "-3/2"),
    ("algebra__linear_1d", "Solve 7*q = 3*q - 52 for q.", "-13"),
    ("algebra__linear_1d", "Solve 0 = -413*h + 205 + 2273 for h.", "6"),
    ("algebra__linear_2d", "Solve 2*a - 3*b = 13, 0 = a + 4*b + 10 for a.", "2"),
    ("algebra__linear_1d_composed",
     "Let t(w) = w**2 - 5. Let c be t(-4). Suppose 2*d - 3 = 5. Solve d*v = -v + c - 1 for v.", "2"),
    ("numbers__gcd_composed",
     "Let y = 90 - 48. Suppose 3*m = 5*m - 56. What is the greatest common divisor of m and y?", "14"),
    ("numbers__div_remainder_composed",
     "Suppose -2*f + 3*k = 1, f + k = 17. Calculate the remainder when 100 is divided by f.", "0"),
    ("polynomials__evaluate", "Let r(n) = -2*n**3 + n - 40. Give r(-3).", "11"),
    ("polynomials__collect", "Collect the terms in 5*s**2 - 814 + 814 - 9*s**2 + s.", "-4*s**2 + s"),
    ("polynomials__expand", "Expand (3*z - z - 4)*(z + 1 - 6).", "2*z**2 - 14*z + 20"),
    ("polynomials__expand", "Expand (2*u - 1)**2 + 3*u.", "4*u**2 - u + 1"),
    ("calculus__differentiate", "Find the second derivative of 4*b**3*c - 7*b*c**2 + b wrt b.", "24*b*c"),
    ("calculus__differentiate", "What is the derivative of 9 - 31*x**5?", "-155*x**4"),
    ("algebra__polynomial_roots", "Factor 3*p**3 - 12*p.", "3*p*(p - 2)*(p + 2)"),
    ("algebra__polynomial_roots", "Solve 2*w**2/5 - w - 3/5 = 0 for w.", "-1/2, 3"),
    ("algebra__polynomial_roots", "Let -y**2 - 8*y - 16 = 0. What is y?", "-4"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "text", "answer"), ASKED)
def test_a_question_of_the_benchmark_is_solved(family: str, text: str, answer: str) -> None:
    steps, found = problem_of(text, family).canonical()
    assert found == answer
    assert not any(holds(step) is False for step in steps)


@pytest.mark.parametrize("family", sorted(SOLVERS))
def test_a_foreign_text_is_refused(family: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - every solver says it in its own words
        problem_of("Why is the sky blue on Mondays?", family)


def test_an_exponent_that_is_a_letter_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="unknown"):
        problem_of("Let q = 5 - 3. Let d(k) = k**q + 1. Let m be d(2). Solve 2*x = m + 1 for x.",
                   "algebra__linear_1d_composed")  # fmt: skip


@pytest.mark.parametrize("generator", [generator for generator, _ in GENERATORS], ids=lambda g: g.__name__)
def test_every_line_of_our_own_problems_holds(generator: object) -> None:
    assert callable(generator)
    rng = random.Random(5)
    for _ in range(150):
        problem = generator(rng)
        assert isinstance(problem, Problem)
        steps, answer = problem.canonical()
        assert answer
        false = [step for step in steps if holds(step) is False]
        assert not false, (problem.text, false)


def test_one_error_on_the_pad_is_found_where_it_was_made() -> None:
    rng = random.Random(3)
    problem = problem_of("Solve 5*x + 3*y = 1, 2*x - y = 7 for x.", "algebra__linear_2d")
    right = (*problem.canonical()[0], f"The answer is: {problem.canonical()[1]}")
    wrong = [corrupted(problem, rng) for _ in range(40)]
    assert all(w.first_wrong == first_wrong(right, w.lines) for w in wrong if w.lines != right)
    assert len({w.lines for w in wrong}) > 20


def test_a_line_with_label_and_commas_is_checked_chain_by_chain() -> None:
    assert holds("x: 3-5 = -2, -2+4 = 2")
    assert holds("x: 3-5 = -2, -2+4 = 3") is False
    assert holds("2*x = 8") is None


@pytest.mark.parametrize("text", ["3 +", "2 $ 3", "(4", "4)", ""])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expression|unexpected|closed"):
        read(text)


def test_roots_are_exact_with_multiplicity() -> None:
    assert rational_roots([-2, 5, -4, 1]) == [Fraction(1), Fraction(1), Fraction(2)]
    assert rational_roots([1, 0, 1]) == []


def test_texts_from_outside_are_not_understood_by_any_solver() -> None:
    rng = random.Random(2)
    texts = [outside(rng) for _ in range(100)]
    assert len(set(texts)) > 90
    for text in texts:
        for solver in SOLVERS.values():
            try:
                solver(text)(Work())
            except (ValueError, KeyError, ZeroDivisionError):
                continue
            pytest.fail(f"solved: {text!r}")


WRITTEN = (
    ("algebra__linear_2d", "Solve 5*x = 3*y - 1, 2*x - y + x = 7 for x.",
     ["5*x-3*y=-1", "y: -3", "5*x-3*y=-1", "x: 2+1=3", "3*x-y=7"]),
    ("calculus__differentiate", "Find the second derivative of 2*x**4*y - 9*x*y wrt x.",
     ["d2/dx2 2*x**4*y: x**4 -> 12*x**2: 24*x**2*y", "d2/dx2 -9*x*y: 0"]),
    ("polynomials__expand", "Expand (x + 2 - 5)*(-x).",
     ["x: 1, 1: 2, 1: -5", "1: 2-5=-(5-2)=-3", "(x-3)", "x*(-x)=-x**2", "-3*(-x)=3*x"]),
    ("algebra__polynomial_roots", "Factor -12*x**3 + 2*x**2 + 4*x.",
     ["-x*(12*x**2-2*x-4)", "-2*x*(6*x**2-x-2)", "6*(-2)=-12", "12: 1*12 -> 11, 2*6 -> 4, 3*4 -> 1",
      "6*x**2-4*x+3*x-2", "2*x*(3*x-2)+1*(3*x-2)", "(2*x+1)*(3*x-2)"]),
    ("measurement__time", "How many minutes are there between 10:50 PM and 12:20 AM?",
     ["10:50 PM=22:50", "12:20 AM=0:20", "0:20=24:20", "24:20=23:80", "80-50=30", "23-22=1", "1*60=60", "60+30=90"]),
)  # fmt: skip


@pytest.mark.parametrize(("family", "text", "lines"), WRITTEN, ids=[family for family, _, _ in WRITTEN])
def test_what_is_found_stands_in_a_line_before_it_is_used(family: str, text: str, lines: list[str]) -> None:
    steps, _ = problem_of(text, family).canonical()
    assert [line for line in steps if line in lines] == lines


def test_a_quadratic_of_large_numbers_is_split_without_a_list() -> None:
    steps, answer = problem_of("Factor x**2 - 14244*x + 50722884.", "algebra__polynomial_roots").canonical()
    assert (steps, answer) == (("(x-7122)*(x-7122)",), "(x - 7122)**2")
