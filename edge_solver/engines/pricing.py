"""What a decode call will cost, before it is made: branches that go on, and branches that begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_solver.core import room
from edge_solver.core.budget import Cost, Payer
from edge_solver.core.cost import Shape, call_bytes, paper_flops, row_flops, span_flops
from edge_solver.engines.branches import Branch, Twins, by_base
from edge_solver.engines.prefix import Prefix


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be evaluated before a branch can have its next token."""

    node: Prefix
    """Whose last token gives the logits."""
    chain: tuple[Prefix, ...]
    """The nodes above it, and itself, that have tokens to be evaluated; none where only the logits were not kept."""

    @property
    def tokens(self) -> int:
        """How many there are, always the end of the node's path."""
        return sum(len(node.tokens) - node.evaluated for node in self.chain) or 1

    @property
    def again(self) -> int:
        """How many of them were evaluated before."""
        return sum(node.again for node in self.chain) if self.chain else 1

    @property
    def start(self) -> int:
        """Position of the first of them."""
        return self.node.end - self.tokens

    @property
    def takers(self) -> tuple[Prefix, ...]:
        """The nodes at whose end logits are asked for."""
        return (*(node for node in self.chain[:-1] if node.awaited), self.node)


def needs(branches: Sequence[Branch]) -> list[Need]:
    """Return what branches need that begin together, each token once, those nearer to the root first."""
    found, planned = [], set[Prefix]()
    for node in sorted(by_base(branches), key=lambda base: sum(1 for _ in base.path())):
        if node.is_ready:
            continue
        chain = node.lacking(planned)
        planned.update(chain)
        found.append(Need(node, tuple(chain)))
    return found


def advance_cost(shape: Shape, going: Sequence[Twins]) -> Cost:
    """Return what one more token on each of these branches costs; twins share a row.

    Where several problems share the call, each reckons as if it were alone.
    """
    ends = [twins.base.end for twins in going]
    drawn = sum(map(len, going))
    return Cost(
        Payer.DECODE,
        row_flops(shape, ends),
        evaluated=len(ends),
        generated=drawn,
        flops_paper=paper_flops(shape, drawn),
        bytes_read=call_bytes(shape, ends),
    )


def start_costs(shape: Shape, branches: Sequence[Branch], needed: Sequence[Need], *, first: bool) -> list[Cost]:
    """Return what the first tokens of branches cost that begin together.

    Args:
        shape: The policy's.
        branches: Those that begin, or go on after they made room.
        needed: What is to be evaluated for them.
        first: Whether they are the first of their problem: what they find of the prompt was spared.
    """
    paid = {Payer.PROMPT: Cost(Payer.PROMPT, 0), Payer.DECODE: _sampled(shape, len(branches))}
    for need in needed:
        payer = Payer.PROMPT if need.node.is_prompt else Payer.DECODE
        flops = span_flops(shape, need.start, need.node.end, len(need.takers))
        paid[payer] = paid[payer].plus(flops, need.tokens, again=need.again)
    tokens = sum(need.tokens for need in needed)
    calls_more = max(0, -(-tokens // room.ROWS) - 1)
    bytes_read = call_bytes(shape, [need.node.end for need in needed]) + calls_more * shape.weight_bytes
    paid[Payer.DECODE] = paid[Payer.DECODE].plus(0, bytes_read=bytes_read)
    if first:
        paid[Payer.PROMPT] = paid[Payer.PROMPT].plus(0, flops_spared=_spared(shape, branches, needed))
    return list(paid.values())


def _spared(shape: Shape, branches: Sequence[Branch], needed: Sequence[Need]) -> int:
    """Return what reading the prompt would have cost beyond what is still to be read of it."""
    root = next(node for node in branches[0].base.path() if node.is_prompt)
    to_read = [need for need in needed if root is need.node or root in need.chain]
    if to_read:
        return span_flops(shape, 0, to_read[0].start, 0)
    return span_flops(shape, 0, root.end, 1)


def _sampled(shape: Shape, tokens: int) -> Cost:
    """Return what tokens cost beside the evaluation that gave their logits."""
    return Cost(Payer.DECODE, 0, generated=tokens, flops_paper=paper_flops(shape, tokens))
