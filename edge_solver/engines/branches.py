"""A step being written: its text as it comes, where it ends, and the draft that it becomes.

Knows tokens, text and the conventions of a format; nothing of caches, calls or budgets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_solver.core.formats import AnswerReader, StepFormat
from edge_solver.core.ports import Draft, DraftRequest
from edge_solver.core.tree import Finish
from edge_solver.engines.prefix import Prefix


class Vocabulary(Protocol):
    """What tokens mean."""

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for."""
        ...

    def is_end(self, token: int) -> bool:
        """Say whether a token ends generation."""
        ...


@dataclass(slots=True, eq=False)
class Branch:
    """A request on its way to a draft."""

    request: DraftRequest
    order: int
    """Its place among the requests that came with it, the most valuable first."""
    parent: Prefix
    prefix: Prefix | None = None
    """What its own tokens end in, and those of others that write the same; ``None`` before it begins."""
    uniforms: NDArray[np.float64] | None = None
    """What its tokens are drawn by; made when it begins."""
    written: int = 0
    """How many tokens it has."""
    shared: int = 0
    """How many of them, from the first on, a more valuable branch has written too and is charged for."""
    data: bytearray = field(default_factory=bytearray)
    finish: Finish | None = None
    """Set when the step has ended."""
    takes_over: bool = False
    """Whether it begins on the sequence of its parent."""
    is_guest: bool = False
    """Whether it begins only because another draws from the same logits; then it waits for room of its own."""

    @property
    def base(self) -> Prefix:
        """What has to be in the cache for its next token."""
        return self.parent if self.prefix is None else self.prefix

    @property
    def uniform(self) -> float:
        """What its next token is drawn by."""
        assert self.uniforms is not None  # it has begun
        return float(self.uniforms[self.written])


def by_base(branches: Iterable[Branch]) -> dict[Prefix, list[Branch]]:
    """Put branches together that stand at the same prefix, in the order of the first of each."""
    groups: dict[Prefix, list[Branch]] = {}
    for branch in branches:
        groups.setdefault(branch.base, []).append(branch)
    return groups


class StepWriter:
    """Puts tokens to branches by the conventions of a format."""

    def __init__(self, vocabulary: Vocabulary, step_format: StepFormat, read_answer: AnswerReader) -> None:
        """Take what says where a step ends, and what finds the answer in it."""
        self._vocabulary, self._read_answer = vocabulary, read_answer
        self._step_end = step_format.step_end.encode()
        self._stops = tuple(stop.encode() for stop in step_format.stops)

    def push(self, branch: Branch, token: int) -> None:
        """Give a branch its next token, and see whether that ends its step."""
        data = branch.data
        branch.written += 1
        if self._vocabulary.is_end(token):
            branch.finish = Finish.ANSWER  # or so the model thinks
            return
        piece = self._vocabulary.piece(token)
        data += piece
        if self._stops and (over := self._over(data, len(piece))) is not None:
            del data[over:]
            branch.finish = Finish.ANSWER  # as above
        elif self._step_end in data[-len(piece) - len(self._step_end) :] and data.strip():
            branch.finish = Finish.STEP
        elif branch.written >= branch.request.max_tokens:
            branch.finish = Finish.LENGTH

    def draft(self, branch: Branch) -> Draft:
        """Turn an ended branch into a draft."""
        text = branch.data.decode("utf-8", "replace")
        finish = branch.finish or Finish.BUDGET
        answer = self._read_answer(text) if finish in (Finish.STEP, Finish.ANSWER) else None
        if answer is not None:
            finish = Finish.ANSWER
        elif finish is Finish.ANSWER:
            finish = Finish.LENGTH  # the model ended without an answer
        request = branch.request
        return Draft(request.problem, request.node, text, branch.written, finish, answer)

    def _over(self, data: bytearray, new: int) -> int | None:
        """Return where in a step text begins that shows that the solution is over, if the last piece has brought it."""
        found = [data.find(stop, max(0, len(data) - new - len(stop))) for stop in self._stops]
        return min((at for at in found if at >= 0), default=None)
