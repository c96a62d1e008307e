"""A language model on paper: its logits follow from the tokens before, and its cache checks every call.

It stands where llama.cpp stands and rounds nothing, so that two searches can be compared to the last bit. Every cell is
there to be looked at: a call that uses more cells than there are, a row whose path is not in the cache, or a token that
is evaluated where it stands already fails the test.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_solver.core import room
from edge_solver.core.cost import Shape
from edge_solver.engines.choices import CacheType

SHAPE = Shape(n_layers=2, d_attn=16, params_matmul=4000, params_head=500, params_total=5000, kv_bytes_per_token=128)
WORDS = (b"", b"\n", b"The answer is: 1\n", b"The answer is: 2\n", *(f" w{i}".encode() for i in range(28)))
"""By token: an end, a line feed, two answers, and words."""


class PaperContext:
    """A unified cache of cells, each with a token, a position and the sequences that pass through it."""

    def __init__(self, cells: int, certainty: float = 1.0) -> None:
        self.cells = room.padded(cells)
        self._certainty = certainty
        self.n_vocab = len(WORDS)
        self.held: list[tuple[int, int, set[int]]] = []
        self.most = self.evaluated = self.calls = 0

    def close(self) -> None:
        self.held.clear()

    def clear(self) -> None:
        self.held.clear()

    def fork(self, source: int, target: int, length: int) -> None:
        assert not self._path(target)
        for _, position, through in self.held:
            if source in through and position < length:
                through.add(target)
        assert len(self._path(target)) == length

    def free(self, sequence: int) -> None:
        for _, _, through in self.held:
            through.discard(sequence)
        self.held = [cell for cell in self.held if cell[2]]

    def decode(
        self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], wanted: Sequence[bool]
    ) -> NDArray[np.float32]:
        assert 0 < len(tokens) <= room.ROWS
        for token, position, sequence in zip(tokens, positions, sequences, strict=True):
            assert len(self._path(sequence)) == position, "a row has to follow what its sequence holds"
            self.held.append((token, position, {sequence}))
        self.calls += 1
        self.evaluated += len(tokens)
        self.most = max(self.most, len(self.held))
        assert self.most <= self.cells
        rows = [self._logits(s, p) for s, p, w in zip(sequences, positions, wanted, strict=True) if w]
        return np.array(rows, np.float32).reshape(-1, self.n_vocab)

    def _path(self, sequence: int, end: int | None = None) -> list[int]:
        cells = sorted((p, t) for t, p, through in self.held if sequence in through and (end is None or p <= end))
        assert [position for position, _ in cells] == list(range(len(cells))), "a path has a gap or a double"
        return [token for _, token in cells]

    def _logits(self, sequence: int, position: int) -> NDArray[np.float64]:
        seed = zlib.crc32(bytes(self._path(sequence, position)))
        logits = np.random.Generator(np.random.Philox(key=seed)).standard_normal(len(WORDS))
        logits[0] = -20
        logits[1:4] += (1.5, 0.5, 0.2)
        return self._certainty * logits


class PaperModel:
    """Reads letters, writes words."""

    n_vocab = len(WORDS)
    cache = CacheType.F16

    def __init__(self, cells: int | None = None, *, certainty: float = 1.0) -> None:
        """Make caches of so many cells, whatever is asked for; ``certainty`` is a factor on the logits."""
        self._cells, self._certainty = cells, certainty
        self.contexts: list[PaperContext] = []

    def tokenize(self, text: str, **_how: object) -> list[int]:
        return [4 + ord(letter) % 28 for letter in text]

    def piece(self, token: int) -> bytes:
        return WORDS[token]

    def is_end(self, token: int) -> bool:
        return token == 0

    def context(self, cells: int, **_how: object) -> PaperContext:
        self.contexts.append(PaperContext(self._cells or cells, self._certainty))
        return self.contexts[-1]

    def close(self) -> None:
        pass
