"""Several policies behind one ``Drafter`` port: their solutions stand in one tree and in one vote.

Every child of the root is dealt to the next policy in turn, in the order in which they are asked for, and all that
grows below it stays with that policy, so that nobody continues another's text. Each policy asks the ledger for the cost
of its own calls. The ensemble knows nothing of what a policy is: any drafter will do.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from edge_solver.core.budget import Ledger
from edge_solver.core.cost import Shape
from edge_solver.core.ports import Draft, Drafter, DraftRequest, Profile, Pulse
from edge_solver.core.tree import ROOT, Node
from edge_solver.engines.calls import Call, Observable, Roomy


@dataclass(slots=True)
class _Problem:
    """Who writes what of one problem."""

    dealt: int = 0
    """Children of the root so far."""
    owners: dict[int, int] = field(default_factory=dict)
    """The place of the policy that writes a node, by node id."""


class EnsembleDrafter:
    """Drafts steps with several policies."""

    def __init__(self, drafters: Sequence[Drafter]) -> None:
        """Take over drafters, which are dealt first steps in this order; whoever made them closes them."""
        self._drafters = tuple(drafters)
        self._profile = joint_profile([drafter.profile for drafter in self._drafters])
        self._problems: dict[int, _Problem] = {}

    @property
    def profile(self) -> Profile:
        """All policies by name, with the sizes and lengths of the dearest."""
        return self._profile

    @property
    def problems(self) -> int:
        """How many problems' branches a call of every policy is made for."""
        return min((drafter.problems for drafter in self._drafters if isinstance(drafter, Roomy)), default=1)

    def has_room(self, text: str) -> bool:
        """Say whether every policy can open one more problem."""
        return all(not isinstance(drafter, Roomy) or drafter.has_room(text) for drafter in self._drafters)

    def listen(self, on_call: Callable[[Call], None] | None) -> None:
        """Tell ``on_call`` of every policy's calls from now on."""
        for drafter in self._drafters:
            if isinstance(drafter, Observable):
                drafter.listen(on_call)

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root of a new problem in every policy, and return the longest prompt's number of tokens.

        Whoever wrote the first of ``steps``, they are dealt again, and those that follow go with them.

        Raises:
            ProblemError: The prompt does not fit the context of one of them.
        """
        with contextlib.ExitStack() as undo:
            lengths = []
            for drafter in self._drafters:
                lengths.append(drafter.open(problem, text, steps))
                undo.callback(drafter.retain, problem, ())
            undo.pop_all()
        known = self._problems[problem] = _Problem()
        for step in steps:
            self._deal(known, step.id, step.parent)
        return max(lengths)

    def draft(self, requests: Sequence[DraftRequest], ledger: Ledger) -> Iterator[Draft | Pulse]:
        """Write one step per request, the policies taking turns call by call; see ``Drafter.draft``."""
        shares: dict[int, list[DraftRequest]] = {}
        for request in requests:
            shares.setdefault(self._owner(request), []).append(request)
        with contextlib.ExitStack() as stack:
            # The policy of the most valuable request goes first, so that under a tight cap it is not the one to starve.
            streams = {place: self._drafters[place].draft(share, ledger) for place, share in shares.items()}
            for stream in streams.values():
                stack.callback(_close, stream)
            live = {place: len(share) for place, share in shares.items()}
            while streams:
                for place in tuple(streams):
                    for item in _one_call(streams, place):
                        if isinstance(item, Pulse):
                            live[place] = item.live
                            yield Pulse(sum(live.values()))
                        else:
                            yield item
                    if place not in streams:
                        live[place] = 0

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Free what is kept for every other node of this problem, in every policy; see ``Drafter.retain``."""
        for drafter in self._drafters:
            drafter.retain(problem, nodes)
        if not nodes:
            self._problems.pop(problem, None)
        elif problem in self._problems:
            owners = self._problems[problem].owners
            self._problems[problem].owners = {node: owner for node, owner in owners.items() if node in nodes}

    def _owner(self, request: DraftRequest) -> int:
        """Return the place of the policy that writes a requested node: the next one's turn, or its parent's."""
        return self._deal(self._problems[request.problem], request.node, request.parent)

    def _deal(self, known: _Problem, node: int, parent: int | None) -> int:
        if parent is None or parent == ROOT:
            owner = known.dealt % len(self._drafters)
            known.dealt += 1
        else:
            owner = known.owners[parent]
        known.owners[node] = owner
        return owner


def joint_profile(profiles: Sequence[Profile]) -> Profile:
    """Return one profile that a forecast may go by: no member costs more, writes more or reads less than it says."""
    shapes = [profile.shape for profile in profiles]
    return Profile(
        name=",".join(profile.name for profile in profiles),
        sha256=hashlib.sha256("\n".join(profile.sha256 for profile in profiles).encode()).hexdigest(),
        shape=Shape(
            n_layers=max(shape.n_layers for shape in shapes),
            d_attn=max(shape.d_attn for shape in shapes),
            params_matmul=max(shape.params_matmul for shape in shapes),
            params_head=max(shape.params_head for shape in shapes),
            params_total=max(shape.params_total for shape in shapes),
            kv_bytes_per_token=max(shape.kv_bytes_per_token for shape in shapes),
        ),
        context=min(profile.context for profile in profiles),
        step_tokens=max(profile.step_tokens for profile in profiles),
        solution_steps=max(profile.solution_steps for profile in profiles),
        members=tuple(profiles),
    )


def _one_call(streams: dict[int, Iterator[Draft | Pulse]], place: int) -> Iterator[Draft | Pulse]:
    """Yield what one policy says up to its next pulse; a policy that has no more to say leaves the streams."""
    for item in streams[place]:
        yield item
        if isinstance(item, Pulse):
            return
    del streams[place]


def _close(stream: Iterator[Draft | Pulse]) -> None:
    """End a stream that nobody will ask any more, so that its drafter frees what it was writing."""
    cast("Generator[Draft | Pulse]", stream).close()
