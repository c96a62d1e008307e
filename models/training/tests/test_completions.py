"""Completions decide what recomputing cannot."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")

from tokenizers import Tokenizer  # noqa: E402

from training.completions import Dispute, disputes, settled  # noqa: E402
from training.policy import Shape, Transformer  # noqa: E402
from training.sample import Sampled  # noqa: E402
from training.template import ANSWER_PREFIX  # noqa: E402
from training.tokenizer import train_tokenizer  # noqa: E402

RIGHT = ("32: 1*32 -> 31, 4*8 -> 4", "The answer is: 4")
OTHER = ("32: 4*8 -> 4, 1*32 -> 31", "The answer is: 4")
REFUTED = ("32: 1*32 -> 31, 4*8=36", "The answer is: 4")
FAILED = ("32: 4*8 -> 4", "The answer is: 31")


def sampled(*solutions: tuple[str, ...], answer: str = "4") -> Sampled:
    """The samples of one problem."""
    return Sampled("Which?", "pairs", (RIGHT[0], f"The answer is: {answer}"), solutions)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One that cuts digits and a few words."""
    return train_tokenizer(iter([*RIGHT, *OTHER, "Which?"] * 50))


@pytest.fixture(scope="module")
def policy(tokenizer: Tokenizer) -> Transformer:
    """A policy that goes on from every line with the answer 4: its layers add nothing, its head knows what follows."""
    model = Transformer(Shape(vocabulary=512, width=512, layers=1, feed_forward=32)).eval()
    chain = tokenizer.encode(f"\n{ANSWER_PREFIX}4\n", add_special_tokens=False).ids
    with torch.no_grad():
        for parameter in model.blocks.parameters():
            parameter.zero_()
        model.embedding.weight.copy_(torch.eye(512))
        model.head.weight.zero_()
        for last, following in itertools.pairwise(chain):
            model.head.weight[following, last] = 9.0
    return model


def test_only_right_answers_by_other_lines_that_nothing_refutes_are_disputed() -> None:
    assert disputes([sampled(RIGHT, OTHER, REFUTED, FAILED)]) == [Dispute(0, 1, 0)]


@pytest.mark.parametrize(("answer", "also_right"), [("4", (0,)), ("5", ())])
def test_a_line_is_right_when_completions_from_it_end_right(
    policy: Transformer, tokenizer: Tokenizer, answer: str, also_right: tuple[int, ...]
) -> None:
    solution = (OTHER[0], f"The answer is: {answer}")
    (found,) = settled([sampled(solution, answer=answer)], policy, tokenizer, 3, torch.Generator().manual_seed(0))
    assert found.also_right == also_right
    assert (found.labelled(0).first_wrong is None) == bool(also_right)
