"""A reward model's ONNX graph: loaded, looked at, and run on rows of tokens.

The graph takes tokens, positions and the keys and values of what came before, and returns a score per token, or logits
that a score is made from, with the new tokens' own keys and values. This is the one module that touches onnxruntime. A
call may be made on another thread than the one that owns the readings, one call at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_solver.core import room
from edge_solver.core.cost import Shape
from edge_solver.core.formats import Reading, ScoreFormat
from edge_solver.engines.placement import CPU, providers_line, usable_providers, wanted_providers
from edge_solver.engines.reading import META, own_format, read
from edge_solver.errors import ModelBrokenError, ModelMissingError

INPUTS = ("input_ids", "position_ids", "past_mask", "past_keys", "past_values")
OUTPUTS = ("scores", "present_keys", "present_values")
"""In place of ``scores`` ``[batch, tokens]`` a graph may put out ``logits`` ``[batch, tokens, labels]``."""
NEEDED = (
    "n_layers",
    "n_heads",
    "head_dim",
    "d_attn",
    "params_matmul",
    "context",
)

Floats = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Row:
    """Tokens after a row that was read before; once it is read itself, with what the model kept and said."""

    above: Row | None
    tokens: list[int]
    start: int
    """Position of the first token."""
    keys: Floats | None = None
    """``[layers, heads, tokens, head size]``."""
    values: Floats | None = None
    reward: float = math.nan
    """Of the step that ends with the last token."""

    @property
    def end(self) -> int:
        """The position after the last token."""
        return self.start + len(self.tokens)

    def path(self) -> Iterator[Row]:
        """Iterate from this row up to the first one."""
        row: Row | None = self
        while row is not None:
            yield row
            row = row.above


@final
class RewardGraph:
    """A loaded graph."""

    def __init__(self, path: Path, *, threads: int, score_format: ScoreFormat | None, providers: str = "cpu") -> None:
        """Load a graph.

        Args:
            path: The ONNX file; its metadata holds its shape.
            threads: For onnxruntime.
            providers: What onnxruntime runs it on, the best first; the CPU takes over where one cannot be had.
            score_format: How it reads a solution; by default what its metadata says.

        Raises:
            ModelMissingError: There is no such file.
            ModelBrokenError: It is no ONNX graph, or not one with these inputs and outputs.
        """
        self.path = path
        self._session, self.runs_on = _load(path, threads, wanted_providers(providers))
        self.meta = _metadata(self._session, path)
        self.format = score_format or own_format(self.meta, path)
        self._output = "logits" if "logits" in {output.name for output in self._session.get_outputs()} else "scores"
        if self._output == "logits" and self.format.reading is Reading.PROBABILITY:
            raise ModelBrokenError(
                f"{path} puts out logits and does not say how to read them; name a format with --prm-format"
            )
        self._layers, self._heads, self._head_size = (int(self.meta[k]) for k in ("n_layers", "n_heads", "head_dim"))
        self._kept = 2 * 4 * self._layers * self._heads * self._head_size
        """Bytes of a token's keys and values."""
        self._scratch = np.zeros((2, 0), np.float32)

    @property
    def shape(self) -> Shape:
        """What a token costs."""
        matmul = int(self.meta["params_matmul"])
        d_attn = int(self.meta["d_attn"])
        return Shape(self._layers, d_attn, matmul, 0, matmul, self._kept, self.path.stat().st_size)

    def read(self, rows: Sequence[Row]) -> None:
        """Read rows in one call, or in as many as ``room.SCORED_BYTES`` asks for, and note in each what came of it."""
        length = max(row.end for row in rows)
        most = max(1, room.SCORED_BYTES // (length * self._kept))
        for start in range(0, len(rows), most):
            self._read(rows[start : start + most])

    def _read(self, rows: Sequence[Row]) -> None:
        """Read rows in one call: they are padded on the right; causality keeps the padding from being seen."""
        length = max(len(row.tokens) for row in rows)
        tokens = np.zeros((len(rows), length), np.int64)
        positions = np.zeros_like(tokens)
        for index, row in enumerate(rows):
            tokens[index, : len(row.tokens)] = row.tokens
            positions[index] = np.arange(row.start, row.start + length)
        feeds = {"input_ids": tokens, "position_ids": positions, **self._past(rows)}
        try:
            said, keys, values = self._session.run([self._output, *OUTPUTS[1:]], feeds)
        except Exception as error:  # onnxruntime's errors share no public base class
            raise ModelBrokenError(f"{self.path} cannot score: {str(error).splitlines()[0]}") from error
        for index, row in enumerate(rows):
            n = len(row.tokens)
            row.keys, row.values = keys[:, index, :, :n].copy(), values[:, index, :, :n].copy()
            row.reward = self._score(said[index, n - 1])

    def _score(self, said: Floats) -> float:
        """Make a reward of what the graph says of one token."""
        if self._output == "scores":
            return float(said)
        return read(said, self.format, self.path)

    def _past(self, rows: Sequence[Row]) -> dict[str, Floats]:
        """Lay out the keys and values of every row's path, right-padded and masked."""
        length = max(row.start for row in rows)
        mask = np.zeros((len(rows), length), np.float32)
        keys, values = self._room((self._layers, len(rows), self._heads, length, self._head_size))
        laid: dict[int, int] = {}
        for index, row in enumerate(rows):
            mask[index, : row.start] = 1
            twin = laid.setdefault(id(row.above), index)
            if twin != index:  # siblings stand on the same path
                keys[:, index], values[:, index] = keys[:, twin], values[:, twin]
                continue
            for above in row.above.path() if row.above else ():
                keys[:, index, :, above.start : above.end] = above.keys
                values[:, index, :, above.start : above.end] = above.values
        return {"past_mask": mask, "past_keys": keys, "past_values": values}

    def _room(self, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        """Return two arrays of a shape that hold any finite numbers: what is not written over is masked.

        The same memory serves every call: new pages for megabytes of past cost as much as laying it out.
        """
        size = math.prod(shape)
        if size > self._scratch.shape[1]:
            self._scratch = np.zeros((2, size), np.float32)
        return self._scratch[0, :size].reshape(shape), self._scratch[1, :size].reshape(shape)


def _load(path: Path, threads: int, asked: Sequence[str]) -> tuple[onnxruntime.InferenceSession, str]:
    """Return a session and a line that says where it runs."""
    if not path.exists():
        raise ModelMissingError(f"there is no reward model file {path}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that spin while they wait would take the cores from llama.cpp between two scoring calls.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    available = onnxruntime.get_available_providers()

    def start(providers: Sequence[str]) -> onnxruntime.InferenceSession | str:
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors share no public base class
            return str(error).splitlines()[0]

    wanted, failure = usable_providers(asked, available), ""
    session = start(wanted)
    if isinstance(session, str) and wanted != [CPU]:
        failure, session = session, start([CPU])
    if isinstance(session, str):
        raise ModelBrokenError(f"onnxruntime cannot load {path}: {session}")
    return session, providers_line(asked, available, session.get_providers(), failure)


def _metadata(session: onnxruntime.InferenceSession, path: Path) -> Mapping[str, str]:
    """Return the graph's own description, after a look at its inputs and outputs."""
    found = tuple(i.name for i in session.get_inputs()), tuple(o.name for o in session.get_outputs())
    outputs = {"scores" if name == "logits" else name for name in found[1]}
    if set(found[0]) != set(INPUTS) or outputs != set(OUTPUTS):
        raise ModelBrokenError(
            f"{path} is not a reward model of ours: it has inputs {', '.join(found[0])} and outputs "
            f"{', '.join(found[1])}, not {', '.join(INPUTS)} and {', '.join(OUTPUTS)}"
        )
    given = session.get_modelmeta().custom_metadata_map
    meta = {name.removeprefix(META): value for name, value in given.items() if name.startswith(META)}
    lacking = [name for name in NEEDED if name not in meta]
    if lacking:
        raise ModelBrokenError(f"{path} does not say its {', '.join(META + name for name in lacking)}; export it again")
    return meta
