"""Branches that write the same: one path in the cache, and one row per call, for as long as their tokens agree.

All that stand at the same prefix draw from one row of logits, each with its own random numbers. Those that draw the
same token go on as one; where they part, each token begins a prefix of its own below the one that they share. So what
several branches write at the same time is evaluated once, and their steps, where they are the same to the last token,
are one prefix, after which their children are twins again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge_solver.core.tree import Finish
from edge_solver.engines import admission
from edge_solver.engines.branches import Branch
from edge_solver.engines.prefix import Prefix
from edge_solver.engines.prefixes import Prefixes


def place(cache: Prefixes, branches: Iterable[Branch], tokens: Iterable[int]) -> None:
    """Put the tokens that branches have drawn into the tree of prefixes.

    All that draw after a prefix must come together, the most valuable first. Those that have ended, and not with a
    step, need no place.
    """
    drawn: dict[Prefix, dict[int, list[Branch]]] = {}
    for branch, token in zip(branches, tokens, strict=True):
        if branch.finish is None or branch.finish is Finish.STEP:
            drawn.setdefault(branch.base, {}).setdefault(token, []).append(branch)
    for base, twins_by_token in drawn.items():
        for twins in twins_by_token.values():
            for branch in twins[1:]:
                branch.shared += 1
        is_written = next(iter(twins_by_token.values()))[0].prefix is base
        if is_written and len(twins_by_token) == 1:
            base.tokens.extend(twins_by_token)
            continue
        for token, twins in twins_by_token.items():
            if is_written:
                base.writers -= len(twins)
                _begin(cache, base, token, twins, take_over=base.sequence is not None, may_wait=False)
            else:
                is_heir = any(branch.takes_over for branch in twins)
                is_guest = all(branch.is_guest for branch in twins)
                _begin(cache, base, token, twins, take_over=is_heir, may_wait=is_guest)


def _begin(
    cache: Prefixes, base: Prefix, token: int, twins: Sequence[Branch], *, take_over: bool, may_wait: bool
) -> None:
    """Begin a prefix for branches that have drawn the same token; where no sequence is free they have to wait."""
    problem = twins[0].request.problem
    child = cache.add_child(problem, [branch.request.node for branch in twins], base, token)
    if take_over:
        cache.hand_over(base, child)
    elif cache.free_sequences > 0 and not may_wait:
        cache.settle(child, base.end)
    child.writers = len(twins)
    for branch in reversed(twins):
        admission.begun(branch, child)  # its worth is that of the most valuable
