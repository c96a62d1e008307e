"""Steps being written: their text as it comes, where it ends, and the drafts that they become.

Knows tokens, text and the conventions of a format; nothing of caches, calls or budgets. What branches that write the
same have in common is held once, so that a token costs as much for hundreds of them as for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_solver.core.formats import AnswerReader, StepFormat
from edge_solver.core.ports import Draft, DraftRequest
from edge_solver.core.tree import Finish
from edge_solver.engines.prefix import Prefix
from edge_solver.engines.sampling import streams


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
    twins: Twins | None = None
    """Itself and those that write the same; ``None`` before it begins."""
    shared: int | None = None
    """How many of its tokens, from the first on, a more valuable branch has written too and is charged for; ``None``
    while those are all."""
    finish: Finish | None = None
    """Set where it ends before it begins, or goes on."""
    takes_over: bool = False
    """Whether it begins on the sequence of its parent."""
    is_guest: bool = False
    """Whether it begins only because another draws from the same logits; then it waits for room of its own."""

    @property
    def base(self) -> Prefix:
        """What has to be in the cache for its next token."""
        return self.parent if self.twins is None else self.twins.base

    @property
    def written(self) -> int:
        """How many tokens it has."""
        return 0 if self.twins is None else self.twins.written


@dataclass(slots=True, eq=False)
class Twins:
    """Branches below one parent that have written the same so far, the most valuable first; often one alone."""

    branches: list[Branch]
    uniforms: NDArray[np.float64]
    """What tokens are drawn by, ``[branches that began together, tokens]``."""
    rows: NDArray[np.intp]
    """The row of each branch there."""
    prefix: Prefix | None = None
    """What their tokens end in; ``None`` before their first token has a place."""
    written: int = 0
    """How many tokens each has."""
    data: bytearray = field(default_factory=bytearray)
    """Their text."""
    finish: Finish | None = None
    """Set when their step has ended."""
    temperature: float = field(init=False)
    """As each of them asked; here because it is read at every token."""
    most: int = field(init=False)
    """Tokens that each may have, likewise."""

    def __post_init__(self) -> None:
        """Tell the branches whom they belong to."""
        self.temperature, self.most = self.request.temperature, self.request.max_tokens
        for branch in self.branches:
            branch.twins = self

    def __len__(self) -> int:
        """Count the branches."""
        return len(self.branches)

    @property
    def order(self) -> int:
        """The place in line of the most valuable one."""
        return self.branches[0].order

    @property
    def request(self) -> DraftRequest:
        """What was asked of the most valuable one; of the others it differs in what names them."""
        return self.branches[0].request

    @property
    def base(self) -> Prefix:
        """What has to be in the cache for their next token."""
        return self.branches[0].parent if self.prefix is None else self.prefix

    def next_uniforms(self) -> list[float]:
        """Return what the next token of each is drawn by."""
        if len(self.branches) == 1:  # mostly, and four times as fast as for several
            return [self.uniforms.item(self.rows.item(0), self.written)]
        uniforms: list[float] = self.uniforms[self.rows, self.written].tolist()
        return uniforms

    def drawn(self, tokens: Sequence[int]) -> dict[int, Twins]:
        """Part by the tokens that each has drawn, in the order of the first of each; these stay with the first."""
        if tokens.count(tokens[0]) == len(tokens):
            parts = {tokens[0]: self}
        else:
            places: dict[int, list[int]] = {}
            for place, token in enumerate(tokens):
                places.setdefault(token, []).append(place)
            (token, first), *others = places.items()
            parts = {token: self} | {token: self._part(chosen) for token, chosen in others}
            self._keep(first)
        for part in parts.values():
            part.lead()
        return parts

    def leave(self, branch: Branch) -> Twins:
        """Let a branch go on, or end, alone."""
        place = self.branches.index(branch)
        alone = self._part([place])
        self._keep([other for other in range(len(self.branches)) if other != place])
        if self.branches:
            self.lead()
        return alone

    def lead(self) -> None:
        """Note that from now on the most valuable branch writes what no other did before it."""
        if self.branches[0].shared is None:
            self.branches[0].shared = self.written

    def _part(self, places: Sequence[int]) -> Twins:
        branches = [self.branches[place] for place in places]
        return Twins(branches, self.uniforms, self.rows[places], self.prefix, self.written, bytearray(self.data))

    def _keep(self, places: Sequence[int]) -> None:
        self.branches, self.rows = [self.branches[place] for place in places], self.rows[places]


def by_base(branches: Iterable[Branch]) -> dict[Prefix, list[Branch]]:
    """Put branches together that stand at the same prefix, in the order of the first of each."""
    groups: dict[Prefix, list[Branch]] = {}
    for branch in branches:
        groups.setdefault(branch.base, []).append(branch)
    return groups


def begin(branches: Sequence[Branch]) -> list[Twins]:
    """Let branches begin: those that draw their tokens after the same prefix, and in the same way, are twins."""
    if not branches:
        return []
    requests = [branch.request for branch in branches]
    uniforms = streams([request.stream for request in requests], max(request.max_tokens for request in requests))
    groups: dict[tuple[Prefix, float, int], list[int]] = {}
    for row, branch in enumerate(branches):
        alike = branch.parent, branch.request.temperature, branch.request.max_tokens
        groups.setdefault(alike, []).append(row)
    return [Twins([branches[row] for row in rows], uniforms, np.array(rows)) for rows in groups.values()]


class StepWriter:
    """Puts tokens to branches by the conventions of a format."""

    def __init__(self, vocabulary: Vocabulary, step_format: StepFormat, read_answer: AnswerReader) -> None:
        """Take what says where a step ends, and what finds the answer in it."""
        self._vocabulary, self._read_answer = vocabulary, read_answer
        self._step_end = step_format.step_end.encode()
        self._stops = tuple(stop.encode() for stop in step_format.stops)
        self._last_bytes = {end[-1:] for end in (self._step_end, *self._stops)}
        self._quiet: dict[int, bytes | None] = {}
        """What tokens stand for that end no step, whatever was written before them; ``None`` for those that may."""

    def push(self, twins: Twins, token: int) -> None:
        """Give branches their next token, and see whether that ends their step."""
        if token not in self._quiet:
            self._quiet[token] = self._cannot_end(token)
        piece = self._quiet[token]
        twins.written += 1
        if piece is not None and twins.written < twins.most:
            twins.data += piece
        else:
            self._may_end(twins, token)

    def _cannot_end(self, token: int) -> bytes | None:
        """Return what a token stands for if it has no byte that an end could be complete with."""
        if self._vocabulary.is_end(token):
            return None
        piece = self._vocabulary.piece(token)
        return None if any(byte in piece for byte in self._last_bytes) else piece

    def _may_end(self, twins: Twins, token: int) -> None:
        if self._vocabulary.is_end(token):
            twins.finish = Finish.ANSWER  # or so the model thinks
            return
        data, piece = twins.data, self._vocabulary.piece(token)
        data += piece
        if self._stops and (over := self._over(data, len(piece))) is not None:
            del data[over:]
            twins.finish = Finish.ANSWER  # as above
        elif _find_new(self._step_end, data, len(piece)) >= 0 and data.strip():
            twins.finish = Finish.STEP
        elif twins.written >= twins.most:
            twins.finish = Finish.LENGTH

    def drafts(self, twins: Twins) -> Iterator[Draft]:
        """Turn branches that have ended into drafts."""
        text = twins.data.decode("utf-8", "replace")
        finish = twins.finish or Finish.BUDGET
        answer = self._read_answer(text) if finish in (Finish.STEP, Finish.ANSWER) else None
        if answer is not None:
            finish = Finish.ANSWER
        elif finish is Finish.ANSWER:
            finish = Finish.LENGTH  # the model ended without an answer
        for branch in twins.branches:
            yield Draft(branch.request.problem, branch.request.node, text, twins.written, finish, answer)

    def _over(self, data: bytearray, new: int) -> int | None:
        """Return where in a step text begins that shows that the solution is over, if the last piece has brought it."""
        found = [_find_new(stop, data, new) for stop in self._stops]
        return min((at for at in found if at >= 0), default=None)


def _find_new(end: bytes, data: bytearray, new: int) -> int:
    """Return where a text stands that the newest bytes have brought or completed, or -1."""
    return data.find(end, max(0, len(data) - new - len(end) + 1))
