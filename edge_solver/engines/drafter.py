"""The policy behind the ``Drafter`` port: one decode call per token position serves every live branch.

Parents are evaluated to their last token, children fork their sequences, and from then on each call carries one row for
all live branches that have written the same so far (``twins``). A branch that ends leaves the batch and gives its cells
back at once. Requests of several problems run in one loop: whoever asks again before a call was made makes it, for all
of them. Each problem keeps to its own ledger and its own share of the cache, so its tree is the one that it would grow
alone. Which prefix sits where is the business of ``prefixes``, who may be in a call that of ``admission``, what it
costs that of ``pricing``; the device is behind ``llama``.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from edge_solver.core import room
from edge_solver.core.budget import Ledger, Payer
from edge_solver.core.cost import call_bytes
from edge_solver.core.formats import AnswerReader, StepFormat
from edge_solver.core.ports import Draft, DraftRequest, Profile, Pulse
from edge_solver.core.tree import ROOT, Finish, Node
from edge_solver.engines import admission
from edge_solver.engines.admission import Admission
from edge_solver.engines.branches import Branch, StepWriter, Twins, begin, by_base
from edge_solver.engines.calls import Call
from edge_solver.engines.capacity import Announced, Limits
from edge_solver.engines.flights import Flight, Rows
from edge_solver.engines.housing import MIN_ROOM, Housing
from edge_solver.engines.llama import LlamaModel
from edge_solver.engines.prefix import Prefix
from edge_solver.engines.prefixes import Prefixes
from edge_solver.engines.pricing import Need, advance_cost, needs, start_costs
from edge_solver.engines.prompts import opening_tokens, prompt_tokens
from edge_solver.engines.sampling import sample
from edge_solver.engines.twins import advance
from edge_solver.errors import ProblemError


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
        limits: Limits | None = None,
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
                spare, or what memory allows.
            threads: For llama.cpp; by default the physical cores.
            limits: The memory that may be taken; by default what is free.
        """
        self._model, self._format, self._profile = model, step_format, profile
        self._writer = StepWriter(model, step_format, read_answer)
        self._housing = Housing(
            model,
            profile,
            opening_tokens(model, step_format),
            width=width,
            problems=problems,
            cells=cells,
            threads=threads,
            limits=limits or Limits(),
        )
        self._flights: dict[int, Flight] = {}
        self._twins: dict[int, dict[int, int]] = {}
        self._beats = 0
        self._on_call: Callable[[Call], None] | None = None
        self._inside, self._bytes_read = 0.0, 0

    @property
    def profile(self) -> Profile:
        """The policy's name, checksum, shape and typical lengths."""
        return self._profile

    @property
    def cells_used(self) -> int:
        """Cells of the KV cache that open problems use."""
        return self._housing.cells_used

    @property
    def announced(self) -> Announced | None:
        """The memory that the process will have at most; ``None`` before a problem was opened."""
        return self._housing.announced

    def listen(self, on_call: Callable[[Call], None] | None) -> None:
        """Tell ``on_call`` of every call from now on, after it was made."""
        self._on_call = on_call

    @property
    def problems(self) -> int:
        """How many problems' branches a call is made for."""
        return self._housing.problems

    def close(self) -> None:
        """Free the KV cache and the model."""
        self._housing.close()
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
        self._housing.open((problem, ROOT), tokens)
        self._twins[problem] = {}
        known = [step for step in steps if step.finish is Finish.STEP]
        self._cache.add_known(
            problem, ((step.id, step.parent or ROOT, self._model.tokenize(step.text)) for step in known)
        )
        return len(tokens)

    def take_twins(self, problem: int) -> Mapping[int, int]:
        """Return how many first tokens each step has in common with an earlier one, and forget it; see ``Twinned``."""
        return self._twins.pop(problem, {})

    def has_room(self, text: str) -> bool:
        """Say whether one more problem can be opened beside those that are open; alone, any that fits at all can."""
        return self._housing.has_room(len(prompt_tokens(self._model, self._format, text)))

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Free the cells of every other node of this problem; see ``Drafter.retain``."""
        self._housing.retain(problem, nodes)

    def draft(self, requests: Sequence[DraftRequest], ledger: Ledger) -> Iterator[Draft | Pulse]:
        """Write one step per request, all of one problem; see ``Drafter.draft``.

        Before every call it yields a pulse, so that other problems can put their requests into the same call.
        """
        if not requests:
            return
        problem = requests[0].problem
        line = [Branch(each, order, self._cache[problem, each.parent]) for order, each in enumerate(requests)]
        admission.await_steps(line)
        flight = Flight(problem, ledger, self._cache.share(problem), deque(line))
        self._flights[problem] = flight
        try:
            while not flight.ended or flight.ready:
                while flight.ready:
                    yield flight.ready.popleft()
                beat = self._beats
                yield Pulse(flight.n_live)
                if beat == self._beats and not flight.ended:
                    self._step()
        finally:  # also when the listener has lost interest in the middle
            del self._flights[problem]
            admission.await_no_more(line)
            for twins in flight.live:
                admission.ended(self._cache, twins, Finish.BUDGET)

    # --- one call for everything that is under way ---

    def _step(self) -> None:
        """Evaluate the newest token of every live branch and what those lack that begin; sample what follows."""
        self._beats += 1
        begun, self._inside, self._bytes_read = time.perf_counter(), 0.0, 0
        rows, flops, served, paths = Rows(), Counter[int](), 0, 0
        desk = Admission(self._cache, self._profile.step_tokens)
        starting: list[tuple[Flight, list[Branch]]] = []
        flights = tuple(self._flights.values())
        for flight in flights:
            going = self._add_live(flight, rows, flops)
            if len(going) < len(flight.live):
                flight.is_stirred = True  # and there is nothing left to begin with
            elif flight.waiting:
                busy = any(each.live for each in flights) or any(batch for _, batch in starting)
                batch = desk.admit(flight, is_busy=busy)
                batch = self._paid_batch(flight, batch, rows, flops)
                starting.append((flight, batch))
                served += len(batch)
                paths += len(by_base(batch))
            served += sum(map(len, going))
            paths += len(going)
        waiting = sum(len(flight.waiting) for flight in flights)
        self._decode(rows)
        self._cache.reserved = 0
        self._begin(starting)
        for flight in flights:
            if not flight.is_stirred:
                continue
            flight.is_stirred = False
            flight.live.sort(key=lambda twins: twins.order)
            ended = [twins for twins in flight.live if twins.finish is not None]
            if ended:
                flight.live = [twins for twins in flight.live if twins.finish is None]
                flight.ready.extend(self._close(ended))
            stranded = [twins for twins in flight.live if twins.base.sequence is None]
            if stranded:
                admission.suspend(flight, stranded)
        if self._on_call is not None and served:
            seconds = time.perf_counter() - begun
            done = Call(Payer.DECODE, dict(flops), served, seconds, self._inside, self._bytes_read, paths, waiting)
            self._on_call(done)

    def _decode(self, rows: Rows) -> None:
        """Evaluate rows, sample for the branches among the takers and keep the logits of the others; empties rows."""
        for start in range(0, len(rows), room.ROWS):
            span = slice(start, start + room.ROWS)
            takers = rows.takers[span]
            begun = time.perf_counter()
            logits = self._housing.device.decode(
                rows.tokens[span], rows.positions[span], rows.sequences[span], [taker is not None for taker in takers]
            )
            self._inside += time.perf_counter() - begun
            ends = dict(
                zip(rows.sequences[span], rows.positions[span], strict=True)
            )  # a sequence's last row comes last
            self._bytes_read += call_bytes(self._profile.shape, [position + 1 for position in ends.values()])
            drawing: list[Twins] = []
            drawn_from: list[int] = []
            for row, taker in enumerate(taker for taker in takers if taker is not None):
                if isinstance(taker, Prefix):
                    taker.logits = logits[row].copy()
                else:
                    drawing.append(taker)
                    drawn_from.append(row)
            if drawing:
                self._sample(drawing, logits if len(drawing) == len(logits) else logits[drawn_from])
        rows.clear()

    def _sample(self, drawing: Sequence[Twins], logits: NDArray[np.float32]) -> None:
        """Give every branch its next token, drawn from the row of the logits of its twins, and see what that ends."""
        sizes = [len(twins) for twins in drawing]
        uniforms = np.array([number for twins in drawing for number in twins.next_uniforms()])
        temperatures = [twins.temperature for twins in drawing]
        if temperatures.count(temperatures[0]) == len(drawing):
            tokens = sample(logits, temperatures[0], uniforms, sizes)
        else:
            tokens = np.empty(len(uniforms), np.intp)
            for temperature in set(temperatures):
                own = [each == temperature for each in temperatures]
                draws = np.repeat(own, sizes)
                counts = [size for size, is_own in zip(sizes, own, strict=True) if is_own]
                tokens[draws] = sample(logits[own], temperature, uniforms[draws], counts)
        cache, drawn, start = self._cache, tokens.tolist(), 0
        for twins, size in zip(drawing, sizes, strict=True):
            _, *parted = advance(cache, self._writer, twins, drawn[start : start + size])
            if parted or twins.finish is not None:
                flight = self._flights[twins.request.problem]
                flight.live += parted
                flight.is_stirred = True
            start += size

    def _close(self, ended: Sequence[Twins]) -> list[Draft]:
        """Turn branches that have ended into drafts, the most valuable first."""
        closed: list[tuple[int, Draft]] = []
        for twins in ended:
            drafts = list(self._writer.drafts(twins))
            admission.ended(self._cache, twins, drafts[0].finish)
            closed += zip((branch.order for branch in twins.branches), drafts, strict=True)
            shared = self._twins.get(drafts[0].problem, {})
            for branch in twins.branches:
                shared[branch.request.node] = twins.written if branch.shared is None else branch.shared
        return [draft for _, draft in sorted(closed, key=itemgetter(0))]

    # --- branches that go on ---

    def _add_live(self, flight: Flight, rows: Rows, flops: Counter[int]) -> list[Twins]:
        """Put the newest token of a problem's live branches into the call, as many as have room and are paid for."""
        going = admission.keep_live(self._cache, flight)
        cost = advance_cost(self._profile.shape, going)
        while going and flight.ledger.request(cost) is not None:
            twins = max(going, key=lambda each: each.branches[-1].order)
            dropped = twins.leave(twins.branches[-1]) if len(twins) > 1 else twins
            dropped.finish = Finish.BUDGET
            if dropped is twins:
                going.remove(twins)
            else:
                flight.live.append(dropped)
            cost = advance_cost(self._profile.shape, going)
        flops[flight.problem] += cost.flops
        rows.add_live(going)
        self._cache.grown(flight.share, [twins.base for twins in going])
        return going

    # --- branches that begin, or go on after they had made room ---

    def _paid_batch(self, flight: Flight, batch: list[Branch], rows: Rows, flops: Counter[int]) -> list[Branch]:
        """Book as much of a batch as is paid for, and put what it lacks into the call; the rest is closed."""
        shape, is_first = self._profile.shape, not flight.share.is_begun
        while batch:
            needed = needs(batch)
            if batch[-1].finish is None:
                costs = start_costs(shape, batch, needed, first=is_first)
                if flight.ledger.request(*costs) is None:
                    flops[flight.problem] += sum(cost.flops for cost in costs)
                    flight.share.is_begun = True
                    flight.live += _resumed(batch)
                    self._add_needs(needed, batch, rows)
                    return batch
                batch[-1].finish = Finish.BUDGET
            flight.ready += self._close([_alone(batch.pop())])
        return batch

    def _add_needs(self, needed: Sequence[Need], branches: Sequence[Branch], rows: Rows) -> None:
        """Put what is lacking into the call, so that the logits for the next tokens are there afterwards."""
        resumed = {twins.base: twins for twins in _resumed(branches)}
        for need in needed:
            node, chain, start = need.node, need.chain, need.start
            if not rows.pending.isdisjoint(node.path()):
                self._decode(rows)  # what it forks has to be in the cache first
            opening = self._cache.opening
            if opening is not None and opening in chain:
                # Alone in its call, so that what is kept for the next problem is what that one would have computed.
                self._cache.settle(opening, 0)
                self._add_tokens(opening, opening.tokens, 0, {}, rows)
                self._decode(rows)
                chain, start = chain[1:], opening.end
            self._cache.settle(node, start)
            takers: dict[int, Twins | Prefix] = {each.end - 1: each for each in need.takers}
            if node in resumed:
                takers[node.end - 1] = resumed[node]
            tokens = [token for each in chain for token in each.tokens[each.evaluated :]] or node.tokens[-1:]
            rows.pending.update(chain)
            self._add_tokens(node, tokens, start, takers, rows)

    def _add_tokens(
        self,
        node: Prefix,
        tokens: Sequence[int],
        start: int,
        takers: dict[int, Twins | Prefix],
        rows: Rows,
    ) -> None:
        for position, token in enumerate(tokens, start):
            rows.add(token, position, node.sequence or 0, takers.get(position))
        self._cache.evaluated(node)

    def _begin(self, starting: Sequence[tuple[Flight, list[Branch]]]) -> None:
        """Sample the first token of every new branch, after its parent, which has been evaluated."""
        new: list[Twins] = []
        for flight, batch in starting:
            begun = begin([branch for branch in batch if branch.twins is None])
            flight.live += begun
            flight.is_stirred |= bool(batch)
            new += begun
        if not new:
            return
        logits = [twins.base.logits for twins in new if twins.base.logits is not None]
        assert len(logits) == len(new)  # the call was for that
        self._sample(new, np.stack(logits))

    @property
    def _cache(self) -> Prefixes:
        return self._housing.cache


def _resumed(branches: Iterable[Branch]) -> list[Twins]:
    """Return the branches that go on after they had made room, as they were."""
    return list(dict.fromkeys(branch.twins for branch in branches if branch.twins is not None))


def _alone(branch: Branch) -> Twins:
    """Take a branch that ends in the line out of those that may go on."""
    if branch.twins is None:
        (alone,) = begin([branch])
    else:
        alone = branch.twins.leave(branch)
    alone.finish = branch.finish
    return alone
