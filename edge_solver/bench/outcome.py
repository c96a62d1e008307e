"""What came of one problem under one arm: as a whole search gives it, or as the first samples of a wider one would.

Of N independent samples the first n are those that width n would have drawn, so everything about them can be read off:
the vote, and what they would have cost alone, to the last FLOP. Seconds and joules are the wider search's, in
proportion to the FLOPs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edge_solver.bench.arms import Arm
from edge_solver.core.cost import paper_flops, span_flops
from edge_solver.core.jury import Jury
from edge_solver.core.ports import Grader, Profile
from edge_solver.core.solution import Spent, TreeSize
from edge_solver.core.strategies import STRATEGIES
from edge_solver.core.tree import ROOT, Finish, Node, Tree
from edge_solver.solver import Search


@dataclass(frozen=True, slots=True)
class Vote:
    """One finished solution."""

    answer: str
    weight: float
    """Its reward, as the vote counted it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a results line tells of a search."""

    answer: str | None
    confidence: float
    solvable: float | None
    """What the reward model made of the problem alone, where it judges problems."""
    stopped_by: str
    votes: tuple[Vote, ...]
    """In sampling order: by first step, then by age."""
    spent: Spent
    tree: TreeSize


def whole(search: Search) -> Outcome:
    """Return what a search came to."""
    solution = search.solution()
    return Outcome(
        answer=solution.answer,
        confidence=solution.confidence,
        solvable=solution.solvable,
        stopped_by=solution.stopped_by,
        votes=_votes(search.jury, search.tree.answers()),
        spent=solution.spent,
        tree=solution.tree,
    )


def part(
    search: Search,
    arm: Arm,
    grader: Grader,
    policy: Profile,
    prm: Profile | None,
    spans: Mapping[int, range],
    twins: Mapping[int, int],
    *,
    chosen_vote: str | None,
) -> Outcome:
    """Return what an arm would have come to by itself, from a finished search that drew its samples and more.

    Args:
        search: It drew independent samples, without a cap or a stopping rule.
        arm: A sampling strategy, at most as wide.
        grader: Says which answers are equal.
        policy: The policy's profile.
        prm: The reward model's profile, where the arm weighs rewards.
        spans: The positions that the reward model was charged for, by node.
        twins: How many first tokens of a step were evaluated for an earlier one, by node.
        chosen_vote: The final rule that the user wants instead of the strategy's own.
    """
    tree, strategy = search.tree, STRATEGIES[arm.strategy]
    steps = [node for first in tree.children(ROOT)[: arm.width] for node in _below(tree, first)]
    leaves = tuple(sorted((n for n in steps if n.finish is Finish.ANSWER), key=lambda node: node.id))
    prm = prm if strategy.scored else None
    solvable = search.solution().solvable if prm is not None else None
    jury = Jury(
        tree,
        chosen_vote or strategy.vote,
        search.settings.aggregate,
        grader.same,
        prm.belief if prm is not None else None,
        scored=strategy.scored,
    )
    tally = jury.tally(leaves)
    winner = tally.winner
    return Outcome(
        answer=winner.answer if winner else None,
        confidence=jury.confidence(tally, solvable),
        solvable=solvable,
        stopped_by="complete",
        votes=_votes(jury, leaves),
        spent=_spent(search, steps, policy, prm, spans, twins),
        tree=TreeSize(1 + len(steps), len(leaves), max((node.depth for node in steps), default=0)),
    )


def _below(tree: Tree, node_id: int) -> list[Node]:
    """Return a node and everything below it."""
    found = [tree[node_id]]
    for node in found:
        found += (tree[child] for child in tree.children(node.id))
    return found


def _votes(jury: Jury, leaves: Sequence[Node]) -> tuple[Vote, ...]:
    in_order = sorted(leaves, key=lambda leaf: (jury.tree.path(leaf.id)[0].id, leaf.id))
    return tuple(Vote(leaf.answer or "", jury.weight(leaf.id)) for leaf in in_order)


def _spent(
    search: Search,
    steps: Sequence[Node],
    policy: Profile,
    prm: Profile | None,
    spans: Mapping[int, range],
    twins: Mapping[int, int],
) -> Spent:
    """Return what these samples alone would have cost."""
    tree, shared = search.tree, search.solution().spent
    start = tree.root.end
    # Every token of a sample is evaluated but the last, each for the logits of the next, and once for all its twins:
    # for the earliest, which is among the first samples if any of them is.
    written = [
        range(node.end - node.n_tokens + twins.get(node.id, 0), node.end - (not tree.children(node.id)))
        for node in steps
    ]
    flops_policy = span_flops(policy.shape, 0, start, 1)
    flops_policy += sum(span_flops(policy.shape, span.start, span.stop, len(span)) for span in written)
    generated = sum(node.n_tokens for node in steps)
    read = [spans[ROOT], *(spans[n.id] for n in steps if n.id in spans)] if prm is not None else []
    flops_prm = sum(span_flops(prm.shape, span.start, span.stop, 0) for span in read) if prm is not None else 0
    ratio = (flops_policy + flops_prm) / shared.flops if shared.flops else 0.0
    return replace(
        shared,
        flops=flops_policy + flops_prm,
        flops_policy=flops_policy,
        flops_prm=flops_prm,
        flops_paper=paper_flops(policy.shape, generated),
        tokens_generated=generated,
        tokens_evaluated=start + sum(map(len, written)),
        tokens_prm=sum(len(span) for span in read),
        seconds=shared.seconds * ratio,
        joules=shared.joules.part(ratio),
    )
