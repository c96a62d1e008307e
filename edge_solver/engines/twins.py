"""Branches that write the same: one path in the cache, and one row per call, for as long as their tokens agree.

All that stand at the same prefix draw from one row of logits, each with its own random numbers. Those that draw the
same token go on as one; where they part, each token begins a prefix of its own below the one that they share. So what
several branches write at the same time is evaluated once, and their steps, where they are the same to the last token,
are one prefix, after which their children are twins again.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge_solver.core.tree import Finish
from edge_solver.engines import admission
from edge_solver.engines.branches import StepWriter, Twins
from edge_solver.engines.prefix import Prefix
from edge_solver.engines.prefixes import Prefixes


def advance(cache: Prefixes, writer: StepWriter, twins: Twins, tokens: Sequence[int]) -> list[Twins]:
    """Give branches the token that each has drawn, and put them into the tree of prefixes.

    Those that have ended, and not with a step, need no place there.

    Returns:
        Them, as they are parted now; they themselves are the first.
    """
    base, is_written = twins.base, twins.prefix is not None
    if is_written and tokens.count(tokens[0]) == len(tokens):  # as nearly always; what follows would do the same
        writer.push(twins, tokens[0])
        if twins.finish is None or twins.finish is Finish.STEP:
            base.tokens.append(tokens[0])
        return [twins]
    parts = twins.drawn(tokens)
    for token, part in parts.items():
        writer.push(part, token)
    going = {token: part for token, part in parts.items() if part.finish is None or part.finish is Finish.STEP}
    if is_written and len(going) == 1:
        base.tokens.extend(going)
    else:
        for token, part in going.items():
            if is_written:
                base.writers -= len(part)
                _begin(cache, base, token, part, take_over=base.sequence is not None, may_wait=False)
            else:
                is_heir = any(branch.takes_over for branch in part.branches)
                is_guest = all(branch.is_guest for branch in part.branches)
                _begin(cache, base, token, part, take_over=is_heir, may_wait=is_guest)
    return list(parts.values())


def _begin(cache: Prefixes, base: Prefix, token: int, twins: Twins, *, take_over: bool, may_wait: bool) -> None:
    """Begin a prefix for branches that have drawn the same token; where no sequence is free they have to wait."""
    child = cache.add_child(twins.request.problem, [branch.request.node for branch in twins.branches], base, token)
    if take_over:
        cache.hand_over(base, child)
    elif cache.free_sequences > 0 and not may_wait:
        cache.settle(child, base.end)
    child.writers = len(twins)
    admission.begun(twins, child)
