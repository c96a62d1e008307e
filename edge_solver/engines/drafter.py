"""The policy behind the ``Drafter`` port: one decode call per token position serves every live branch.

Parents are evaluated to their last token, children fork their sequences, and from then on each call carries one row per
live branch. A branch that ends leaves the batch and gives its cells back at once. Which prefix sits where is the
business of ``prefixes``; the device is behind ``llama``.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import span_flops
from edge_solver.core.ports import Draft, DraftRequest, Profile, Pulse
from edge_solver.core.tree import ROOT, Finish
from edge_solver.engines.formats import AnswerReader, StepFormat
from edge_solver.engines.llama import MAX_SEQUENCES, LlamaContext, LlamaModel
from edge_solver.engines.prefixes import NodeKey, Prefix, Prefixes
from edge_solver.engines.sampling import sample, stream
from edge_solver.errors import ModelMemoryError, ProblemError

MIN_ROOM = 16
"""Positions that a prompt must leave free: less would not hold one step and an answer."""
MAX_LIVE = 224
"""Branches in one call; the other sequence ids hold prefixes that may be continued."""
ROWS = 256
"""Tokens in one call; longer prompts take several."""
SLACK = 64
"""Cells that are not counted on: a token evaluated again for its logits is in the cache twice for a while."""
SPARE_CELLS = 2.0
"""Room in the KV cache, as a multiple of what the profile lets expect: solutions vary, and so do problems."""


@dataclass(slots=True, eq=False)
class _Branch:
    """A step being written."""

    request: DraftRequest
    prefix: Prefix
    uniforms: NDArray[np.float64]
    data: bytearray = field(default_factory=bytearray)
    finish: Finish | None = None
    """Set when the step has ended."""


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
            width: Branches to expect, for sizing the KV cache.
            cells: Tokens of room in the KV cache; by default what the profile lets expect, with some to spare.
            threads: For llama.cpp; by default the physical cores.
            max_memory_bytes: Most memory for the KV cache.
        """
        self._model, self._format, self._read_answer, self._profile = model, step_format, read_answer, profile
        self._width, self._cells, self._threads, self._memory = width, cells, threads, max_memory_bytes
        self._step_end = step_format.step_end.encode()
        self._context: LlamaContext | None = None
        self._prefixes: Prefixes | None = None

    @property
    def profile(self) -> Profile:
        """The policy's name, checksum, shape and typical lengths."""
        return self._profile

    @property
    def cells_used(self) -> int:
        """Cells of the KV cache in use."""
        return self._prefixes.used if self._prefixes else 0

    def close(self) -> None:
        """Free the KV cache and the model."""
        if self._context is not None:
            self._context.close()
            self._context = self._prefixes = None
        self._model.close()

    def open(self, problem: int, text: str) -> int:
        """Make ``text`` the root of a new problem; see ``Drafter.open``."""
        tokens = self._model.tokenize(self._format.prefix, special=True, start=True)
        tokens += self._model.tokenize(text.strip())
        tokens += self._model.tokenize(self._format.suffix, special=True)
        most = self._profile.context - MIN_ROOM
        if len(tokens) > most:
            raise ProblemError(
                f"the problem has {len(tokens)} tokens and {self._profile.name} reads at most {most}; "
                "shorten it, or choose a model with a longer context"
            )
        self._make_room(len(tokens))
        self._cache.add_root((problem, ROOT), tokens)
        return len(tokens)

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Free the cells of every other node of this problem; see ``Drafter.retain``."""
        self._cache.retain(problem, frozenset(nodes))

    def draft(self, requests: Sequence[DraftRequest], ledger: Ledger) -> Iterator[Draft | Pulse]:
        """Write one step per request; see ``Drafter.draft``."""
        waiting = deque(requests)
        live: list[_Branch] = []
        try:
            while waiting or live:
                if waiting and len(live) < MAX_LIVE:
                    yield from self._start(waiting, live, ledger)
                elif live:
                    self._advance(live, ledger)
                for branch in [branch for branch in live if branch.finish is not None]:
                    live.remove(branch)
                    yield self._close(branch)
                yield Pulse(len(live))
        finally:  # also when the listener has lost interest in the middle
            for branch in live:
                self._cache.release(branch.prefix)

    # --- a call for the next tokens of all live branches ---

    def _advance(self, live: list[_Branch], ledger: Ledger) -> None:
        """Evaluate every live branch's newest token and sample the next one."""
        rows = list(live)
        while rows and self._cache.used + len(rows) > self._cache.cells:
            rows.pop().finish = Finish.LENGTH
        while rows and ledger.request(self._advance_cost(rows)) is not None:
            rows.pop().finish = Finish.BUDGET
        if not rows:
            return
        prefixes = [branch.prefix for branch in rows]
        logits = self._device.decode(
            [prefix.tokens[-1] for prefix in prefixes],
            [prefix.end - 1 for prefix in prefixes],
            [prefix.sequence or 0 for prefix in prefixes],
            [True] * len(rows),
        )
        for prefix in prefixes:
            self._cache.evaluated(prefix)
        self._sample(rows, logits)

    def _advance_cost(self, rows: Sequence[_Branch]) -> Cost:
        shape = self._profile.shape
        flops = sum(span_flops(shape, branch.prefix.end - 1, branch.prefix.end, 1) for branch in rows)
        return Cost(Payer.DECODE, flops, len(rows), len(rows))

    def _sample(self, rows: Sequence[_Branch], logits: NDArray[np.float32]) -> None:
        """Give every branch its next token, and see whether that ends its step."""
        uniforms = np.array([branch.uniforms[len(branch.prefix.tokens)] for branch in rows])
        tokens = sample(logits, rows[0].request.temperature, uniforms)
        for branch, token in zip(rows, tokens.tolist(), strict=True):
            self._push(branch, token)

    def _push(self, branch: _Branch, token: int) -> None:
        branch.prefix.tokens.append(token)
        if self._model.is_end(token):
            branch.finish = Finish.ANSWER  # or so the model thinks
            return
        piece = self._model.piece(token)
        branch.data += piece
        if self._step_end in branch.data[-len(piece) - len(self._step_end) :] and branch.data.strip():
            branch.finish = Finish.STEP
        elif len(branch.prefix.tokens) >= branch.request.max_tokens:
            branch.finish = Finish.LENGTH

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

    # --- a call that starts new branches ---

    def _start(self, waiting: deque[DraftRequest], live: list[_Branch], ledger: Ledger) -> Iterator[Draft]:
        """Evaluate the parents of the next requests, fork them and sample each request's first token."""
        batch = self._next_batch(waiting, MAX_LIVE - len(live))
        while batch and (finish := self._obstacle(batch, ledger)) is not None:
            request, _ = batch.pop()
            yield Draft(request.problem, request.node, "", 0, finish)
        if not batch:
            return
        parents = self._parents(batch)
        for parent in parents:
            self._evaluate(parent)
        row_of = {id(parent): row for row, parent in enumerate(parents)}
        logits = np.stack([parent.logits for parent in parents if parent.logits is not None])
        logits = logits[[row_of[id(self._parent(request))] for request, _ in batch]]
        branches = [self._fork(request, take_over=take_over) for request, take_over in batch]
        self._sample(branches, logits)
        live += branches

    def _next_batch(self, waiting: deque[DraftRequest], room: int) -> list[tuple[DraftRequest, bool]]:
        """Take as many waiting requests as there are sequences for, at least one."""
        while not (batch := self._startable(waiting, room)):
            needed = self._parent(waiting[0])
            self._cache.release(
                next(node for node in self._cache.kept if node.parent is not None and node is not needed)
            )
        for _ in batch:
            waiting.popleft()
        return batch

    def _startable(self, waiting: deque[DraftRequest], room: int) -> list[tuple[DraftRequest, bool]]:
        """Return the requests that can start now, and whether each takes over its parent's sequence.

        Only where sequences are scarce does a parent's last child take the parent's own: a parent without one has to be
        evaluated again should it ever be expanded again. The root always keeps its own.
        """
        left = Counter(id(self._parent(request)) for request in waiting)
        free = self._cache.free_sequences
        scarce = 2 * len(waiting) > free
        settled: set[int] = set()
        batch: list[tuple[DraftRequest, bool]] = []
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

    def _obstacle(self, batch: Sequence[tuple[DraftRequest, bool]], ledger: Ledger) -> Finish | None:
        """Say what keeps a batch from starting, or book it."""
        parents = self._parents(batch)
        lacking = [len(self._cache.lacking(parent)) for parent in parents]
        if self._cache.used + sum(lacking) + len(batch) > self._cache.cells:
            return Finish.LENGTH
        paid = {Payer.PROMPT: Cost(Payer.PROMPT, 0), Payer.DECODE: Cost(Payer.DECODE, 0, 0, len(batch))}
        for parent, missing in zip(parents, lacking, strict=True):
            payer = Payer.PROMPT if parent.parent is None else Payer.DECODE
            flops = span_flops(self._profile.shape, parent.end - missing, parent.end, 1)
            paid[payer] = paid[payer].plus(flops, missing)
        return Finish.BUDGET if ledger.request(*paid.values()) is not None else None

    def _evaluate(self, node: Prefix) -> None:
        """Bring a whole path into the KV cache and keep the logits at its end."""
        if node.logits is not None:
            return
        tokens, start = self._cache.settle(node)
        sequence = node.sequence or 0
        for offset in range(0, len(tokens), ROWS):
            chunk = tokens[offset : offset + ROWS]
            wanted = [False] * len(chunk)
            wanted[-1] = offset + len(chunk) == len(tokens)
            positions = range(start + offset, start + offset + len(chunk))
            logits = self._device.decode(chunk, positions, [sequence] * len(chunk), wanted)
            if wanted[-1]:
                node.logits = logits[0].copy()
        self._cache.evaluated(node)

    def _fork(self, request: DraftRequest, *, take_over: bool) -> _Branch:
        """Begin a branch on a sequence forked from its parent's, or on the parent's own."""
        key = request.problem, request.node
        prefix = self._cache.add_child(key, self._parent(request), take_over=take_over)
        return _Branch(request, prefix, stream(request.seed, request.node).random(request.max_tokens + 1))

    def _parents(self, batch: Sequence[tuple[DraftRequest, bool]]) -> list[Prefix]:
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

    def _make_room(self, prompt: int) -> None:
        """Make a KV cache for this prompt and the width asked for, unless there is one that is large enough."""
        wanted = self._cells or self._expected_cells(prompt)
        if self._memory is not None:
            wanted = min(wanted, self._memory // max(1, self._profile.shape.kv_bytes_per_token))
        least = prompt + MIN_ROOM + SLACK
        if wanted < least:
            raise ModelMemoryError(
                f"a KV cache of {wanted} tokens does not hold the prompt and one step; allow {least} at least"
            )
        if self._prefixes is not None:
            if self._prefixes.used or self._device.cells >= wanted:
                return
            self._device.close()
        self._context = self._model.context(wanted, max_rows=ROWS, branches=self._width, threads=self._threads)
        self._prefixes = Prefixes(self._context, MAX_SEQUENCES, self._context.cells - SLACK)

    def _expected_cells(self, prompt: int) -> int:
        profile = self._profile
        solution = profile.step_tokens * profile.solution_steps * SPARE_CELLS
        return prompt + int(self._width * min(solution, profile.context - prompt)) + ROWS
