"""The ONNX reward model for several problems at once: their steps in one batch, each on its own ledger.

Alone in a call, a problem is scored by ``OnnxScorer`` itself. Together, rewards are the same up to the rounding of a
matrix product in another shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from edge_solver.core.budget import Ledger
from edge_solver.core.ports import ScoreRequest
from edge_solver.core.tree import ROOT
from edge_solver.engines.merging import Group
from edge_solver.engines.onnx import MAX_ROWS, NodeKey, OnnxScorer, _Row


@final
class BatchedOnnxScorer(OnnxScorer):
    """An ``OnnxScorer`` that several problems can share a call of."""

    def score_together(self, groups: Sequence[Group]) -> list[list[float | None]]:
        """Score the new steps of several problems; each ledger is asked as if its problem were alone."""
        paid = self._read_parents(groups)
        rows: list[_Row] = []
        firsts: list[dict[tuple[NodeKey, str], NodeKey]] = []  # equal siblings are read once
        for (requests, ledger), is_paid in zip(groups, paid, strict=True):
            first: dict[tuple[NodeKey, str], NodeKey] = {}
            for request in requests if is_paid else ():
                first.setdefault(((request.problem, request.parent), request.text), (request.problem, request.node))
            firsts.append(first)
            rows += self._granted([self._row(node) for node in first.values()], ledger)[0]
        self._run_merged(rows)
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
            start = self._end(parent)
            tokens = self._tokenizer.tokenize(request.text) or self._tokenizer.tokenize(self._step_end)
            end = start + len(tokens)
            is_charged = (parent, request.text) not in known and end <= self._profile.context
            spans.append(range(start, end if is_charged else start))
            known.add((parent, request.text))
        return spans

    def _end(self, key: NodeKey) -> int:
        """Return the position after a node's last token."""
        end, at = 0, key
        while True:
            above, tokens = self._written[at]
            end += len(tokens)
            if above is None:
                return end
            at = above

    def _read_parents(self, groups: Sequence[Group]) -> list[bool]:
        """Read the parents that were not read yet; say for every group whether its ledger paid for all of its own."""
        rows: list[_Row] = []
        paid: list[bool] = []
        for requests, ledger in groups:
            for request in requests:
                tokens = self._tokenizer.tokenize(request.text) or self._tokenizer.tokenize(self._step_end)
                self._written[request.problem, request.node] = ((request.problem, request.parent), tokens)
            parents = dict.fromkeys((request.problem, request.parent) for request in requests)
            granted, whole = self._granted([self._row(key) for key in parents if key not in self._read], ledger)
            rows += granted
            paid.append(whole)
        self._run_merged(rows)
        return paid

    def _granted(self, rows: Sequence[_Row], ledger: Ledger) -> tuple[list[_Row], bool]:
        """Book as many rows as are paid for, in calls of the size that the problem would make alone."""
        fitting = [row for row in rows if row.end <= self._profile.context]
        granted: list[_Row] = []
        for start in range(0, len(fitting), MAX_ROWS):
            batch = fitting[start : start + MAX_ROWS]
            whole = len(batch)
            while batch and ledger.request(self._cost(batch)) is not None:
                batch.pop()
            granted += batch
            if len(batch) < whole:
                return granted, False
        return granted, True

    def _run_merged(self, rows: Sequence[_Row]) -> None:
        # Rows of like length side by side: what is padded is computed for nothing.
        ordered = sorted(rows, key=lambda row: row.start)
        for start in range(0, len(ordered), MAX_ROWS):
            self._run(ordered[start : start + MAX_ROWS])

    def _reward(self, request: ScoreRequest, first: dict[tuple[NodeKey, str], NodeKey]) -> float | None:
        key = first.get(((request.problem, request.parent), request.text))
        twin = self._read.get(key) if key is not None else None
        if twin is not None and request.node != ROOT:
            self._read[request.problem, request.node] = twin
        return twin.reward if twin is not None else None
