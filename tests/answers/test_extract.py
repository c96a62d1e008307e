from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_solver.answers import compile_pattern, extract_answer
from edge_solver.answers.extract import MAX_ANSWER_CHARS
from edge_solver.errors import UsageError


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("So $x = \\boxed{12}$.", "12"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("first \\boxed{1}, no, it is \\boxed{2}.", "2"),
        ("nested \\boxed{\\boxed{7}}", "7"),
        ("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"),
        ("\\boxed{3", None),
        ("\\boxed{5} and then \\boxed{6", "5"),
        ("\\boxed{}", None),
        ("The answer is: 42", "42"),
        ("The answer is 42.", "42"),
        ("The answer is: 3.5. I hope it is correct.", "3.5"),
        ("the answer is **73**.", "73"),
        ("The answer is $\\frac{3}{4}$.", "\\frac{3}{4}"),
        ("Final Answer: The final answer is $5$. I hope it is correct.", "5"),
        ("Answer: \\(x+1\\)", "x+1"),
        ("... = 72 eggs\n#### 72", "72"),
        ("#### 10,080", "10,080"),
        ("The answer is 4.\nWait.\nThe answer is 5.", "5"),
        ("The answer is: $\\boxed{9}$", "9"),
        ("The answer is 9x^2 - 2", "9x^2 - 2"),
        ("We add 3 and 4.", None),
        ("", None),
    ],
)
def test_the_last_announced_answer_is_read(text: str, answer: str | None) -> None:
    assert extract_answer(text) == answer


def test_boxes_joined_by_and_or_commas_are_one_list() -> None:
    assert extract_answer("$\\boxed{1}$ and $\\boxed{-2}$") == "1, -2"
    assert extract_answer("\\boxed{1} but not \\boxed{-2}") == "-2"


def test_a_pattern_of_the_model_is_read_like_the_usual_announcements() -> None:
    assert extract_answer("Result => 17 <end>", [r"=> (.+?) <end>"]) == "17"
    assert extract_answer("Result => 17 <end> \\boxed{18}", [r"=> (.+?) <end>"]) == "18"


@pytest.mark.parametrize("pattern", ["(", "no group", "(two) (groups)"])
def test_a_pattern_that_cannot_work_is_an_error_that_names_it(pattern: str) -> None:
    with pytest.raises(UsageError, match="answer pattern"):
        compile_pattern(pattern)


def test_prose_that_runs_on_is_no_answer() -> None:
    assert extract_answer("The answer is " + "word " * MAX_ANSWER_CHARS) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "\\boxed{" * 50_000,
        "{" * 100_000 + "}" * 100_000,
        "The answer is " * 50_000,
        "####" * 100_000,
        "The answer is" + " " * 200_000 + "1",
        "$" * 200_000,
        "\\boxed{1}, " * 20_000,
        "**" * 100_000,
        "answer is $" + ". " * 100_000,
    ],
)
def test_reading_hostile_text_takes_no_time(hostile: str) -> None:
    began = time.process_time()
    extract_answer(hostile)
    assert time.process_time() - began < 2


@given(st.text(alphabet=st.sampled_from("\\boxed{}$#. answer is:*12,x\n"), max_size=200))
@settings(deadline=None)
def test_any_text_gives_an_answer_without_surrounding_space_or_nothing(text: str) -> None:
    answer = extract_answer(text)
    assert answer is None or (answer and answer == answer.strip())
