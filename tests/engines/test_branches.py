"""Where a step ends, token by token."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge_solver.core.formats import StepFormat
from edge_solver.core.ports import DraftRequest
from edge_solver.core.tree import ROOT, Finish
from edge_solver.engines.branches import Branch, StepWriter, Twins, begin
from edge_solver.engines.prefix import Prefix, Share


class Pieces:
    """A vocabulary whose tokens are places in a list of texts; the last one ends generation."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = [text.encode() for text in texts]

    def piece(self, token: int) -> bytes:
        return self.texts[token]

    def is_end(self, token: int) -> bool:
        return token == len(self.texts) - 1


def write(texts: Sequence[str], step_format: StepFormat, most: int = 20) -> tuple[Twins, int]:
    """Write texts token by token, the last one of them a token that ends generation, until the step has ended."""
    writer = StepWriter(Pieces(texts), step_format, lambda _: None)
    request = DraftRequest(0, 1, ROOT, 0, 0.6, most)
    (twins,) = begin([Branch(request, 0, Prefix(Share(100), None, 0, [7]))])
    for token in range(len(texts)):
        writer.push(twins, token)
        if twins.finish is not None:
            return twins, token + 1
    return twins, len(texts)


LINES = StepFormat("", "", step_end="\n", step_tokens=10, solution_steps=3)
STEPS = StepFormat("", "", step_end="\n\n", stops=("Problem:",), step_tokens=10, solution_steps=3)


@pytest.mark.parametrize(
    ("texts", "step_format", "finish", "text", "taken"),
    [
        (["a", " b", "\n", "c", ""], LINES, Finish.STEP, "a b\n", 3),
        (["a", "b\nc", "d", ""], LINES, Finish.STEP, "ab\nc", 2),
        (["\n", " ", "a", "b", "\n", ""], LINES, Finish.STEP, "\n ab\n", 5),
        (["\n", "a", "b", "\n", ""], LINES, Finish.STEP, "\nab\n", 4),
        (["a", "", "b", ""], LINES, Finish.ANSWER, "ab", 4),
        (["a", "\n", "b", "\n", "\n", ""], STEPS, Finish.STEP, "a\nb\n\n", 5),
        (["a", "\n\n\n", ""], STEPS, Finish.STEP, "a\n\n\n", 2),
        (["a\n", "\nb", ""], STEPS, Finish.STEP, "a\n\nb", 2),
        (["a", "\nProb", "lem", ":", "b", ""], STEPS, Finish.ANSWER, "a\n", 4),
        (["a", "\nProblem", " 2:", "b", ""], STEPS, Finish.ANSWER, "a\nProblem 2:b", 5),
    ],
)
def test_a_step_ends_with_its_mark_and_nowhere_else(
    texts: list[str], step_format: StepFormat, finish: Finish, text: str, taken: int
) -> None:
    twins, tokens = write(texts, step_format)
    assert (twins.finish, twins.data.decode(), tokens) == (finish, text, taken)
    assert twins.written == taken


@pytest.mark.parametrize("texts", [["a", "b", "c", "d", "e"], ["a", "", "\n!", "\n"]])
def test_a_step_has_no_more_tokens_than_asked_for(texts: list[str]) -> None:
    steps = StepFormat("", "", step_end="\n?", step_tokens=10, solution_steps=3)
    twins, tokens = write(texts, steps, most=3)
    assert (twins.finish, tokens, twins.written) == (Finish.LENGTH, 3, 3)
