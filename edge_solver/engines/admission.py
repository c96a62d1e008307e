"""Who may be in the next call: room in the cache is given to the most valuable branches, and taken from the least.

A branch begins where its step is likely to fit beside the others. Where they grow beyond that, prefixes that wait for
their turn leave the cache first, then the branches that are worth least: they keep their text, wait, and are evaluated
again when there is room. Branches that stand at the same prefix come and go together. The most valuable branch of a
problem goes on in any case; only where it does not fit even alone is it closed. So a small cache costs time and never
changes a tree that fits branch by branch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from edge_solver.core.tree import Finish
from edge_solver.engines.branches import Branch, Twins
from edge_solver.engines.flights import Flight
from edge_solver.engines.prefix import Prefix
from edge_solver.engines.prefixes import Prefixes

_MOST_LIVE = 7 / 8
"""Share of the sequences that one problem's branches may begin on; the others hold prefixes that may be continued."""
_AT_LEAST = 8
"""Tokens that a branch is given room for beyond what it has, however long it is already."""
_WAITING, _WRITTEN = 2, 1
"""Classes of worth: a prefix that steps of this round are to begin after, and a step written in this round. Those that
nobody has asked for come below, and branches that are being written above."""
_LIVE = 3


def await_steps(line: Sequence[Branch]) -> None:
    """Note that branches are to begin after their parents."""
    for branch in line:
        branch.parent.awaited += 1
        branch.parent.worth = max(branch.parent.worth, (_WAITING, -branch.order))


def await_no_more(line: Sequence[Branch]) -> None:
    """Note that branches will not begin."""
    for branch in line:
        branch.parent.awaited = 0


def begun(twins: Twins, prefix: Prefix) -> None:
    """Note that branches are being written."""
    twins.prefix, prefix.worth = prefix, (_LIVE, -twins.order)  # worth as much as the most valuable


def ended(cache: Prefixes, twins: Twins, finish: Finish) -> None:
    """Note how branches ended; only those that may be continued stay in the cache."""
    if twins.prefix is None:
        return
    if finish is Finish.STEP:
        twins.prefix.worth = _WRITTEN, -twins.order
    else:
        cache.leave(twins.request.problem, [branch.request.node for branch in twins.branches], twins.prefix)


def keep_live(cache: Prefixes, flight: Flight) -> list[Twins]:
    """Make room for one more token on every live branch, and return those that have it."""
    going, share = list(flight.live), flight.share
    while going and share.used + len(going) > share.cells:
        if cache.evict(flight.problem, (), _WAITING):
            continue
        last = going.pop()
        if going:
            cache.release(last.base)
            suspend(flight, [last])
        else:
            last.finish = Finish.LENGTH  # even alone
    return going


def suspend(flight: Flight, stranded: Collection[Twins]) -> None:
    """Let branches wait that have no sequence, or not any more; they keep their text."""
    flight.live = [twins for twins in flight.live if twins not in stranded]
    branches = [branch for twins in stranded for branch in twins.branches]
    flight.wait(branches)
    for branch in branches:
        branch.parent.worth = max(branch.parent.worth, (_WAITING, -branch.order))


class Admission:
    """Lets the waiting branches of a flight begin, as far as there is room."""

    def __init__(self, cache: Prefixes, step_tokens: float) -> None:
        """Take what is shared out, the cache with its sequences, and the usual length of a step."""
        self._cache, self._step_tokens = cache, round(step_tokens)
        cache.reserved = 0

    def admit(self, flight: Flight, *, is_busy: bool) -> list[Branch]:
        """Take branches from the front of the line, and those further back that draw from the same logits.

        A branch that would not fit even alone gets its ``finish`` and is returned by itself. ``is_busy`` says that some
        branch of any problem is being written, and will give its sequence back.
        """
        if not flight.waiting:
            return []
        batch: list[Branch] = []
        planned, settled = set[Prefix](), set[Prefix]()
        share, most = flight.share, int(_MOST_LIVE * self._cache.sequences)
        scarce = 2 * len(flight.waiting) > self._cache.sequences - share.sequences
        ahead, live = sum(len(twins) * self._ahead(twins) for twins in flight.live), flight.n_live
        while flight.waiting and live + len(batch) < most:
            branch = flight.waiting[0]
            alone = not batch and not flight.live
            chain = branch.base.lacking(planned)
            missing = self._cache.cells_of(chain)
            line = [branch, *batch]
            waits = is_busy or bool(batch)
            take_over, ids = self._ids(branch, settled, scarce=scarce)
            if not self._has_ids(flight, ids, line, may_wait=waits):
                break
            if not self._has_cells(flight, missing + self._ahead(branch) + ahead, line, alone=alone):
                if not alone:
                    break
                if share.used + missing + 1 > share.cells:
                    branch.finish = Finish.LENGTH
                    return [flight.waiting.popleft()]
            planned.update(chain)
            settled.add(branch.base)
            ahead += missing + self._ahead(branch)
            self._cache.reserved += ids
            branch.takes_over = take_over
            batch.append(flight.waiting.popleft())
            self._starts(branch)
        guests = [branch for branch in flight.waiting if branch.base in settled]
        flight.waiting = deque(branch for branch in flight.waiting if branch.base not in settled)
        for branch in guests:
            branch.is_guest = True
            self._starts(branch)
        return sorted(batch + guests, key=lambda branch: branch.order)

    def _ahead(self, branch: Branch | Twins) -> int:
        """Return the cells that a branch, or each of several, is likely to fill yet."""
        return min(branch.request.max_tokens, max(branch.written + _AT_LEAST, self._step_tokens)) - branch.written

    def _starts(self, branch: Branch) -> None:
        if branch.twins is not None:
            return  # it has begun before
        parent = branch.parent
        parent.awaited -= 1
        if not parent.awaited and not parent.is_prompt:
            parent.worth = (-1, 0)  # what is written after it holds its cells

    def _ids(self, branch: Branch, settled: set[Prefix], *, scarce: bool) -> tuple[bool, int]:
        """Say whether a branch takes over its parent's sequence, and how many new ones it needs.

        Only where the problem alone would run out of sequences does a parent's last child take the parent's own.
        """
        if branch.twins is not None:
            return False, branch.base not in settled
        parent = branch.parent
        settles = parent.sequence is None and parent not in settled and not parent.is_ready
        has_own = parent.sequence is not None or settles
        take_over = scarce and has_own and not parent.is_prompt and parent.awaited == 1
        return take_over, settles + (not take_over)

    def _has_ids(self, flight: Flight, wanted: int, line: Sequence[Branch], *, may_wait: bool) -> bool:
        """Say whether sequences are free, after others that could be read again were given up where need be."""
        while self._cache.free_sequences < wanted:
            alone = len(line) == 1 and not flight.live
            is_own_doing = len(self._cache.shares) == 1 or flight.share.sequences >= self._cache.sequences - 2
            if may_wait and not is_own_doing:
                return False
            spare = _paths(line)
            problems = [flight.problem] if is_own_doing else [flight.problem, *self._cache.shares]
            most = _WAITING if alone else _WRITTEN
            if not any(self._cache.evict(problem, spare, most, cells=False) for problem in problems):
                return False
        return True

    def _has_cells(self, flight: Flight, wanted: int, line: Sequence[Branch], *, alone: bool) -> bool:
        """Say whether cells are free, after others that could be read again were given up where need be."""
        share = flight.share
        while share.used + wanted > share.cells:
            if not self._cache.evict(flight.problem, _paths(line), _WAITING if alone else _WRITTEN):
                return False
        return True


def _paths(line: Sequence[Branch]) -> set[Prefix]:
    return {node for branch in line for node in branch.base.path()}
