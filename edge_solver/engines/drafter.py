"""The policy behind the ``Drafter`` port: one decode call per token position serves every live branch.

Parents are evaluated to their last token, children fork their sequences, and from then on each call carries one row per
live branch. A branch that ends leaves the batch and gives its cells back at once. Requests of several problems run in
one loop: whoever asks again before a call was made makes it, for all of them. Each problem keeps to its own ledger and
its own share of the cache, so its tree is the one that it would grow alone. Which prefix sits where is the business of
``prefixes``; the device is behind ``llama``.
"""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from edge_solver import memory
from edge_solver.core import room
from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import call_bytes, paper_flops, row_flops, span_flops
from edge_solver.core.formats import AnswerReader, StepFormat
from edge_solver.core.ports import Draft, DraftRequest, Profile, Pulse
from edge_solver.core.tree import ROOT, Finish, Node
from edge_solver.engines.calls import Call
from edge_solver.engines.choices import SMALL_MODEL
from edge_solver.engines.llama import MAX_SEQUENCES, LlamaContext, LlamaModel
from edge_solver.engines.prefixes import NodeKey, Prefix, Prefixes
from edge_solver.engines.sampling import sample, stream
from edge_solver.errors import ModelMemoryError, ProblemError

MIN_ROOM = 16
"""Positions that a prompt must leave free: less would not hold one step and an answer."""
MAX_LIVE = 224
"""Branches of one problem in one call; the other sequence ids hold prefixes that may be continued."""
SLACK = 64
"""Cells of each problem that are not counted on: a token evaluated again for its logits is in the cache twice for a
while."""
MANY = 8
"""Problems at the same time where nobody says how many, for a model whose weights are worth sharing. A small one (under
``SMALL_MODEL`` weights) takes them one by one: with 2.85 M weights on two x86 cores one problem at width 16 gave 2,270
tokens/s, two at a time 1,460, seven 840; at width 1, one gave 1,350 and eight 1,370. Attention to the others' cells
costs more than sharing the weights saves."""

_CONTROL = re.compile(r"<[^<>\s]+>|\[/?INST\]")
"""What a control token in a template looks like: no token reaches across its edges."""


@dataclass(slots=True, eq=False)
class _Branch:
    """A step being written."""

    request: DraftRequest
    prefix: Prefix
    uniforms: NDArray[np.float64]
    data: bytearray = field(default_factory=bytearray)
    finish: Finish | None = None
    """Set when the step has ended."""


_Batch = list[tuple[DraftRequest, bool]]
"""Requests that start together, and whether each takes over its parent's sequence."""


@dataclass(slots=True, eq=False)
class _Flight:
    """One problem's requests in the loop."""

    problem: int
    ledger: Ledger
    waiting: deque[DraftRequest]
    live: list[_Branch] = field(default_factory=list)
    ready: deque[Draft] = field(default_factory=deque)
    """Drafts that nobody has taken yet."""

    @property
    def ended(self) -> bool:
        return not self.waiting and not self.live


class _Rows:
    """Tokens to be evaluated in one call."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.positions: list[int] = []
        self.sequences: list[int] = []
        self.takers: list[_Branch | Prefix | None] = []
        """Who wants a row's logits."""
        self.pending: set[int] = set()
        """Nodes, by identity, that are in the cache only after the call: nothing can be forked from them yet."""

    def __len__(self) -> int:
        return len(self.tokens)

    def clear(self) -> None:
        for column in (self.tokens, self.positions, self.sequences, self.takers, self.pending):
            column.clear()

    def add(self, token: int, position: int, sequence: int, taker: _Branch | Prefix | None) -> None:
        self.tokens.append(token)
        self.positions.append(position)
        self.sequences.append(sequence)
        self.takers.append(taker)


class LlamaDrafter:
    """Drafts steps with a GGUF policy."""

    def __init__(
        self,
        model: LlamaModel,
        step_format: StepFormat,
        read_answer: AnswerReader,
        profile: Profile,
        *,
        width: int,
        problems: int | None = 1,
        cells: int | None = None,
        threads: int | None = None,
        max_memory_bytes: int | None = None,
    ) -> None:
        """Wrap a loaded model; the KV cache is made when the first problem shows how much room it needs.

        Args:
            model: The policy.
            step_format: Its prompt and step conventions.
            read_answer: Finds the final answer in a step.
            profile: Its name, checksum, shape and typical lengths.
            width: Branches of one problem to expect, for sizing the KV cache.
            problems: Problems that will be open at the same time, fewer where memory does not hold as many; ``None``
                for as many as make a call faster.
            cells: Tokens of room per problem in the KV cache; by default what the profile lets expect, with some to
                spare.
            threads: For llama.cpp; by default the physical cores.
            max_memory_bytes: Most memory for the KV cache.
        """
        self._model, self._format, self._read_answer, self._profile = model, step_format, read_answer, profile
        small = profile.shape.params_total < SMALL_MODEL
        self._width, self._problems = width, problems or (1 if small else MANY)
        self._cells, self._threads, self._memory = cells, threads, max_memory_bytes
        self._step_end = step_format.step_end.encode()
        self._stops = tuple(stop.encode() for stop in step_format.stops)
        self._context: LlamaContext | None = None
        self._prefixes: Prefixes | None = None
        self._flights: list[_Flight] = []
        self._beats = 0
        self._on_call: Callable[[Call], None] | None = None

    @property
    def profile(self) -> Profile:
        """The policy's name, checksum, shape and typical lengths."""
        return self._profile

    @property
    def cells_used(self) -> int:
        """Cells of the KV cache in use."""
        return self._prefixes.used if self._prefixes else 0

    def listen(self, on_call: Callable[[Call], None] | None) -> None:
        """Tell ``on_call`` of every call from now on, after it was made."""
        self._on_call = on_call

    @property
    def problems(self) -> int:
        """How many problems may be open at the same time."""
        return self._problems

    def close(self) -> None:
        """Free the KV cache and the model."""
        if self._context is not None:
            self._context.close()
            self._context = self._prefixes = None
        self._model.close()

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root of a new problem; see ``Drafter.open``."""
        tokens = prompt_tokens(self._model, self._format, text)
        most = self._profile.context - MIN_ROOM
        if len(tokens) > most:
            raise ProblemError(
                f"the problem has {len(tokens)} tokens and {self._profile.name} reads at most {most}; "
                "shorten it, or choose a model with a longer context"
            )
        cells = self._share(len(tokens))
        self._make_room(cells)
        self._cache.add_root((problem, ROOT), tokens, cells - SLACK)
        for step in steps:
            if step.finish is Finish.STEP:
                self._cache.add_known(
                    (problem, step.id), (problem, step.parent or ROOT), self._model.tokenize(step.text)
                )
        return len(tokens)

    def has_room(self, text: str) -> bool:
        """Say whether one more problem can be opened beside those that are open; alone, any that fits at all can."""
        if self._prefixes is None or not self._prefixes.shares:
            return True
        sequences = MAX_SEQUENCES // (1 + 2 * self._width)  # the root, what may be continued, and what is written
        cells = self._share(len(prompt_tokens(self._model, self._format, text)))
        return len(self._prefixes.shares) < sequences and self._promised + cells <= self._device.cells

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Free the cells of every other node of this problem; see ``Drafter.retain``."""
        if self._prefixes is None:
            return  # no problem was ever opened
        self._cache.retain(problem, frozenset(nodes))
        if not self._cache.shares:
            # Where in the cache a path sits decides how its attention is rounded. The next problem starts afresh, so
            # that its tree does not depend on what was solved before it.
            self._device.clear()
            self._prefixes = Prefixes(self._device, MAX_SEQUENCES, self._device.cells)

    def draft(self, requests: Sequence[DraftRequest], ledger: Ledger) -> Iterator[Draft | Pulse]:
        """Write one step per request, all of one problem; see ``Drafter.draft``.

        Before every call it yields a pulse, so that other problems can put their requests into the same call.
        """
        if not requests:
            return
        flight = _Flight(requests[0].problem, ledger, deque(requests))
        self._flights.append(flight)
        try:
            while not flight.ended or flight.ready:
                while flight.ready:
                    yield flight.ready.popleft()
                beat = self._beats
                yield Pulse(len(flight.live))
                if beat == self._beats and not flight.ended:
                    self._step()
        finally:  # also when the listener has lost interest in the middle
            self._flights.remove(flight)
            for branch in flight.live:
                self._cache.release(branch.prefix)

    # --- one call for everything that is under way ---

    def _step(self) -> None:
        """Evaluate the newest token of every live branch and the parents of those that start; sample what follows."""
        self._beats += 1
        begun, self._inside, self._bytes_read = time.perf_counter(), 0.0, 0
        rows, flops = _Rows(), Counter[int]()
        starting: list[tuple[_Flight, _Batch]] = []
        promised = 0
        for flight in self._flights:
            if flight.waiting and len(flight.live) < MAX_LIVE:
                batch = self._next_batch(flight, promised)
                batch = self._paid_batch(flight, batch, flops)
                promised += sum(not take_over for _, take_over in batch)
                starting.append((flight, batch))
                for parent in self._parents(batch):
                    self._add_parent(parent, rows)
            elif flight.live:
                self._add_live(flight, rows, flops)
        served = sum(isinstance(taker, _Branch) for taker in rows.takers) + sum(len(batch) for _, batch in starting)
        self._decode(rows)
        self._begin(starting)
        for flight in self._flights:
            ended = [branch for branch in flight.live if branch.finish is not None]
            if ended:
                flight.live = [branch for branch in flight.live if branch.finish is None]
                flight.ready.extend(map(self._close, ended))
        if self._on_call is not None and served:
            seconds = time.perf_counter() - begun
            self._on_call(Call(Payer.DECODE, dict(flops), served, seconds, self._inside, self._bytes_read))

    def _decode(self, rows: _Rows) -> None:
        """Evaluate rows, sample for the branches among the takers and keep the logits of the others; empties rows."""
        for start in range(0, len(rows), room.ROWS):
            span = slice(start, start + room.ROWS)
            takers = rows.takers[span]
            begun = time.perf_counter()
            logits = self._device.decode(
                rows.tokens[span], rows.positions[span], rows.sequences[span], [taker is not None for taker in takers]
            )
            self._inside += time.perf_counter() - begun
            ends = dict(
                zip(rows.sequences[span], rows.positions[span], strict=True)
            )  # a sequence's last row comes last
            self._bytes_read += call_bytes(self._profile.shape, [position + 1 for position in ends.values()])
            waiting = [taker for taker in takers if taker is not None]
            branches = [(row, taker) for row, taker in enumerate(waiting) if isinstance(taker, _Branch)]
            for row, taker in enumerate(waiting):
                if isinstance(taker, Prefix):
                    taker.logits = logits[row].copy()
            if len(branches) == len(logits):
                self._sample([branch for _, branch in branches], logits)
            elif branches:
                self._sample([branch for _, branch in branches], logits[[row for row, _ in branches]])
        rows.clear()

    def _sample(self, branches: Sequence[_Branch], logits: NDArray[np.float32]) -> None:
        """Give every branch its next token, and see whether that ends its step."""
        uniforms = np.array([branch.uniforms[len(branch.prefix.tokens)] for branch in branches])
        temperatures = {branch.request.temperature for branch in branches}
        if len(temperatures) == 1:
            for branch, token in zip(branches, sample(logits, temperatures.pop(), uniforms).tolist(), strict=True):
                self._push(branch, token)
            return
        for temperature in temperatures:
            chosen = [i for i, branch in enumerate(branches) if branch.request.temperature == temperature]
            part = logits if len(chosen) == len(branches) else logits[chosen]
            for index, token in zip(chosen, sample(part, temperature, uniforms[chosen]).tolist(), strict=True):
                self._push(branches[index], token)

    def _push(self, branch: _Branch, token: int) -> None:
        branch.prefix.tokens.append(token)
        if self._model.is_end(token):
            branch.finish = Finish.ANSWER  # or so the model thinks
            return
        piece = self._model.piece(token)
        branch.data += piece
        if self._stops and (over := self._over(branch.data, len(piece))) is not None:
            del branch.data[over:]
            branch.finish = Finish.ANSWER  # as above
        elif self._step_end in branch.data[-len(piece) - len(self._step_end) :] and branch.data.strip():
            branch.finish = Finish.STEP
        elif len(branch.prefix.tokens) >= branch.request.max_tokens:
            branch.finish = Finish.LENGTH

    def _over(self, data: bytearray, new: int) -> int | None:
        """Return where in a step text begins that shows that the solution is over, if the last piece has brought it."""
        found = [data.find(stop, max(0, len(data) - new - len(stop))) for stop in self._stops]
        return min((at for at in found if at >= 0), default=None)

    def _close(self, branch: _Branch) -> Draft:
        """Turn an ended branch into a draft; only one that may be continued keeps its sequence."""
        text = branch.data.decode("utf-8", "replace")
        finish = branch.finish or Finish.BUDGET
        answer = self._read_answer(text) if finish in (Finish.STEP, Finish.ANSWER) else None
        if answer is not None:
            finish = Finish.ANSWER
        elif finish is Finish.ANSWER:
            finish = Finish.LENGTH  # the model ended without an answer
        if finish is not Finish.STEP:
            self._cache.release(branch.prefix)
        request = branch.request
        return Draft(request.problem, request.node, text, len(branch.prefix.tokens), finish, answer)

    # --- branches that go on ---

    def _add_live(self, flight: _Flight, rows: _Rows, flops: Counter[int]) -> None:
        """Put the newest token of a problem's live branches into the call, as many as have room and are paid for."""
        live, share = list(flight.live), self._cache.share(flight.problem)
        while live and share.used + len(live) > share.cells:
            live.pop().finish = Finish.LENGTH
        cost = self._advance_cost(live)
        while live and flight.ledger.request(cost) is not None:
            live.pop().finish = Finish.BUDGET
            cost = self._advance_cost(live)
        flops[flight.problem] += cost.flops
        for branch in live:
            prefix = branch.prefix
            rows.add(prefix.tokens[-1], prefix.end - 1, prefix.sequence or 0, branch)
            self._cache.advanced(prefix)

    def _advance_cost(self, branches: Sequence[_Branch]) -> Cost:
        shape, ends = self._profile.shape, [branch.prefix.end for branch in branches]
        flops = row_flops(shape, ends)
        # Where several problems share the call, each reckons as if it were alone.
        return self._sampled(len(branches)).plus(flops, len(branches), bytes_read=call_bytes(shape, ends))

    def _sampled(self, tokens: int) -> Cost:
        """Return what tokens cost beside the evaluation that gave their logits."""
        return Cost(Payer.DECODE, 0, generated=tokens, flops_paper=paper_flops(self._profile.shape, tokens))

    # --- branches that start ---

    def _next_batch(self, flight: _Flight, promised: int) -> _Batch:
        """Take as many waiting requests as there are sequences for.

        That may be none where other problems hold them; where none of those will give any back, the oldest prefixes
        that could be read again are given up.
        """
        waiting = flight.waiting
        room = MAX_LIVE - len(flight.live)
        while not (batch := self._startable(flight, room, promised)):
            if self._cache.share(flight.problem).sequences < MAX_SEQUENCES - 1 and any(f.live for f in self._flights):
                return []
            needed = self._parent(waiting[0])
            owners = flight.problem if any(n.parent for n in self._cache.kept(flight.problem)) else None
            self._cache.release(
                next(node for node in self._cache.kept(owners) if node.parent is not None and node is not needed)
            )
        for _ in batch:
            waiting.popleft()
        return batch

    def _startable(self, flight: _Flight, room: int, promised: int) -> _Batch:
        """Return the requests that can start now, and whether each takes over its parent's sequence.

        Only where the problem alone would run out of sequences does a parent's last child take the parent's own: a
        parent without one has to be evaluated again should it ever be expanded again. The root always keeps its own.
        """
        waiting = flight.waiting
        left = Counter(id(self._parent(request)) for request in waiting)
        free = MAX_SEQUENCES - self._cache.share(flight.problem).sequences
        scarce = 2 * len(waiting) > free
        free = min(free, self._cache.free_sequences - promised)
        settled: set[int] = set()
        batch: _Batch = []
        for request in islice(waiting, room):
            parent = self._parent(request)
            left[id(parent)] -= 1
            take_over = scarce and parent.parent is not None and not left[id(parent)]
            unsettled = parent.sequence is None and id(parent) not in settled
            free -= unsettled + (not take_over)
            if free < 0:
                break
            settled.add(id(parent))
            batch.append((request, take_over))
        return batch

    def _paid_batch(self, flight: _Flight, batch: _Batch, flops: Counter[int]) -> _Batch:
        """Book as much of a batch as has room and is paid for; the rest comes back unwritten."""
        while batch and (finish := self._obstacle(flight, batch, flops)) is not None:
            request, _ = batch.pop()
            flight.ready.append(Draft(request.problem, request.node, "", 0, finish))
        return batch

    def _obstacle(self, flight: _Flight, batch: _Batch, flops: Counter[int]) -> Finish | None:
        """Say what keeps a batch from starting, or book it."""
        parents = self._parents(batch)
        lacking = [len(self._cache.lacking(parent)) for parent in parents]
        share = self._cache.share(flight.problem)
        if share.used + sum(lacking) + len(batch) > share.cells:
            return Finish.LENGTH
        paid = {Payer.PROMPT: Cost(Payer.PROMPT, 0), Payer.DECODE: self._sampled(len(batch))}
        for parent, missing in zip(parents, lacking, strict=True):
            payer = Payer.PROMPT if parent.parent is None else Payer.DECODE
            cost = span_flops(self._profile.shape, parent.end - missing, parent.end, 1) if missing else 0
            paid[payer] = paid[payer].plus(cost, missing)
        ends = [parent.end for parent, missing in zip(parents, lacking, strict=True) if missing]
        calls_more = max(0, -(-sum(lacking) // room.ROWS) - 1)
        bytes_read = call_bytes(self._profile.shape, ends) + calls_more * self._profile.shape.weight_bytes
        paid[Payer.DECODE] = paid[Payer.DECODE].plus(0, bytes_read=bytes_read)
        if flight.ledger.request(*paid.values()) is not None:
            return Finish.BUDGET
        flops[flight.problem] += sum(cost.flops for cost in paid.values())
        return None

    def _add_parent(self, node: Prefix, rows: _Rows) -> None:
        """Put what a parent lacks into the call, so that its logits are there afterwards."""
        if node.logits is not None or node in rows.takers:
            return
        if any(id(above) in rows.pending for above in node.path()):
            self._decode(rows)  # what it forks has to be in the cache first
        rows.pending.add(id(node))
        rows.pending.update(id(above) for above in node.path() if above.evaluated < len(above.tokens))
        tokens, start = self._cache.settle(node)
        for offset, token in enumerate(tokens, start=1):
            rows.add(token, start + offset - 1, node.sequence or 0, node if offset == len(tokens) else None)
        self._cache.evaluated(node)

    def _begin(self, starting: Sequence[tuple[_Flight, _Batch]]) -> None:
        """Fork the parents, which have been evaluated, and sample the first token of every new branch."""
        branches: list[_Branch] = []
        logits: list[NDArray[np.float32]] = []
        for flight, batch in starting:
            for request, take_over in batch:
                parent = self._parent(request)
                assert parent.logits is not None  # the call was for that
                logits.append(parent.logits)
                branch = self._fork(request, parent, take_over=take_over)
                flight.live.append(branch)
                branches.append(branch)
        if branches:
            self._sample(branches, np.stack(logits))

    def _fork(self, request: DraftRequest, parent: Prefix, *, take_over: bool) -> _Branch:
        """Begin a branch on a sequence forked from its parent's, or on the parent's own."""
        prefix = self._cache.add_child((request.problem, request.node), parent, take_over=take_over)
        return _Branch(request, prefix, stream(*request.stream).random(request.max_tokens + 1))

    def _parents(self, batch: _Batch) -> list[Prefix]:
        """Return the parents in the order of their first request."""
        keys: dict[NodeKey, None] = dict.fromkeys((request.problem, request.parent) for request, _ in batch)
        return [self._cache[key] for key in keys]

    def _parent(self, request: DraftRequest) -> Prefix:
        return self._cache[request.problem, request.parent]

    # --- the device ---

    @property
    def _device(self) -> LlamaContext:
        assert self._context is not None  # made by open()
        return self._context

    @property
    def _cache(self) -> Prefixes:
        assert self._prefixes is not None  # made by open()
        return self._prefixes

    @property
    def _promised(self) -> int:
        return self._cache.promised + SLACK * len(self._cache.shares)

    def _share(self, prompt: int) -> int:
        """Return the cells that a problem gets, the same whether or not it is alone."""
        profile = self._profile
        solution = profile.step_tokens * profile.solution_steps
        cells = self._cells or room.cells(prompt, self._width, solution, profile.context)
        if self._memory is not None:
            cells = min(cells, self._memory // max(1, profile.shape.kv_bytes_per_token))
        least = prompt + MIN_ROOM + SLACK
        if cells < least:
            raise ModelMemoryError(
                f"a KV cache of {cells} tokens does not hold the prompt and one step; allow {least} at least"
            )
        return room.padded(cells)

    def _make_room(self, cells: int) -> None:
        """Make a KV cache for problems of this size, unless there is one with room for one more."""
        if self._prefixes is not None:
            if self._promised + cells <= self._device.cells:
                return
            if self._prefixes.shares:
                raise ModelMemoryError(
                    f"the KV cache of {self._device.cells} tokens is shared out; {cells} more are wanted"
                )
            self._device.close()
        bytes_per_cell = max(1, self._profile.shape.kv_bytes_per_token)
        most = [limit // bytes_per_cell for limit in (self._memory, memory.available()) if limit is not None]
        wanted = max(cells, min(self._problems * cells, *most, self._problems * cells))
        self._context = self._model.context(wanted, max_rows=room.ROWS, branches=self._width, threads=self._threads)
        self._prefixes = Prefixes(self._context, MAX_SEQUENCES, self._context.cells)


def prompt_tokens(model: LlamaModel, step_format: StepFormat, problem: str) -> list[int]:
    """Cut a prompt as if it were one text, but never read control tokens in what the user typed."""
    prefix, suffix = step_format.prefix, step_format.suffix
    control = _CONTROL.search(suffix)
    plain = suffix[: control.start()].rstrip(" ") if control else suffix
    space = prefix[len(prefix.rstrip(" ")) :]  # a space belongs to the word after it
    tokens = model.tokenize(prefix.removesuffix(space), special=True, start=True)
    tokens += model.tokenize(space + problem.strip() + plain, follows=bool(prefix))
    return tokens + model.tokenize(suffix.removeprefix(plain), special=True, follows=True)
