"""What a policy knows is kept seldom, what it does not know is kept whole."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.corpus import Corpus  # noqa: E402
from training.harder import LEAST, hard_rows, nats, shares  # noqa: E402
from training.policy import Shape, Transformer  # noqa: E402

SHAPE = Shape(vocabulary=16, width=32, layers=1, feed_forward=32)


def corpus(*rows: list[int], prompt: int = 2) -> Corpus:
    starts = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    return Corpus(np.concatenate([np.array(row, dtype=np.uint16) for row in rows]), starts, np.full(len(rows), prompt))


def test_nats_are_those_of_the_solutions_alone() -> None:
    torch.manual_seed(0)
    policy = Transformer(SHAPE)
    rows = [[1, 2, 3, 4], [5, 6, 7, 8, 9, 10]]
    expected = []
    for row in rows:
        with torch.no_grad():
            logits = torch.log_softmax(policy.head(policy.trunk(torch.tensor([row]))), dim=-1)[0]
        expected.append(-sum(float(logits[place - 1, row[place]]) for place in range(2, len(row))))
    assert nats(policy, corpus(*rows), np.array([0, 1])) == pytest.approx(expected, rel=1e-5)


def test_single_rows_are_kept_by_how_unlikely_each_is() -> None:
    torch.manual_seed(0)
    policy = Transformer(SHAPE)
    rng = np.random.default_rng(0)
    whole = corpus(*([1, 2, *rng.integers(3, 16, rng.integers(1, 9)).tolist()] for _ in range(200)))
    hardness = nats(policy, whole, np.arange(200))
    middle = float(np.median(hardness))
    kept = hard_rows(policy, whole, 200, middle, np.random.default_rng(1))
    assert set(np.flatnonzero(hardness >= middle)) <= set(kept)
    assert 100 < len(kept) < 200
    assert len(hard_rows(policy, whole, 60, middle, np.random.default_rng(1))) <= 60


def test_hard_runs_are_kept_whole_and_known_ones_never_lost() -> None:
    kept = shares(np.array([0.0, 4.0, 8.0, 30.0, 0.0]), np.array([False, False, False, False, True]), 0.12)
    assert kept == pytest.approx([LEAST, 0.5, 1.0, 1.0, 0.12])


def test_a_subset_keeps_rows_and_prompts() -> None:
    whole = corpus([1, 2, 3], [4, 5, 6, 7], [8, 9])
    part = whole.subset(np.array([2, 1]))
    assert part.tokens.tolist() == [8, 9, 4, 5, 6, 7]
    assert part.starts.tolist() == [0, 2, 6]
    assert len(part) == 2


def test_corpora_are_joined_one_after_the_other() -> None:
    one, two = corpus([1, 2, 3], [4, 5, 6, 7]), corpus([8, 9], prompt=1)
    both = Corpus.joined([one, two])
    assert [both.tokens[both.starts[i] : both.starts[i + 1]].tolist() for i in range(len(both))] == [
        [1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]
    assert both.prompts.tolist() == [2, 2, 1]
