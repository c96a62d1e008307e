"""Word problems: the answers follow from the stories' sums, the lines are true, and the texts are whole and varied."""

from __future__ import annotations

import operator
import random
import re
from collections.abc import Callable
from fractions import Fraction

import pytest

from training.corrupt import clean, corrupted
from training.labels import holds
from training.problems.base import Work
from training.problems.stories.engine import Step, Story, Told, parse
from training.problems.stories.nouns import NOUNS, TITLED, YOUNG
from training.problems.words import SHAPES, tell, words

ROUNDS = 2500
OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def told_stories() -> list[Told]:
    """Draw many stories, the same ones each time."""
    rng = random.Random(11)
    return [tell(rng) for _ in range(ROUNDS)]


STORIES = told_stories()


def operand(values: dict[str, Fraction], name: str) -> Fraction:
    """Read a number or look it up."""
    return Fraction(int(name)) if name.isdigit() else values[name]


def recomputed(step: Step, values: dict[str, Fraction]) -> Fraction:
    """Compute one operation with fractions, by its meaning and not by the written method."""
    if step.sign == "in":
        return values[step.left] / 100 if step.right == "dollars" else values[step.left]
    right = operand(values, step.right)
    if step.sign == "of":
        return values[step.left] / values[step.left + "/"] * right
    left = operand(values, step.left)
    return left * right / 100 if step.sign == "% of" else OPERATIONS[step.sign](left, right)


def test_the_answer_follows_from_the_operations_and_nothing_on_the_way_is_negative_or_broken() -> None:
    """Fractions agree with the written solution."""
    for told in STORIES:
        values = {name: Fraction(number) for name, number in told.given.items()}
        for step in told.steps:
            values[step.target] = recomputed(step, values)
            assert values[step.target] > 0, told
            assert values[step.target].denominator == 1 or step.sign == "in", told
        assert Fraction(told.solve(Work())) == values[told.steps[-1].target], told


def test_every_line_of_a_solution_holds_without_its_label() -> None:
    """Decimals are only in lines that change cents into dollars or back."""
    for told in STORIES:
        work = Work()
        told.solve(work)
        for line in work.steps:
            if "." in line.rpartition(": ")[2]:
                left, right = line.rpartition(": ")[2].split(" = ")
                a, sign, b = re.split(r"([*/])", left)
                assert OPERATIONS[sign](Fraction(a), Fraction(b)) == Fraction(right), line
            else:
                assert holds(line) is not False, line
        assert re.match(r"[A-Za-z][^:]*: [0-9.]+[-+*/][0-9.]+ = [0-9.]+$", work.steps[-1]), work.steps[-1]


def test_every_number_of_a_solution_stands_in_a_step_with_a_label() -> None:
    """One labelled line an operation, or two for a part of a whole."""
    for told in STORIES:
        work = Work()
        told.solve(work)
        labels = [line for line in work.steps if re.match(r"[A-Za-z]", line)]
        assert len(told.steps) <= len(labels) <= 2 * len(told.steps)
        assert len(work.steps) <= 14


def test_the_texts_are_whole() -> None:
    """Nothing of the story language is left, and sentences begin and end as they should."""
    for told in STORIES:
        text = told.text
        assert len(text) <= 420
        assert not re.search(r"[{}\[\]|<>~]|  | [.,?]|\.\.|\?\?", text), text
        assert re.search(r"[.?)]$", text), text
        assert not re.search(r"[.?] [a-z]", text), text
        assert not re.search(r"\b1 (?!\w+ (point|gallon))[a-z]+s\b", text), text


def test_the_texts_are_varied() -> None:
    """Most texts differ even after names, nouns and numbers are taken out."""
    names = "|".join(re.escape(p.name) for p in (*YOUNG, *TITLED))
    nouns = "|".join(sorted({n.many for g in NOUNS.values() for n in g} | {n.one for g in NOUNS.values() for n in g}))
    pattern = re.compile(rf"\b(?:{names}|{nouns}|he|she|his|her|him)\b|\d+", re.IGNORECASE)
    bare = {pattern.sub("#", told.text) for told in STORIES}
    assert len({told.text for told in STORIES}) > 0.99 * ROUNDS
    assert len(bare) > 0.5 * ROUNDS
    assert len({told.name for told in STORIES}) > 100


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_shape_can_be_told_with_every_text(shape: Story) -> None:
    """No slot is missing in any wording."""
    rng = random.Random(12)
    assert len({shape.tell(rng).text for _ in range(40)}) > 20


def test_a_corrupted_solution_gives_a_wrong_answer_or_is_wrong_at_a_step() -> None:
    """No corruption passes for the right solution."""
    rng = random.Random(13)
    for _ in range(600):
        problem = words(rng)
        right, wrong = clean(problem), corrupted(problem, rng)
        assert wrong.first_wrong is not None
        assert (
            wrong.lines[wrong.first_wrong : wrong.first_wrong + 1]
            != right.lines[wrong.first_wrong : wrong.first_wrong + 1]
        )


def test_a_draw_depends_on_the_generator_only() -> None:
    """The same seed tells the same problem."""
    one, other = words(random.Random(5)), words(random.Random(5))
    assert (one.text, one.canonical()) == (other.text, other.canonical())


def test_a_text_with_an_open_choice_is_refused() -> None:
    """The reader of the story language says what is wrong."""
    with pytest.raises(ValueError, match="no ]"):
        parse("[one|two")
