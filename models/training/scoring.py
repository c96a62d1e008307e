"""Score solutions with an exported reward model: whole sequences, padded on the right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from .corpus import padded
from .corrupt import Labelled
from .train_prm import Row, encoded

BATCH = 64


class Scorer:
    """A reward model in onnxruntime."""

    def __init__(self, path: Path, tokenizer: Tokenizer, threads: int = 1) -> None:
        """Open the file on the CPU."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.tokenizer = tokenizer
        meta = self.session.get_modelmeta().custom_metadata_map
        heads, head_dim = (int(meta[f"edge_solver.{key}"]) for key in ("n_heads", "head_dim"))
        layers = int(meta["edge_solver.n_layers"])
        self.empty = (layers, heads, head_dim)

    def run(self, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return scores `[B, T]` of token ids `[B, T]`."""
        batch, length = tokens.shape
        layers, heads, head_dim = self.empty
        empty = np.zeros((layers, batch, heads, 0, head_dim), dtype=np.float32)
        feeds = {
            "input_ids": tokens,
            "position_ids": np.tile(np.arange(length), (batch, 1)),
            "past_mask": np.zeros((batch, 0), dtype=np.float32),
            "past_keys": empty,
            "past_values": empty,
        }
        scores: npt.NDArray[np.float32] = self.session.run(["scores"], feeds)[0]
        return scores

    def steps(self, problem_and_lines: list[tuple[str, tuple[str, ...]]]) -> list[list[float]]:
        """Return the score of every line of every solution."""
        rows = [encoded(self.tokenizer, problem, Labelled(lines, None)) for problem, lines in problem_and_lines]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i].tokens))
        found: dict[int, list[float]] = {}
        for begin in range(0, len(order), BATCH):
            part = order[begin : begin + BATCH]
            scores = self.run(padded([rows[i].tokens for i in part]))
            found.update({i: at_ends(rows[i], scores[k]) for k, i in enumerate(part)})
        return [found[i] for i in range(len(rows))]


def at_ends(row: Row, scores: npt.NDArray[np.float32]) -> list[float]:
    """Return the scores at the last tokens of a row's lines."""
    return [float(scores[end]) for end in row.ends]
