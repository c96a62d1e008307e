"""Who may be in the next call: room in the cache is given to the most valuable branches, and taken from the least.

A branch begins where its step is likely to fit beside the others. Where they grow beyond that, prefixes that wait for
their turn leave the cache first, then the branches that are worth least: they keep their text, wait, and are evaluated
again when there is room. Branches that stand at the same prefix come and go together. The most valuable branch of a
problem goes on in any case; only where it does not fit even alone is it closed. So a small cache costs time and never
changes a tree that fits branch by branch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from edge_solver.core.tree import Finish
from edge_solver.engines.branches import Branch, by_base
from edge_solver.engines.flights import Flight
from edge_solver.engines.prefix import Prefix
from edge_solver.engines.prefixes import Prefixes

MAX_LIVE = 224
"""Branches of one problem in one call; the other sequence ids hold prefixes that may be continued."""

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


def begun(branch: Branch, prefix: Prefix) -> None:
    """Note that a branch is being written."""
    branch.prefix, prefix.worth = prefix, (_LIVE, -branch.order)


def ended(cache: Prefixes, branch: Branch, finish: Finish) -> None:
    """Note how a branch ended; only one that may be continued stays in the cache."""
    if branch.prefix is None:
        return
    prefix, worth = branch.prefix, (_WRITTEN, -branch.order)
    if finish is Finish.STEP:  # and so have its twins
        prefix.worth = worth if prefix.worth[0] == _LIVE else max(prefix.worth, worth)
    else:
        cache.leave((branch.request.problem, branch.request.node), prefix)


def keep_live(cache: Prefixes, flight: Flight) -> list[Branch]:
    """Make room for one more token on every live branch, and return those that have it."""
    going, share = by_base(flight.live), flight.share
    while going and share.used + len(going) > share.cells:
        if cache.evict(flight.problem, (), _WAITING):
            continue
        prefix, last = going.popitem()
        if going:
            cache.release(prefix)
            suspend(flight, last)
        else:
            for branch in last:
                branch.finish = Finish.LENGTH  # even alone
    return [branch for branch in flight.live if branch.base in going]


def suspend(flight: Flight, branches: Sequence[Branch]) -> None:
    """Let branches wait that have no sequence, or not any more; they keep their text."""
    flight.live = [branch for branch in flight.live if branch not in branches]
    flight.wait(branches)
    for branch in branches:
        branch.parent.worth = max(branch.parent.worth, (_WAITING, -branch.order))


class Admission:
    """Lets the waiting branches of a flight begin, as far as there is room."""

    def __init__(self, cache: Prefixes, sequences: int, step_tokens: float) -> None:
        """Take what is shared out: the cache, its number of sequences, and the usual length of a step."""
        self._cache, self._sequences, self._step_tokens = cache, sequences, round(step_tokens)
        cache.reserved = 0

    def admit(self, flight: Flight, *, is_busy: bool) -> list[Branch]:
        """Take branches from the front of the line, and those further back that draw from the same logits.

        A branch that would not fit even alone gets its ``finish`` and is returned by itself. ``is_busy`` says that some
        branch of any problem is being written, and will give its sequence back.
        """
        batch: list[Branch] = []
        planned, settled = set[Prefix](), set[Prefix]()
        share = flight.share
        scarce = 2 * len(flight.waiting) > self._sequences - share.sequences
        ahead = sum(map(self._ahead, flight.live))
        while flight.waiting and len(flight.live) + len(batch) < MAX_LIVE:
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

    def _ahead(self, branch: Branch) -> int:
        """Return the cells that a branch is likely to fill yet."""
        return min(branch.request.max_tokens, max(branch.written + _AT_LEAST, self._step_tokens)) - branch.written

    def _starts(self, branch: Branch) -> None:
        if branch.prefix is not None:
            return  # it has begun before
        parent = branch.parent
        parent.awaited -= 1
        if not parent.awaited and not parent.is_prompt:
            parent.worth = (-1, 0)  # what is written after it holds its cells

    def _ids(self, branch: Branch, settled: set[Prefix], *, scarce: bool) -> tuple[bool, int]:
        """Say whether a branch takes over its parent's sequence, and how many new ones it needs.

        Only where the problem alone would run out of sequences does a parent's last child take the parent's own.
        """
        if branch.prefix is not None:
            return False, branch.prefix not in settled
        parent = branch.parent
        settles = parent.sequence is None and parent not in settled and not parent.is_ready
        has_own = parent.sequence is not None or settles
        take_over = scarce and has_own and not parent.is_prompt and parent.awaited == 1
        return take_over, settles + (not take_over)

    def _has_ids(self, flight: Flight, wanted: int, line: Sequence[Branch], *, may_wait: bool) -> bool:
        """Say whether sequences are free, after others that could be read again were given up where need be."""
        while self._cache.free_sequences < wanted:
            alone = len(line) == 1 and not flight.live
            is_own_doing = len(self._cache.shares) == 1 or flight.share.sequences >= self._sequences - 2
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
