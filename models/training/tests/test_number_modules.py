"""Solvers that read the benchmark's questions on numbers, decimals, sequences, times and letters."""

from __future__ import annotations

import pytest

from training.labels import holds
from training.problems import clock, decimals, division, divisors, letters, primes, sequences
from training.problems.base import Problem

SOLVERS = {
    name: solver
    for module in (clock, decimals, division, divisors, letters, primes, sequences)
    for name, solver in module.SOLVERS.items()
}
QUESTIONS = (
    ("numbers__gcd", "Calculate the greatest common factor of 84 and 36.", "12"),
    ("numbers__gcd", "What is the highest common divisor of 17 and 5400?", "1"),
    ("numbers__gcd", "What is the greatest common divisor of 1001 and 21021?", "1001"),
    ("numbers__lcm", "Calculate the smallest common multiple of 60 and 84.", "420"),
    ("numbers__lcm", "What is the lowest common multiple of 7 and 700?", "700"),
    ("numbers__lcm", "Find the common denominator of -5/12 and 7/250.", "1500"),
    ("numbers__lcm", "What is the common denominator of 3 and -2/9?", "9"),
    ("numbers__div_remainder", "Calculate the remainder when 6021 is divided by 6.", "3"),
    ("numbers__div_remainder", "What is the remainder when 9999 is divided by 250?", "249"),
    ("arithmetic__div", "Divide -84 by 36.", "-7/3"),
    ("arithmetic__div", "What is -1204 divided by -4?", "301"),
    ("arithmetic__div", "0 divided by -4", "0"),
    ("arithmetic__div", "Calculate 25 divided by -1.", "-25"),
    ("numbers__is_prime", "Is 97 prime?", "True"),
    ("numbers__is_prime", "Is 1001 a composite number?", "True"),
    ("numbers__is_prime", "Is 2015 a prime number?", "False"),
    ("numbers__list_prime_factors", "List the prime factors of 360.", "2, 3, 5"),
    ("numbers__list_prime_factors", "What are the prime factors of 101?", "101"),
    ("algebra__sequence_next_term", "What is next in 4, 7, 10?", "13"),
    ("algebra__sequence_next_term", "What comes next: -100, -201, -304, -409?", "-516"),
    ("algebra__sequence_next_term", "What is the next term in 1, 8, 27, 64, 125?", "216"),
    ("arithmetic__add_or_sub", "What is -0.03 less than -3377?", "-3376.97"),
    ("arithmetic__add_or_sub", "What is the distance between -2 and 0.5?", "2.5"),
    ("arithmetic__add_or_sub", "Work out -5 + 0.3.", "-4.7"),
    ("arithmetic__add_or_sub", "Total of 0.75 and 1.25.", "2"),
    ("arithmetic__add_or_sub", "305-78", "227"),
    ("arithmetic__mul", "0.7*-150", "-105"),
    ("arithmetic__mul", "What is the product of -0.12 and -0.05?", "0.006"),
    ("arithmetic__mul", "Multiply 0 and -7.", "0"),
    ("measurement__time", "What is 90 minutes after 11:45 PM?", "1:15 AM"),
    ("measurement__time", "What is 61 minutes before 12:30 AM?", "11:29 PM"),
    ("measurement__time", "How many minutes are there between 11:50 PM and 12:05 AM?", "15"),
    (
        "probability__swr_p_sequence",
        "Calculate prob of sequence ab when two letters picked without replacement from {a: 2, b: 3, c: 1}.",
        "1/5",
    ),
    (
        "probability__swr_p_sequence",
        "Three letters picked without replacement from xyxxzyx. Give prob of sequence xyx.",
        "4/35",
    ),
    ("probability__swr_p_sequence", "Two letters picked without replacement from aab. Give prob of sequence bb.", "0"),
    (
        "probability__swr_p_sequence",
        "Two letters picked without replacement from {q: 4}. Give prob of sequence qq.",
        "1",
    ),
)


@pytest.mark.parametrize(("module", "text", "answer"), QUESTIONS, ids=[text for _, text, _ in QUESTIONS])
def test_a_question_is_read_and_solved_by_steps_that_hold(module: str, text: str, answer: str) -> None:
    """The answer is the known one, and every line that is plain arithmetic is true."""
    steps, given = Problem(text, module, SOLVERS[module](text)).canonical()
    assert given == answer
    assert steps
    assert all(holds(step) is not False for step in steps)


@pytest.mark.parametrize("module", SOLVERS)
def test_a_text_that_asks_something_else_is_refused(module: str) -> None:
    """A solver never guesses what a question means."""
    with pytest.raises(ValueError, match="asked"):
        SOLVERS[module]("How old is the captain?")


def test_a_division_shows_what_is_left_to_divide() -> None:
    """Zeros at the front of what is left are kept: they are digits of the dividend still to come."""
    steps, _ = Problem("", "", division.rest_of(6021, 6)).canonical()
    assert steps == (
        "6021: 6=6*1+0",
        "021: 0=6*0+0",
        "21: 2=6*0+2",
        "21=6*3+3",
        "6021=6*1003+3",
    )
