"""The process reward model behind the ``Scorer`` port: a graph that reads only what is new.

A step's reward is read at its last token, which is that of the step mark where the model was trained with one. Keys and
values are kept per tree node, so scoring a child costs the child's tokens alone; siblings and branches are scored in
one batch. Which tokens a text is cut into is the business of ``cutting``; the device is behind ``graph``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from edge_solver.core.belief import Belief, log_odds, probability
from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import call_bytes, span_flops
from edge_solver.core.formats import ScoreFormat
from edge_solver.core.ports import Profile, ScoreRequest
from edge_solver.core.tree import ROOT, Node
from edge_solver.engines.cutting import Cutter, Tokenizer
from edge_solver.engines.graph import RewardGraph, Row
from edge_solver.engines.merging import Group, Work
from edge_solver.engines.threads import physical_cores
from edge_solver.errors import ProblemError

MAX_ROWS = 64
"""Steps in one call: enough to fill the matrix units, few enough to keep the padding and the past small."""

NodeKey = tuple[int, int]
"""Problem and node id."""
Text = tuple[NodeKey, str]
"""A parent and what was written below it."""
Call = Callable[[], None]
_Planned = tuple[NodeKey, Row]
_SURE = 1e-6
"""How near to 0 or 1 a problem's score may be before it goes through its line."""
_KNOWN_TEXTS = 4096
"""Steps that are not cut into tokens again: equal ones come by the hundred, and each is looked at several times."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What stands at a node."""

    above: NodeKey | None
    tokens: Sequence[int]
    end: int
    """Position after its last token."""


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
        balance_temperature: float | None = None,
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
            balance_temperature: The T_b of REBASE that suits its rewards, where that was measured.
            belief: How to read a confidence from this model's rewards, where that was fitted.

        Raises:
            ModelMissingError: There is no such file.
            ModelBrokenError: It is no ONNX graph, or not one with these inputs and outputs.
        """
        self.threads = threads or physical_cores()
        """Of onnxruntime."""
        self._graph = RewardGraph(path, threads=self.threads, providers=providers, score_format=score_format)
        self._cutter = Cutter(tokenizer, self._graph.format, marks, path)
        meta = self._graph.meta
        self._judges_problems = meta.get("problem_score") == "solvable"
        self._problem_line = (float(meta.get("problem_slope", 1)), float(meta.get("problem_offset", 0)))
        """What its score of a problem goes through, in log-odds: it was calibrated apart from its steps."""
        self._profile = Profile(
            name or meta.get("name", path.stem),
            sha256 or _checksum(path),
            self._graph.shape,
            int(meta["context"]),
            balance_temperature=balance_temperature,
            belief=belief,
        )
        self._step = lru_cache(_KNOWN_TEXTS)(self._cut)
        self._written: dict[NodeKey, _Written] = {}
        """Every node of the open problems."""
        self._rows: dict[NodeKey, Row] = {}
        """What has been read, or will have been before anything that is asked for from now on."""
        self._known: dict[Text, NodeKey] = {}
        """The first node with a text below a parent: its equals are not read again."""
        self._same: dict[NodeKey, NodeKey] = {}
        """That node, by each of its equals: what is written below them is below it."""

    @property
    def runs_on(self) -> str:
        """A line that says where it runs."""
        return self._graph.runs_on

    @property
    def profile(self) -> Profile:
        """The process reward model's name, checksum and shape."""
        return self._profile

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root of a new problem; see ``Scorer.open``."""
        tokens = self._cutter.problem(text)
        if len(tokens) >= self._profile.context:
            raise ProblemError(
                f"the problem has {len(tokens)} tokens and {self._profile.name} reads fewer than "
                f"{self._profile.context}; shorten it, or choose another reward model"
            )
        self._written[problem, ROOT] = _Written(None, tokens, len(tokens))
        for step in steps:
            self._write((problem, step.id), (problem, step.parent or ROOT), step.text)
        return len(tokens)

    def solvable(self, problem: int) -> float | None:
        """Return what the model made of the problem alone, read at its last token; see ``Scorer.solvable``."""
        root = self._rows.get((problem, ROOT))
        if root is None or not self._judges_problems:
            return None
        slope, offset = self._problem_line
        return probability(slope * log_odds(root.reward, edge=_SURE) + offset)

    def score(self, requests: Sequence[ScoreRequest], ledger: Ledger) -> list[float | None]:
        """Score new steps in as few calls as pay; see ``Scorer.score``."""
        for call in self._calls([(requests, ledger)]):  # one after the other: a slow one is seen before the next
            call()
        return self._rewards(requests)

    def work(self, groups: Sequence[Group]) -> Work:
        """Book what the new steps of several problems cost, and return what is left to do; see ``ManyScorer.work``.

        Rewards are the same as alone up to the rounding of a matrix product in another shape.
        """
        return Work(tuple(self._calls(groups)), lambda: [self._rewards(requests) for requests, _ in groups])

    def spans(self, requests: Sequence[ScoreRequest]) -> list[range]:
        """Return the positions that each request is charged for: none where an equal sibling stands before it."""
        known: set[Text] = set()
        spans: list[range] = []
        for request in requests:
            text = self._text(request)
            start = self._written[request.problem, request.parent].end
            end = start + len(self._step(request.text, request.parent == ROOT))
            is_charged = text not in known and not self._is_known(text) and end <= self._profile.context
            spans.append(range(start, end if is_charged else start))
            known.add(text)
        return spans

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Forget every other node of this problem (what a kept node stands on stays with it); see ``Scorer.retain``."""
        kept = {self._first((problem, node)) for node in nodes}
        self._rows = {key: row for key, row in self._rows.items() if key[0] != problem or key in kept}
        self._known = {text: key for text, key in self._known.items() if key in self._rows}
        if not nodes:
            self._written = {key: written for key, written in self._written.items() if key[0] != problem}
            self._same = {key: first for key, first in self._same.items() if key[0] != problem}

    def _calls(self, groups: Sequence[Group]) -> Iterator[Call]:
        """Yield the calls to make for groups, in order, each when it is paid for."""
        for requests, _ in groups:
            for request in requests:
                parent = self._first((request.problem, request.parent))
                self._write((request.problem, request.node), parent, request.text)
        parents = [dict.fromkeys(self._first((r.problem, r.parent)) for r in requests) for requests, _ in groups]
        unread = [[key for key in keys if key not in self._rows] for keys in parents]
        ledgers = [ledger for _, ledger in groups]
        paid = yield from self._granted(list(zip(unread, ledgers, strict=True)))
        firsts: list[dict[Text, NodeKey]] = [{} for _ in groups]
        for (requests, _), first, is_paid in zip(groups, firsts, paid, strict=True):
            for request in requests if is_paid else ():
                key = request.problem, request.node
                text = self._text(request)
                equal = self._known[text] if self._is_known(text) else first.setdefault(text, key)
                if equal != key:
                    self._same[key] = equal
            self._known |= first
        fresh = [list(first.values()) for first in firsts]
        yield from self._granted(list(zip(fresh, ledgers, strict=True)))

    def _granted(self, parts: Sequence[tuple[Sequence[NodeKey], Ledger]]) -> Generator[Call, None, list[bool]]:
        """Yield the calls that read each part's nodes as far as its ledger pays; return of each whether that was all.

        A part alone pays call by call; several pay in calls of the size that each would make alone, and then share.
        """
        granted: list[_Planned] = []
        paid: list[bool] = []
        for keys, ledger in parts:
            planned = [(key, self._row(key)) for key in keys]
            fitting = [(key, row) for key, row in planned if row.end <= self._profile.context]  # no reward for others
            is_whole = True
            for start in range(0, len(fitting), MAX_ROWS):
                batch = fitting[start : start + MAX_ROWS]
                wanted = len(batch)
                while batch and ledger.request(self._cost([row for _, row in batch])) is not None:
                    batch.pop()
                if batch and len(parts) == 1:
                    yield self._call(batch)
                else:
                    granted += batch
                is_whole = len(batch) == wanted
                if not is_whole:
                    break
            paid.append(is_whole)
        granted.sort(key=lambda planned: planned[1].start)  # like beside like: padding is computed for nothing
        for start in range(0, len(granted), MAX_ROWS):
            yield self._call(granted[start : start + MAX_ROWS])
        return paid

    def _call(self, batch: Sequence[_Planned]) -> Call:
        """Return a call that will read rows; whatever is asked for from now on may stand on them."""
        self._rows.update(batch)
        return partial(self._graph.read, [row for _, row in batch])

    def _cost(self, rows: Sequence[Row]) -> Cost:
        shape = self._profile.shape
        flops = sum(span_flops(shape, row.start, row.end, 0) for row in rows)
        bytes_read = call_bytes(shape, (row.end for row in rows))
        return Cost(Payer.SCORE, flops, sum(len(row.tokens) for row in rows), bytes_read=bytes_read)

    def _row(self, key: NodeKey) -> Row:
        """Collect what must be read for a node: its own tokens, and those of parents that were forgotten."""
        parts: list[Sequence[int]] = []
        at: NodeKey | None = key
        while at is not None and at not in self._rows:
            parts.append(self._written[at].tokens)
            at = self._written[at].above
        above = self._rows[at] if at is not None else None
        tokens = [token for part in reversed(parts) for token in part]
        return Row(above, tokens, above.end if above is not None else 0)

    def _rewards(self, requests: Sequence[ScoreRequest]) -> list[float | None]:
        """Return what has been read; an equal sibling's reward is a node's own."""
        rows = [self._rows.get(self._known.get(self._text(request), (-1, -1))) for request in requests]
        return [None if row is None else row.reward for row in rows]

    def _is_known(self, text: Text) -> bool:
        """Say whether an equal sibling has been read and is not forgotten."""
        return self._known.get(text) in self._rows

    def _first(self, key: NodeKey) -> NodeKey:
        """Return the node that stands for a node and its equals."""
        return self._same.get(key, key)

    def _text(self, request: ScoreRequest) -> Text:
        return self._first((request.problem, request.parent)), request.text

    def _write(self, key: NodeKey, parent: NodeKey, text: str) -> None:
        """Take note of a step."""
        tokens = self._step(text, parent[1] == ROOT)
        self._written[key] = _Written(parent, tokens, self._written[parent].end + len(tokens))

    def _cut(self, text: str, first: bool) -> tuple[int, ...]:  # noqa: FBT001 - what is remembered by cannot be named
        return tuple(self._cutter.step(text, first=first))


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
