"""Parts of a corpus: even and odd rows share nothing, and a part by tokens has about as many as asked for."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np

from training.corpus import Corpus
from training.part import part


def made(rows: int) -> Corpus:
    """Return a corpus whose row `i` is its number, `1 + i % 5` times."""
    lengths = 1 + np.arange(rows) % 5
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Corpus(np.repeat(np.arange(rows), lengths).astype(np.uint16), starts, np.ones(rows, np.int64))


def test_even_and_odd_rows_are_the_whole() -> None:
    corpus, rng = made(101), np.random.default_rng(0)
    even, odd = (set(part(corpus, of=2, number=n, tokens=None, rng=rng).tokens.tolist()) for n in (0, 1))
    assert even == set(range(0, 101, 2))
    assert odd == set(range(1, 101, 2))


def test_a_part_by_tokens_has_about_as_many_and_whole_rows_in_order() -> None:
    corpus = made(2000)
    taken = part(corpus, of=2, number=1, tokens=900, rng=np.random.default_rng(1))
    assert len(taken.tokens) == pytest.approx(900, rel=0.1)
    rows = [int(taken.tokens[start]) for start in taken.starts[:-1]]
    assert rows == sorted(set(rows))
    assert all(row % 2 for row in rows)
    assert np.diff(taken.starts).tolist() == [1 + row % 5 for row in rows]


def test_more_tokens_than_there_are_is_everything() -> None:
    corpus = made(50)
    assert len(part(corpus, of=1, number=0, tokens=1e6, rng=np.random.default_rng(2))) == 50
