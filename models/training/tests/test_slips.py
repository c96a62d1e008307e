"""Drawing a policy's first slip from one pass over the canonical solution."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")

from training.corrupt import clean, first_difference  # noqa: E402
from training.policy import Cache, Shape, Transformer  # noqa: E402
from training.problems import draw as draw_problem  # noqa: E402
from training.problems import solution_of  # noqa: E402
from training.slips import LONGEST_TAIL, Slips, draw  # noqa: E402
from training.tokenizer import newline_id, train_tokenizer  # noqa: E402

SHAPE = Shape(width=64, layers=2, feed_forward=64)


@pytest.fixture(scope="module")
def policy() -> Transformer:
    """A policy that was never trained: it slips at once."""
    torch.manual_seed(0)
    return Transformer(SHAPE).eval()


def caches(rows: int, length: int) -> list[Cache]:
    size = (rows, length, SHAPE.heads, SHAPE.head_dim)
    return [Cache(torch.zeros(size), torch.zeros(size)) for _ in range(SHAPE.layers)]


def test_one_token_at_a_place_of_its_own_equals_the_whole_row(policy: Transformer) -> None:
    tokens = torch.randint(4, 300, (3, 12))
    ends = torch.tensor([5, 11, 8])
    kept = caches(3, 12)
    with torch.inference_mode():
        policy.extended(tokens[:, :11], kept, 0)
        rows = torch.arange(3)
        found = policy.next_at(tokens[rows, ends], kept, rows, ends)
        for row, end in enumerate(ends.tolist()):
            assert torch.allclose(found[row], policy(tokens[row : row + 1, : end + 1])[0, -1], atol=1e-5)


def test_a_row_is_the_canonical_one_up_to_the_slip_and_ends_with_its_line(policy: Transformer) -> None:
    newline = 10
    canonical = [[1, 20, 2, *([7, 8, newline] * 5), 3], [1, 2, *([9, newline] * 3), 3]]
    tokens, ends = draw(policy, canonical, [3, 2], newline, 1.0, torch.Generator().manual_seed(1))
    for row, (right, end, prompt) in enumerate(zip(canonical, ends, (3, 2), strict=True)):
        assert end is not None, "a policy that knows nothing slips"
        drawn = tokens[row, :end].tolist()
        slip = next(i for i, token in enumerate(drawn) if i >= len(right) or token != right[i])
        assert slip >= prompt
        assert newline not in drawn[slip:-1]
        assert drawn[-1] in (newline, 3) or len(drawn) == slip + LONGEST_TAIL


def test_a_policy_that_is_sure_never_slips(policy: Transformer) -> None:
    with torch.inference_mode():
        row = [1, 2]
        for _ in range(6):
            row.append(int(policy(torch.tensor([row]))[0, -1].argmax()))
    _, (end,) = draw(policy, [row], [2], 10, 1e-6, torch.Generator().manual_seed(1))
    assert end is None


def test_labels_name_the_first_line_that_differs() -> None:
    rng = random.Random(3)
    problems = [draw_problem(rng, split="train") for _ in range(40)]
    tokenizer = train_tokenizer([text for p in problems for text in (p.text, solution_of(p))])
    assert newline_id(tokenizer) > 3
    half = Shape(width=64, layers=1, feed_forward=64)
    torch.manual_seed(2)
    for problem, told in Slips([Transformer(half).eval()], tokenizer, 4).draw(problems):
        right = clean(problem).lines
        assert told.first_wrong == first_difference(right, told.lines)
        assert told.first_wrong is None or told.first_wrong == len(told.lines) - 1
