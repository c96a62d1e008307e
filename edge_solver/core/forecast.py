"""What it will cost to finish what is started: the price of a branch, from what the tree has shown so far.

A strategy asks one question, *how many branches that stand here can still be finished?*, and narrows its width to the
answer. FLOPs and tokens are priced from lengths: the profile's typical step and solution at first, what is seen as
soon as it is seen. Seconds are turned into FLOPs by the rate observed so far. Joules are predicted from work, and
branches that are written side by side share what reading the weights costs. Without a cap the answer is "any number".

What branches write alike is evaluated once, so many cost less than their sum: by as much as the latest layers showed
(``core.sharing``). The reserve is at the price of a branch alone, and beside it everybody's next step is paid for even
if all of them part in it.

No typical length can promise an answer, so until there is one the forecast sets aside what the longest solution
allowed would cost: under a tight cap one branch runs alone to its end, and all that is left is then shared freely.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from edge_solver.core.budget import Cap, Ledger
from edge_solver.core.cost import call_bytes, span_flops
from edge_solver.core.ports import Profile
from edge_solver.core.sharing import Sharing
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
"""Extra factor where a rate (FLOPs per second) has to be predicted: it falls as the batch narrows. For joules it is on
what further branches cost beside a first one, whose price was seen and theirs was not."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one branch will cost."""

    flops: float
    tokens: float
    joules: float = 0.0
    """Alone; 0 before the meter has shown what work costs."""
    flops_beside: float = 0.0
    """Beside another branch, which writes some of it too."""
    joules_beside: float = 0.0
    """The same; the other branch also pays for reading the weights."""

    def of(self, cap: Cap) -> float:
        """Return the price in what a cap is reckoned in: tokens, joules, or FLOPs for the others."""
        match cap:
            case Cap.TOKENS:
                return self.tokens
            case Cap.JOULES:
                return self.joules
            case _:
                return self.flops

    def beside(self, cap: Cap) -> float:
        """Return the price beside another branch."""
        match cap:
            case Cap.TOKENS:
                return self.tokens
            case Cap.JOULES:
                return self.joules_beside * RATE_CAUTION
            case _:
                return self.flops_beside


class Forecast:
    """Prices branches of one tree under one ledger."""

    def __init__(self, tree: Tree, ledger: Ledger, policy: Profile, prm: Profile | None, longest: int) -> None:
        """Watch a tree and a ledger; ``prm`` is ``None`` where steps are not scored.

        ``longest`` is the most tokens that a solution may have.
        """
        self._tree, self._ledger, self._policy, self._prm = tree, ledger, policy, prm
        self._longest = min(longest, policy.context - tree.root.end)
        self._is_capped = bool(ledger.budget.caps)
        self._counted = 0
        self._typical = (policy.step_tokens, policy.solution_steps)
        self._priced, self._alone = 0, 0.0
        """How many nodes were priced as if each had been written alone, and the sum of it in FLOPs."""
        self._sharing = Sharing(self._span(tree.root, PRIOR_STEPS * policy.step_tokens).flops)

    def affordable(self, node_ids: Iterable[int]) -> tuple[float, Cap | None]:
        """Return how many branches from the dearest of these nodes can be finished, and the cap that decides it.

        ``(inf, None)`` where nothing is capped. While there is no answer, one branch always is affordable, and more
        only beside the reserve for the longest solution. Where a rate has to be known and is not yet, one branch will
        show it, and no cap is to blame.
        """
        if not self._is_capped:
            return math.inf, None
        nodes = tuple(node_ids)
        left_of = {cap: self._left(cap) for cap in self._ledger.budget.caps}  # reads the meter: prices follow from it
        self._learn()
        price = _dearest(self.branch(node) for node in nodes)
        reserve = None if self._tree.answers() else _dearest(self._at_worst(node) for node in nodes)
        width, binding = math.inf, None
        for cap, left in left_of.items():
            number = 1.0 if left is None else _number(left, price, reserve, cap)
            if number < width:
                width, binding = number, None if left is None else cap
        return width, binding

    def is_astray(self, node_id: int) -> bool:
        """Say whether a branch without end should make room for a fresh one.

        So it is when there is no answer yet, the branch alone has taken its fair share of a cap, what is left might not
        see it to its end, and yet pays for a whole solution of typical length. That can be true of one branch only.
        """
        if not self._is_capped or self._tree.answers():
            return False
        written = self._span(self._tree.root, self._tree[node_id].end - self._tree.root.end)
        fresh, worst = self.branch(ROOT), self._at_worst(node_id)
        for cap in self._ledger.budget.caps:
            left = self._left(cap)
            if left is not None and fresh.of(cap) <= left < worst.of(cap):
                spent = self._ledger.spent()
                total = left + (spent.flops if cap is Cap.SECONDS else spent.of(cap))
                if written.of(cap) > FAIR_SHARE * total:
                    return True
        return False

    def branch(self, node_id: int) -> Price:
        """Price the rest of a typical solution that continues this node."""
        node = self._tree[node_id]
        step_tokens, solution_steps = self._lengths()
        step = max(1.0, step_tokens * CAUTION)
        whole = self._span(node, max(1.0, solution_steps - node.depth) * step)
        share = self._sharing.share
        shared = replace(whole, flops_beside=share * whole.flops_beside, joules_beside=share * whole.joules_beside)
        if self._tree.answers():
            return shared
        # That branches part is seen after a step: up to then each of them may cost as much as if it were alone.
        first = self._span(node, step)
        return replace(
            shared,
            flops_beside=max(shared.flops_beside, first.flops_beside),
            joules_beside=max(shared.joules_beside, first.joules_beside),
        )

    def solution(self) -> Price:
        """Price a whole solution, prompt included, so that it is nearly always enough: the smallest useful budget."""
        root = self._tree.root
        seen = max(node.end - root.end for node in self._tree)  # none of it led to an answer, so it takes more
        typical = math.prod(self._lengths())
        price = self._span(root, min(self._longest, max(typical * TAIL, seen * TAIL)))
        policy, prm = self._prompts()
        joules = self._ledger.joules_of(policy + prm, self._prompt_bytes(policy=True, prm=True)) or 0.0
        return Price(price.flops + policy + prm, price.tokens, price.joules + joules)

    def smallest_useful(self, cap: Cap) -> float:
        """Return the smallest limit on ``cap`` that should pay for one solution, from prices and observed rates."""
        price = self.solution()
        match cap:
            case Cap.TOKENS:
                return math.ceil(price.tokens)
            case Cap.FLOPS:
                return math.ceil(price.flops)
            case Cap.SECONDS:
                rate = self._rate()
                return price.flops * RATE_CAUTION / rate if rate else math.nan
            case Cap.JOULES:
                return price.joules or math.nan

    def _left(self, cap: Cap) -> float | None:
        """Return what a cap leaves for branches, in tokens, joules or FLOPs; ``None`` before a rate is known."""
        left = self._ledger.left(cap) or 0.0
        flops, bytes_read = self._unpaid_prompts()
        match cap:
            case Cap.TOKENS:
                return left
            case Cap.FLOPS:
                return left - flops
            case Cap.SECONDS:
                rate = self._rate()
                return None if rate is None else left * rate / RATE_CAUTION - flops
            case Cap.JOULES:
                prompts = self._ledger.joules_of(flops, bytes_read)
                return None if prompts is None or not self._ledger.spent().flops_decode else left - prompts

    def _prompts(self) -> tuple[int, int]:
        """Return the FLOPs of reading the problem, for the policy (each of an ensemble's) and for the reward model."""
        end = self._tree.root.end
        prm = span_flops(self._prm.shape, 0, end, 0) if self._prm is not None else 0
        return sum(span_flops(model.shape, 0, end, 1) for model in self._policy.models), prm

    def _prompt_bytes(self, *, policy: bool, prm: bool) -> int:
        models = [(model.shape, policy) for model in self._policy.models]
        if self._prm is not None:
            models.append((self._prm.shape, prm))
        return sum(call_bytes(shape, [self._tree.root.end]) for shape, is_unpaid in models if is_unpaid)

    def _unpaid_prompts(self) -> tuple[int, int]:
        """Return the FLOPs and bytes of prompts that are still to be read."""
        policy, prm = self._prompts()
        spent = self._ledger.spent()
        unpaid = max(0, policy - spent.flops_prompt - spent.flops_spared)
        return unpaid + (0 if spent.flops_prm else prm), self._prompt_bytes(policy=unpaid > 0, prm=not spent.flops_prm)

    def _rate(self) -> float | None:
        """Return FLOPs per second so far; ``None`` before there is anything to go by."""
        spent = self._ledger.spent()
        return spent.flops / spent.seconds if spent.flops_decode and spent.seconds > 0 else None

    def _at_worst(self, node_id: int) -> Price:
        """Price the longest solution that may still come of this node."""
        node = self._tree[node_id]
        return self._span(node, max(1, self._longest + self._tree.root.end - node.end))

    def _span(self, node: Node, tokens: float) -> Price:
        shape = self._policy.shape
        end = node.end + math.ceil(tokens)
        calls = end - node.end
        flops = span_flops(shape, node.end - 1, end, calls)
        cache, weights = shape.kv_bytes_per_token * (node.end + end) * calls // 2, shape.weight_bytes * calls
        if self._prm is not None:
            # A reward model may cut text into other tokens; the policy's count is the best guess there is.
            flops += span_flops(self._prm.shape, node.end, end, 0)
            steps = math.ceil(calls / self._lengths()[0])
            cache += self._prm.shape.kv_bytes_per_token * (node.end + end) * steps // 2
            weights += self._prm.shape.weight_bytes * steps
        beside = self._ledger.joules_of(flops, cache) or 0.0
        return Price(float(flops), tokens, beside + (self._ledger.joules_of(0, weights) or 0.0), flops, beside)

    def _learn(self) -> None:
        """Compare what the steps so far have cost with their prices, one by one."""
        for node in islice(self._tree, max(1, self._priced), None):
            start = node.end - node.n_tokens
            self._alone += span_flops(self._policy.shape, start - 1, node.end - 1, node.n_tokens)
            if self._prm is not None and node.reward is not None:
                self._alone += span_flops(self._prm.shape, start, node.end, 0)
        self._priced = len(self._tree)
        spent = self._ledger.spent()
        self._sharing.see(spent.flops_decode + max(0, spent.flops_prm - self._prompts()[1]), self._alone)

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
    return Price(
        max(price.flops for price in known),
        max(price.tokens for price in known),
        max(price.joules for price in known),
        max(price.flops_beside for price in known),
        max(price.joules_beside for price in known),
    )


def _number(left: float, price: Price, reserve: Price | None, cap: Cap) -> float:
    """Return how many branches can be paid for; with a reserve, one in any case and the others beside it."""
    if reserve is None:
        alone = price.of(cap)
        return 1.0 + math.floor((left - alone) / price.beside(cap)) if left >= alone else 0.0
    return 1.0 + math.floor(max(0.0, left - reserve.of(cap)) / price.beside(cap))
