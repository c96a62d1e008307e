"""The process reward model behind the ``Scorer`` port: an ONNX graph that reads only what is new.

The graph takes tokens, positions and the keys and values of what came before, and returns a score per token, or logits
that a score is made from, with the new tokens' own keys and values. A step's reward is read at its last token, which is
that of the step mark where the model was trained with one. Keys and values are kept per tree node, so scoring a child
costs the child's tokens alone; siblings and branches are scored in one batch. This is the one module that touches
onnxruntime.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_solver.core.belief import Belief
from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import Shape, call_bytes, span_flops
from edge_solver.core.formats import Reading, ScoreFormat
from edge_solver.core.ports import Profile, ScoreRequest
from edge_solver.core.tree import ROOT, Node
from edge_solver.engines.merging import Group
from edge_solver.engines.placement import CPU, providers_line, usable_providers, wanted_providers
from edge_solver.engines.reading import META, own_format, read
from edge_solver.engines.threads import physical_cores
from edge_solver.errors import ModelBrokenError, ModelMissingError, ProblemError

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
MAX_ROWS = 64
"""Steps in one call: enough to fill the matrix units, few enough to keep the padding and the past small."""

NodeKey = tuple[int, int]
"""Problem and node id."""


class Tokenizer(Protocol):
    """Cuts text into the tokens that a model was trained with."""

    def tokenize(self, text: str, *, special: bool = False, follows: bool = False) -> list[int]:
        """Return token ids.

        With ``special``, marks such as ``<|…|>`` become control tokens; with ``follows``, the text stands after other
        text.
        """
        ...

    def start_token(self) -> int | None:
        """Return the token that a text begins with, or ``None`` where there is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """One node's tokens as the reward model has read them."""

    parent: _Scored | None
    start: int
    """Position of its first token."""
    keys: NDArray[np.float32]
    """``[layers, heads, tokens, head size]``."""
    values: NDArray[np.float32]
    reward: float

    @property
    def end(self) -> int:
        return self.start + int(self.keys.shape[2])

    def path(self) -> Iterator[_Scored]:
        """Iterate from this node up to the root."""
        node: _Scored | None = self
        while node is not None:
            yield node
            node = node.parent


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """Tokens to be read after a node that has been read."""

    node: NodeKey
    above: _Scored | None
    tokens: list[int]

    @property
    def start(self) -> int:
        return self.above.end if self.above else 0

    @property
    def end(self) -> int:
        return self.start + len(self.tokens)


class OnnxScorer:
    """Scores steps with an ONNX process reward model."""

    def __init__(
        self,
        path: Path,
        tokenizer: Tokenizer,
        *,
        name: str | None = None,
        sha256: str | None = None,
        score_format: ScoreFormat | None = None,
        marks: Collection[str] = (),
        threads: int | None = None,
        providers: str = "cpu",
        belief: Belief | None = None,
    ) -> None:
        """Load a graph.

        Args:
            path: The ONNX file; its metadata holds its shape.
            tokenizer: The one that the model was trained with.
            name: What to call it; by default the name in its metadata.
            sha256: Of the file; by default it is computed.
            score_format: How it reads a solution; by default what its metadata says.
            marks: What the policy ends a step with; a model with a step mark of its own does not read them.
            threads: For onnxruntime; by default the physical cores.
            providers: What onnxruntime runs it on, the best first; the CPU takes over where one cannot be had.
            belief: How to read a confidence from this model's rewards, where that was fitted.

        Raises:
            ModelMissingError: There is no such file.
            ModelBrokenError: It is not an ONNX graph, or not one with these inputs and outputs.
        """
        self._path, self._tokenizer = path, tokenizer
        self.threads = threads or physical_cores()
        self._session, self.runs_on = _load(path, self.threads, wanted_providers(providers))
        meta = _metadata(self._session, path)
        self._format = score_format or own_format(meta, path)
        self._marks = tuple(mark.strip() for mark in marks if mark.strip())
        self._end = self._end_tokens()
        self._output = "logits" if "logits" in {output.name for output in self._session.get_outputs()} else "scores"
        if self._output == "logits" and self._format.reading is Reading.PROBABILITY:
            raise ModelBrokenError(
                f"{path} puts out logits and does not say how to read them; name a format with --prm-format"
            )
        self._layers, self._heads, self._head_size = (int(meta[k]) for k in ("n_layers", "n_heads", "head_dim"))
        matmul = int(meta["params_matmul"])
        kept = 2 * 4 * self._layers * self._heads * self._head_size
        shape = Shape(self._layers, int(meta["d_attn"]), matmul, 0, matmul, kept, path.stat().st_size)
        digest = sha256 or _checksum(path)
        self._judges_problems = meta.get("problem_score") == "solvable"
        self._profile = Profile(name or meta.get("name", path.stem), digest, shape, int(meta["context"]), belief=belief)
        self._written: dict[NodeKey, tuple[NodeKey | None, list[int]]] = {}
        """Parent and tokens of every node of the open problems."""
        self._read: dict[NodeKey, _Scored] = {}

    @property
    def profile(self) -> Profile:
        """The process reward model's name, checksum and shape."""
        return self._profile

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root of a new problem; see ``Scorer.open``."""
        how, cut = self._format, self._tokenizer.tokenize
        start = self._tokenizer.start_token() if how.start_token else None
        tokens = [] if start is None else [start]
        tokens += cut(how.prefix, special=True) + cut(text.strip(), follows=bool(how.prefix))
        tokens += cut(how.suffix, special=True, follows=True)
        if len(tokens) >= self._profile.context:
            raise ProblemError(
                f"the problem has {len(tokens)} tokens and {self._profile.name} reads fewer than "
                f"{self._profile.context}; shorten it, or choose another reward model"
            )
        self._written[problem, ROOT] = (None, tokens)
        for step in steps:
            tokens_of_step = self._cut(step.text, first=step.parent == ROOT)
            self._written[problem, step.id] = ((problem, step.parent or ROOT), tokens_of_step)
        return len(tokens)

    def solvable(self, problem: int) -> float | None:
        """Return what the model made of the problem alone, read at its last token; see ``Scorer.solvable``."""
        root = self._read.get((problem, ROOT))
        return root.reward if root is not None and self._judges_problems else None

    def score(self, requests: Sequence[ScoreRequest], ledger: Ledger) -> list[float | None]:
        """Score new steps in as few calls as pay; see ``Scorer.score``."""
        return self.score_together([(requests, ledger)])[0]

    def score_together(self, groups: Sequence[Group]) -> list[list[float | None]]:
        """Score the new steps of several problems, each on its own ledger, which is asked as if it were alone.

        Rewards are the same as alone up to the rounding of a matrix product in another shape.
        """
        for requests, _ in groups:
            for request in requests:
                self._written[request.problem, request.node] = (
                    (request.problem, request.parent),
                    self._tokens(request),
                )
        parents = [dict.fromkeys((r.problem, r.parent) for r in requests) for requests, _ in groups]
        unread = [[self._row(key) for key in keys if key not in self._read] for keys in parents]
        paid = self._read_all([(rows, ledger) for rows, (_, ledger) in zip(unread, groups, strict=True)])
        firsts: list[dict[tuple[NodeKey, str], NodeKey]] = [{} for _ in groups]  # equal siblings are read once
        for (requests, _), first, is_paid in zip(groups, firsts, paid, strict=True):
            for request in requests if is_paid else ():
                first.setdefault(((request.problem, request.parent), request.text), (request.problem, request.node))
        steps = [[self._row(node) for node in first.values()] for first in firsts]
        self._read_all([(rows, ledger) for rows, (_, ledger) in zip(steps, groups, strict=True)])
        return [
            [self._reward(request, first) for request in requests]
            for (requests, _), first in zip(groups, firsts, strict=True)
        ]

    def spans(self, requests: Sequence[ScoreRequest]) -> list[range]:
        """Return the positions that each request is charged for: none where an equal sibling stands before it."""
        known: set[tuple[NodeKey, str]] = set()
        spans: list[range] = []
        for request in requests:
            parent = request.problem, request.parent
            start = self._end_of(parent)
            end = start + len(self._tokens(request))
            is_charged = (parent, request.text) not in known and end <= self._profile.context
            spans.append(range(start, end if is_charged else start))
            known.add((parent, request.text))
        return spans

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Forget every other node of this problem (what a kept node stands on stays with it); see ``Scorer.retain``."""
        self._read = {key: state for key, state in self._read.items() if key[0] != problem or key[1] in nodes}
        if not nodes:
            self._written = {key: written for key, written in self._written.items() if key[0] != problem}

    def _row(self, key: NodeKey) -> _Row:
        """Collect what must be read for a node: its own tokens, and those of parents that were forgotten."""
        parts: list[list[int]] = []
        at: NodeKey | None = key
        while at is not None and at not in self._read:
            at, tokens = self._written[at]
            parts.append(tokens)
        return _Row(key, self._read[at] if at else None, [token for part in reversed(parts) for token in part])

    def _tokens(self, request: ScoreRequest) -> list[int]:
        return self._cut(request.text, first=request.parent == ROOT)

    def _cut(self, step: str, *, first: bool) -> list[int]:
        """Cut a step into tokens, the last of which is the one where its reward is read."""
        how, cut = self._format, self._tokenizer.tokenize
        if how.verbatim:
            return cut(step) or self._end
        body = step.strip()
        for mark in self._marks:
            body = body.removesuffix(mark).rstrip()
        before = how.first if first else how.between
        return cut(before + body, follows=True) + self._end

    def _end_tokens(self) -> list[int]:
        """Return the tokens of the step mark, which must be those that the model was trained with."""
        end, expected = self._format.end, self._format.end_token
        tokens = self._tokenizer.tokenize(end, follows=True)
        if not tokens or (expected is not None and tokens != [expected]):
            raise ModelBrokenError(
                f"{self._path} was trained to judge at {end!r}, token {expected}, which the tokenizer at hand cuts "
                f"into {tokens}; put a GGUF with the reward model's own tokenizer beside it, as "
                f"{self._path.with_suffix('.gguf').name}"
            )
        return tokens

    def _end_of(self, key: NodeKey) -> int:
        """Return the position after a node's last token."""
        end, at = 0, key
        while True:
            above, tokens = self._written[at]
            end += len(tokens)
            if above is None:
                return end
            at = above

    def _reward(self, request: ScoreRequest, first: Mapping[tuple[NodeKey, str], NodeKey]) -> float | None:
        """Return the reward of a step, or that of the equal sibling that was read for it."""
        key = first.get(((request.problem, request.parent), request.text))
        twin = self._read.get(key) if key is not None else None
        if twin is not None:
            self._read[request.problem, request.node] = twin
        return twin.reward if twin is not None else None

    def _read_all(self, parts: Sequence[tuple[Sequence[_Row], Ledger]]) -> list[bool]:
        """Read each part's rows as far as its ledger pays; say of each whether that was all.

        A part alone pays call by call; several pay in calls of the size that each would make alone, and then share.
        """
        granted: list[_Row] = []
        paid: list[bool] = []
        for rows, ledger in parts:
            whole = True
            for batch, is_whole in self._granted(rows, ledger):
                whole = is_whole
                if len(parts) == 1 and batch:
                    self._run(batch)
                else:
                    granted += batch
            paid.append(whole)
        granted.sort(key=lambda row: row.start)  # rows of like length side by side: padding is computed for nothing
        for start in range(0, len(granted), MAX_ROWS):
            self._run(granted[start : start + MAX_ROWS])
        return paid

    def _granted(self, rows: Sequence[_Row], ledger: Ledger) -> Iterator[tuple[list[_Row], bool]]:
        """Yield calls' rows as far as the ledger pays for them, each with whether it paid for the whole call."""
        fitting = [row for row in rows if row.end <= self._profile.context]  # the others get no reward
        for start in range(0, len(fitting), MAX_ROWS):
            batch = fitting[start : start + MAX_ROWS]
            whole = len(batch)
            while batch and ledger.request(self._cost(batch)) is not None:
                batch.pop()
            yield batch, len(batch) == whole
            if len(batch) < whole:
                return

    def _cost(self, rows: Sequence[_Row]) -> Cost:
        flops = sum(span_flops(self._profile.shape, row.start, row.end, 0) for row in rows)
        bytes_read = call_bytes(self._profile.shape, (row.end for row in rows))
        return Cost(Payer.SCORE, flops, sum(len(row.tokens) for row in rows), bytes_read=bytes_read)

    def _run(self, rows: Sequence[_Row]) -> None:
        """Read one batch, right-padded; causality keeps the padding from being seen."""
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
            raise ModelBrokenError(f"{self._path} cannot score: {str(error).splitlines()[0]}") from error
        for index, row in enumerate(rows):
            n = len(row.tokens)
            self._read[row.node] = _Scored(
                row.above,
                row.start,
                keys[:, index, :, :n].copy(),
                values[:, index, :, :n].copy(),
                self._score(said[index, n - 1]),
            )

    def _score(self, said: NDArray[np.float32]) -> float:
        """Make a reward of what the graph says of one token."""
        if self._output == "scores":
            return float(said)
        return read(said, self._format, self._path)

    def _past(self, rows: Sequence[_Row]) -> dict[str, NDArray[np.float32]]:
        """Lay out the keys and values of every row's path, right-padded and masked."""
        length = max(row.start for row in rows)
        shape = (self._layers, len(rows), self._heads, length, self._head_size)
        mask = np.zeros((len(rows), length), np.float32)
        keys, values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
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


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


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
