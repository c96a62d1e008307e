"""A simulated policy: one operation a step, some of them wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import Shape, call_bytes, paper_flops, span_flops
from edge_solver.core.ports import Draft, DraftRequest, Profile, Pulse
from edge_solver.core.tree import ROOT, Finish, Node
from edge_solver.engines.scripted.arithmetic import (
    Terms,
    next_operation,
    operate,
    parsed,
    reduced,
    show,
    terms_of,
    tokens_of,
)
from edge_solver.engines.scripted.world import POLICY_SHAPE, CallClock, ScriptedClock, World
from edge_solver.errors import ProblemError

_RAMBLE = "Hmm, let me think about that once more, from the beginning."
_OPENINGS = ("", "First, ", "Next, ", "We work out ", "Now it is time to work out ")
_DETOURS = ("So far we have {}.", "What remains to be worked out is {}.", "Let us look again: {} is still to be done.")


@dataclass(slots=True)
class _Page:
    """What the drafter keeps of a node."""

    terms: Terms
    end: int
    lost: bool = False
    evaluated: bool = False
    """Whether the node's last token (the whole prompt, at the root) has passed through the model."""


@dataclass(slots=True)
class _Branch:
    """A step that is being written."""

    request: DraftRequest
    parent: _Page
    tokens: list[str]
    terms: Terms
    lost: bool
    answer: str | None
    written: int = 0

    @property
    def done(self) -> bool:
        return self.written >= min(len(self.tokens), self.request.max_tokens)


class ScriptedDrafter:
    """Writes solutions of arithmetic problems, one operation a step, some of them wrong."""

    def __init__(
        self,
        world: World | None = None,
        clock: CallClock | None = None,
        *,
        name: str = "scripted-policy",
        shape: Shape = POLICY_SHAPE,
    ) -> None:
        """Live in a world; the clock, if any, ticks with every call, and ``shape`` is what a call costs."""
        self._world = world or World()
        self._clock = clock or ScriptedClock()
        self._shape = shape
        self._texts: dict[int, str] = {}
        self._pages: dict[int, dict[int, _Page]] = {}
        self._profile = Profile(name, self._world.digest, shape, self._world.context, step_tokens=18, solution_steps=4)

    @property
    def profile(self) -> Profile:
        """The simulated policy's name, checksum, shape and typical lengths."""
        return self._profile

    @property
    def held(self) -> int:
        """Number of nodes that are kept, over all problems."""
        return sum(len(pages) for pages in self._pages.values())

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root of a new problem and return its number of tokens; see ``Drafter.open``.

        Raises:
            ProblemError: The problem does not fit the context.
        """
        length = len(tokens_of(text)) + 1  # one more that marks the start
        if length >= self._world.context:
            raise ProblemError(f"the problem has {length} tokens; the model reads at most {self._world.context - 1}")
        self._texts[problem] = text
        pages = self._pages[problem] = {ROOT: _Page(terms_of(text), length)}
        for step in steps:
            if step.finish is Finish.STEP:
                pages[step.id] = _read_again(step, pages[step.parent or ROOT])
        return length

    def draft(self, requests: Sequence[DraftRequest], ledger: Ledger) -> Iterator[Draft | Pulse]:
        """Write every requested step, one token of every live branch per call."""
        line = [self._begin(request) for request in requests]
        while line:
            line, refused = self._grant(line, ledger)
            yield from (self._close(branch, Finish.BUDGET) for branch in refused)
            if not line:
                return
            for branch in line:
                branch.written += 1
            done, line = [b for b in line if b.done], [b for b in line if not b.done]
            yield from (self._close(branch, self._finish(branch)) for branch in done)
            yield Pulse(len(line))

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Forget every other node of this problem; an empty collection closes it."""
        if nodes:
            self._pages[problem] = {node: page for node, page in self._pages[problem].items() if node in nodes}
        else:
            self._pages.pop(problem, None)
            self._texts.pop(problem, None)

    def _begin(self, request: DraftRequest) -> _Branch:
        parent = self._pages[request.problem][request.parent]
        text, terms, lost, answer = self._imagine(request, parent)
        return _Branch(request, parent, tokens_of(text), terms, lost, answer)

    def _imagine(self, request: DraftRequest, parent: _Page) -> tuple[str, Terms, bool, str | None]:
        """Return a step's text, what is left after it, whether it lost the thread, and its answer."""
        problem = self._texts[request.problem]
        # At temperature 0 a step depends on what stands above it and on nothing else.
        source = "{}/{}".format(*request.stream) if request.temperature > 0 else f"{parent.end}/{show(parent.terms)}"
        dice = Random(f"{problem}/{source}")  # noqa: S311 - simulation
        world, terms = self._world, parent.terms
        if parent.lost or dice.random() < world.ramble:
            return _RAMBLE, terms, True, None
        if dice.random() < world.detour:
            return dice.choice(_DETOURS).format(show(terms)), terms, False, None
        at = next_operation(terms)
        if at is None:
            answer = show(terms)
            return f"The answer is {answer}.", terms, False, answer
        result = operate(terms, at)
        if dice.random() >= world.skill:
            result += dice.choice((1, 1, 1, -1, 10, -10))
        left = reduced(terms, at, result)
        equation = f"{dice.choice(_OPENINGS)}{show(terms[at - 1 : at + 2])} = {result}"
        if len(left) > 1:
            return f"{equation}, which leaves {show(left)}.", left, False, None
        return f"{equation}. The answer is {result}.", left, False, str(result)

    def _grant(self, line: list[_Branch], ledger: Ledger) -> tuple[list[_Branch], list[_Branch]]:
        """Ask for the next call; drop branches from the end of the line until it is granted."""
        refused: list[_Branch] = []
        while line and ledger.request(*self._call(line)) is not None:
            refused.append(line[-1])
            line = line[:-1]
        if line:
            self._clock.tick(*self._call(line))
        for branch in line:
            branch.parent.evaluated = True
        return line, refused

    def _call(self, line: Sequence[_Branch]) -> tuple[Cost, Cost]:
        """Price one call: the newest token of every branch; first of all the parent's last one, or the whole prompt."""
        prompt, decode = Cost(Payer.PROMPT, 0), self._sampled(len(line))
        fresh = {id(b.parent): b for b in line if not b.written and not b.parent.evaluated}
        ends: list[int] = []
        for branch in fresh.values():
            end = branch.parent.end
            if branch.request.parent == ROOT:
                prompt = prompt.plus(span_flops(self._shape, 0, end, 1), end)
            else:
                decode = decode.plus(span_flops(self._shape, end - 1, end, 1), 1)
            ends.append(end)
        for branch in line:
            if branch.written:
                end = branch.parent.end + branch.written
                decode = decode.plus(span_flops(self._shape, end - 1, end, 1), 1)
                ends.append(end)
        return prompt, decode.plus(0, bytes_read=call_bytes(self._shape, ends))

    def _sampled(self, tokens: int) -> Cost:
        return Cost(Payer.DECODE, 0, generated=tokens, flops_paper=paper_flops(self._shape, tokens))

    def _finish(self, branch: _Branch) -> Finish:
        if branch.written < len(branch.tokens):
            return Finish.LENGTH
        return Finish.STEP if branch.answer is None else Finish.ANSWER

    def _close(self, branch: _Branch, finish: Finish) -> Draft:
        request = branch.request
        if finish is Finish.STEP:
            page = _Page(branch.terms, branch.parent.end + branch.written, branch.lost)
            self._pages[request.problem][request.node] = page
        text = "".join(branch.tokens[: branch.written])
        answer = branch.answer if finish is Finish.ANSWER else None
        return Draft(request.problem, request.node, text, branch.written, finish, answer)


def _read_again(step: Node, above: _Page) -> _Page:
    """Return the page of a step that was written in an earlier search."""
    left = re.search(r"which leaves (.+)\.$", step.text.strip())
    terms = (parsed(left[1]) if left else None) or above.terms
    return _Page(terms, step.end, above.lost or step.text.startswith(_RAMBLE))
