"""What it will cost to finish what is started: the price of a branch, from what the tree has shown so far.

A strategy asks one question, *how many branches that stand here can still be finished?*, and narrows its width to the
answer. FLOPs and tokens are priced from lengths: the profile's typical step and solution at first, what is seen as
soon as it is seen. Seconds and joules are turned into FLOPs by the rate observed so far. Without a cap the answer is
"any number".

No typical length can promise an answer, so until there is one the forecast sets aside what the longest solution
allowed would cost: under a tight cap one branch runs alone to its end, and all that is left is then shared freely.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from edge_solver.core.budget import Cap, Ledger
from edge_solver.core.cost import span_flops
from edge_solver.core.ports import Profile
from edge_solver.core.tree import ROOT, Finish, Node, Tree

CAUTION = 1.3
"""Factor on every predicted length: solutions of one problem differ by about this much (standard deviation over mean
of the built-in policy's solution lengths), and a branch that cannot finish is wasted whole."""
PRIOR_STEPS = 4
"""How many observed steps weigh as much as the profile's typical step."""
TAIL = 2.5
"""Factor on the typical length that nearly every solution stays below: of 13,248 samples of the built-in policy 95 %
were shorter than 1.8 times the mean, 99 % than 3.2 times."""
FAIR_SHARE = 2 / 3
"""What one branch may take of a cap before a fresh one, where it fits in the rest, is the better bet."""
RATE_CAUTION = 1.5
"""Extra factor where a rate (FLOPs per second or joule) has to be predicted: it falls as the batch narrows."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one branch will cost."""

    flops: float
    tokens: float

    def of(self, cap: Cap) -> float:
        """Return the price in what a cap is reckoned in: tokens, or FLOPs for every other."""
        return self.tokens if cap is Cap.TOKENS else self.flops


class Forecast:
    """Prices branches of one tree under one ledger."""

    def __init__(self, tree: Tree, ledger: Ledger, policy: Profile, prm: Profile | None, longest: int) -> None:
        """Watch a tree and a ledger; ``prm`` is ``None`` where steps are not scored.

        ``longest`` is the most tokens that a solution may have.
        """
        self._tree, self._ledger, self._policy, self._prm = tree, ledger, policy, prm
        self._longest = min(longest, policy.context - tree.root.end)
        self._counted = 0
        self._typical = (policy.step_tokens, policy.solution_steps)

    def affordable(self, node_ids: Iterable[int]) -> tuple[float, Cap | None]:
        """Return how many branches from the dearest of these nodes can be finished, and the cap that decides it.

        ``(inf, None)`` where nothing is capped. While there is no answer, one branch always is affordable, and more
        only beside the reserve for the longest solution. Where a rate has to be known and is not yet, one branch will
        show it, and no cap is to blame.
        """
        if not self._ledger.budget.caps:
            return math.inf, None
        nodes = tuple(node_ids)
        price = _dearest(self.branch(node) for node in nodes)
        reserve = None if self._tree.answers() else _dearest(self._at_worst(node) for node in nodes)
        width, binding = math.inf, None
        for cap in self._ledger.budget.caps:
            left = self._left(cap)
            beside = reserve.of(cap) if reserve else None
            number = 1.0 if left is None else _number(left, price.of(cap), beside)
            if number < width:
                width, binding = number, None if left is None else cap
        return width, binding

    def is_astray(self, node_id: int) -> bool:
        """Say whether a branch without end should make room for a fresh one.

        So it is when there is no answer yet, the branch alone has taken its fair share of a cap, what is left might not
        see it to its end, and yet pays for a whole solution of typical length. That can be true of one branch only.
        """
        if self._tree.answers():
            return False
        written = self._span(self._tree.root, self._tree[node_id].end - self._tree.root.end)
        fresh, worst = self.branch(ROOT), self._at_worst(node_id)
        for cap in self._ledger.budget.caps:
            left = self._left(cap)
            if left is not None and fresh.of(cap) <= left < worst.of(cap):
                spent = self._ledger.spent()
                total = left + (spent.tokens_generated if cap is Cap.TOKENS else spent.flops)
                if written.of(cap) > FAIR_SHARE * total:
                    return True
        return False

    def branch(self, node_id: int) -> Price:
        """Price the rest of a typical solution that continues this node."""
        node = self._tree[node_id]
        step_tokens, solution_steps = self._lengths()
        tokens = max(1.0, max(1.0, solution_steps - node.depth) * step_tokens * CAUTION)
        return self._span(node, tokens)

    def solution(self) -> Price:
        """Price a whole solution, prompt included, so that it is nearly always enough: the smallest useful budget."""
        root = self._tree.root
        seen = max(node.end - root.end for node in self._tree)  # none of it led to an answer, so it takes more
        typical = math.prod(self._lengths())
        price = self._span(root, min(self._longest, max(typical * TAIL, seen * TAIL)))
        return Price(price.flops + sum(self._prompts()), price.tokens)

    def smallest_useful(self, cap: Cap) -> float:
        """Return the smallest limit on ``cap`` that should pay for one solution, from prices and observed rates."""
        price = self.solution()
        match cap:
            case Cap.TOKENS:
                return math.ceil(price.tokens)
            case Cap.FLOPS:
                return math.ceil(price.flops)
            case Cap.SECONDS | Cap.JOULES:
                rate = self._rate(cap)
                return price.flops * RATE_CAUTION / rate if rate else math.nan

    def _left(self, cap: Cap) -> float | None:
        """Return what a cap leaves for branches, in tokens or FLOPs; ``None`` before a rate is known."""
        left = self._ledger.left(cap) or 0.0
        if cap is Cap.TOKENS:
            return left
        if cap is not Cap.FLOPS:
            rate = self._rate(cap)
            if rate is None:
                return None
            left *= rate / RATE_CAUTION
        return left - self._unpaid_prompts()

    def _prompts(self) -> tuple[int, int]:
        """Return the FLOPs of reading the problem, for the policy (each of an ensemble's) and for the reward model."""
        end = self._tree.root.end
        prm = span_flops(self._prm.shape, 0, end, 0) if self._prm is not None else 0
        return sum(span_flops(model.shape, 0, end, 1) for model in self._policy.models), prm

    def _unpaid_prompts(self) -> int:
        policy, prm = self._prompts()
        spent = self._ledger.spent()
        return max(0, policy - spent.flops_prompt) + (0 if spent.flops_prm else prm)

    def _rate(self, cap: Cap) -> float | None:
        """Return FLOPs per second or per joule so far; ``None`` before there is anything to go by."""
        spent = self._ledger.spent()
        used = spent.of(cap)
        return spent.flops / used if spent.flops_decode and used > 0 else None

    def _at_worst(self, node_id: int) -> Price:
        """Price the longest solution that may still come of this node."""
        node = self._tree[node_id]
        return self._span(node, max(1, self._longest + self._tree.root.end - node.end))

    def _span(self, node: Node, tokens: float) -> Price:
        end = node.end + math.ceil(tokens)
        flops = span_flops(self._policy.shape, node.end - 1, end, end - node.end)
        if self._prm is not None:
            # A reward model may cut text into other tokens; the policy's count is the best guess there is.
            flops += span_flops(self._prm.shape, node.end, end, 0)
        return Price(float(flops), tokens)

    def _lengths(self) -> tuple[float, float]:
        """Return the tokens of a step and the steps of a solution to expect: counted once per state of the tree."""
        if self._counted != len(self._tree):
            self._counted = len(self._tree)
            tokens = [node.n_tokens for node in self._tree.steps if node.finish in (Finish.STEP, Finish.ANSWER)]
            steps = [node.depth for node in self._tree.answers()]
            self._typical = (
                (PRIOR_STEPS * self._policy.step_tokens + sum(tokens)) / (PRIOR_STEPS + len(tokens)),
                # One problem's solutions resemble each other far more than they resemble other problems' solutions.
                sum(steps) / len(steps) if steps else self._policy.solution_steps,
            )
        return self._typical


def _dearest(prices: Iterable[Price]) -> Price:
    known = tuple(prices)
    return Price(max(price.flops for price in known), max(price.tokens for price in known))


def _number(left: float, price: float, reserve: float | None) -> float:
    """Return how many branches can be paid for; with a reserve, one in any case and the others beside it."""
    if reserve is None:
        return math.floor(max(0.0, left) / price)
    return 1.0 + math.floor(max(0.0, left - reserve) / price)
