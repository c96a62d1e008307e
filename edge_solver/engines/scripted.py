"""A simulated policy, reward model and clock: a small deterministic world in which search visibly helps.

The policy works through arithmetic one operation a step and errs now and then; the reward model re-computes each step
and sees the error through noise. Nothing is loaded and nothing is random beyond the seeds, so the same seed gives the
same tree on every machine. The engines keep the ports' contracts to the letter: the ledger is asked before every
simulated call, and the price of a call is the true price of a (very small) transformer.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Protocol

from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import Shape, call_bytes, paper_flops, span_flops
from edge_solver.core.ports import Draft, DraftRequest, Profile, Pulse, ScoreRequest
from edge_solver.core.tree import ROOT, Finish, Node
from edge_solver.errors import ProblemError

POLICY_SHAPE = Shape(n_layers=4, d_attn=64, params_matmul=200_000, params_head=20_000, params_total=240_000)
PRM_SHAPE = Shape(n_layers=2, d_attn=64, params_matmul=60_000, params_head=0, params_total=80_000)

Terms = tuple["Fraction | str", ...]
"""What is still to be worked out: numbers, operators and parentheses."""


@dataclass(frozen=True, slots=True)
class World:
    """How well the simulated models do."""

    skill: float = 0.75
    """Chance that an operation is carried out correctly."""
    detour: float = 0.25
    """Chance that a step only looks back, so that solutions differ in length."""
    ramble: float = 0.0
    """Chance, at every step, that a branch loses the thread for good and never answers."""
    noise: float = 0.15
    """Standard deviation of the rewards."""
    context: int = 2048


class CallClock(Protocol):
    """A clock that is told of every simulated call."""

    def __call__(self) -> float:
        """Return the seconds since the clock was made."""
        ...

    def tick(self, *costs: Cost) -> None:
        """Let a call go by."""
        ...


class ScriptedClock:
    """A clock that moves only when a simulated call is made."""

    def __init__(self, seconds_per_call: float = 0.01) -> None:
        """Stand at zero and advance by a fixed amount with every call."""
        self.seconds_per_call = seconds_per_call
        self.calls = 0

    def __call__(self) -> float:
        """Return the seconds since the clock was made."""
        return self.calls * self.seconds_per_call

    def tick(self, *_costs: Cost) -> None:
        """Count one call."""
        self.calls += 1


class ScriptedGrader:
    """Answers are equal when they are spelled alike."""

    def same(self, first: str, second: str) -> bool:
        """Compare two answers without their surrounding spaces."""
        return first.strip() == second.strip()

    def canonical(self, answer: str) -> str:
        """Return the answer without its surrounding spaces."""
        return answer.strip()


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
        self._profile = Profile(
            name, _digest(self._world), shape, self._world.context, step_tokens=18, solution_steps=4
        )

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


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the scorer keeps of a node."""

    text: str
    end: int
    sound: bool

    def then(self, step: str) -> _Reading:
        """Return what is kept of a step after this one."""
        return _Reading(f"{self.text}\n{step}", self.end + len(tokens_of(step)), self.sound and is_sound(step))


class ScriptedScorer:
    """Re-computes every equation of a step and gives a reward through noise; an error spoils all that follows."""

    def __init__(self, world: World | None = None, clock: CallClock | None = None, *, shape: Shape = PRM_SHAPE) -> None:
        """Live in a world; the clock, if any, ticks with every call, and ``shape`` is what a call costs."""
        self._world = world or World()
        self._clock = clock or ScriptedClock()
        self._shape = shape
        self._readings: dict[int, dict[int, _Reading]] = {}
        self._prompted: set[int] = set()
        self._profile = Profile("scripted-prm", _digest(self._world), shape, self._world.context)

    @property
    def profile(self) -> Profile:
        """The simulated reward model's name, checksum and shape."""
        return self._profile

    @property
    def held(self) -> int:
        """Number of nodes that are kept, over all problems."""
        return sum(len(readings) for readings in self._readings.values())

    def open(self, problem: int, text: str, steps: Sequence[Node] = ()) -> int:
        """Make ``text`` the root of a new problem and return its number of tokens; see ``Drafter.open``."""
        length = len(tokens_of(text)) + 1
        readings = self._readings[problem] = {ROOT: _Reading(text, length, sound=True)}
        for step in steps:
            readings[step.id] = readings[step.parent or ROOT].then(step.text)
        return length

    def solvable(self, problem: int) -> float | None:
        """Return nothing: the simulated world judges no problem by its looks."""
        del problem
        return None

    def spans(self, requests: Sequence[ScoreRequest]) -> list[range]:
        """Return the positions that each request is charged for."""
        starts = [self._readings[request.problem][request.parent].end for request in requests]
        return [range(start, start + len(tokens_of(r.text))) for start, r in zip(starts, requests, strict=True)]

    def score(self, requests: Sequence[ScoreRequest], ledger: Ledger) -> list[float | None]:
        """Return one reward per step, none from the first one on that is not paid for."""
        rewards: list[float | None] = []
        for request in requests:
            cost = self._call(request)
            if ledger.request(cost) is not None:
                break
            self._clock.tick(cost)
            self._prompted.add(request.problem)
            rewards.append(self._read(request))
        return rewards + [None] * (len(requests) - len(rewards))

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Forget every other node of this problem; an empty collection closes it."""
        if nodes:
            self._readings[problem] = {n: kept for n, kept in self._readings[problem].items() if n in nodes}
        else:
            self._readings.pop(problem, None)
            self._prompted.discard(problem)

    def _call(self, request: ScoreRequest) -> Cost:
        end = self._readings[request.problem][request.parent].end
        start = end if request.problem in self._prompted else 0
        end += len(tokens_of(request.text))
        flops = span_flops(self._shape, start, end, 0)
        return Cost(Payer.SCORE, flops, evaluated=end - start, bytes_read=call_bytes(self._shape, [end]))

    def _read(self, request: ScoreRequest) -> float:
        read = self._readings[request.problem][request.parent].then(request.text)
        self._readings[request.problem][request.node] = read
        mean = 0.8 if read.sound and "=" in request.text else 0.6 if read.sound else 0.3
        reward = Random(read.text).gauss(mean, self._world.noise)  # noqa: S311 - simulation
        return round(min(1.0, max(0.0, reward)), 6)  # the last digits differ between mathematical libraries


def _read_again(step: Node, above: _Page) -> _Page:
    """Return the page of a step that was written in an earlier search."""
    left = re.search(r"which leaves (.+)\.$", step.text.strip())
    terms = (_parsed(left[1]) if left else None) or above.terms
    return _Page(terms, step.end, above.lost or step.text.startswith(_RAMBLE))


_RAMBLE = "Hmm, let me think about that once more, from the beginning."
_OPENINGS = ("", "First, ", "Next, ", "We work out ", "Now it is time to work out ")
_DETOURS = ("So far we have {}.", "What remains to be worked out is {}.", "Let us look again: {} is still to be done.")
_EQUATION = re.compile(r"(-?\d+(?:/\d+)?) ([-+*/]) (-?\d+(?:/\d+)?) = (-?\d+(?:/\d+)?)")


def tokens_of(text: str) -> list[str]:
    """Cut text into words, single digits and signs, each with the space before it; joined they are the text again."""
    return re.findall(r"\s*(?:\d|[^\W\d]+|[^\w\s]|_)|\s+$", text)


def terms_of(problem: str) -> Terms:
    """Return the arithmetic in a problem, or, where there is none, some that belongs to its text."""
    for found in sorted(re.findall(r"[\d(-][-\d\s()+*/]*", problem), key=len, reverse=True):
        terms = _parsed(found)
        if terms is not None:
            return terms
    dice = Random(zlib.crc32(problem.encode()))  # noqa: S311 - simulation
    first, *rest = (Fraction(dice.randint(2, 12)) for _ in range(5))
    return (first, *(part for pair in zip(("*", "+", "*", "-"), rest, strict=True) for part in pair))


def show(terms: Terms) -> str:
    """Write terms as text."""
    return " ".join(str(term) for term in terms).replace("( ", "(").replace(" )", ")")


def next_operation(terms: Terms) -> int | None:
    """Return the place of the operator that comes first, ``None`` where only a number is left."""
    close = terms.index(")") if ")" in terms else len(terms)
    start = max((i for i in range(close) if terms[i] == "("), default=-1)
    inner = range(start + 1, close)
    for signs in (("*", "/"), ("+", "-")):
        for place in inner:
            if terms[place] in signs:
                return place
    return None


def operate(terms: Terms, place: int) -> Fraction:
    """Carry out the operation at ``place``; a division by zero, which only an earlier error can cause, gives 0."""
    left, right = terms[place - 1], terms[place + 1]
    assert isinstance(left, Fraction)
    assert isinstance(right, Fraction)
    match terms[place]:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else Fraction(0)


def reduced(terms: Terms, place: int, result: Fraction) -> Terms:
    """Put a result in the place of an operation and drop parentheses that hold one number."""
    before, after = terms[: place - 1], terms[place + 2 :]
    if before and after and before[-1] == "(" and after[0] == ")":
        before, after = before[:-1], after[1:]
    return (*before, result, *after)


def is_sound(step: str) -> bool:
    """Say whether every equation in a step holds."""
    return all(
        operate((Fraction(left), sign, Fraction(right)), 1) == Fraction(result)
        for left, sign, right, result in _EQUATION.findall(step)
    )


def _parsed(text: str) -> Terms | None:
    """Read arithmetic; ``None`` where it is not well formed."""
    # A minus sign belongs to the number behind it where no number or parenthesis stands before it.
    parts = re.findall(r"(?:(?<=^)|(?<=[(+*/-]))-\d+|\d+|[-+*/()]", re.sub(r"\s+", "", text))
    terms: Terms = tuple(Fraction(part) if part[-1].isdigit() else part for part in parts)
    rest = terms
    try:
        while (place := next_operation(rest)) is not None:
            if place == 0 or (rest[place] == "/" and rest[place + 1] == 0):
                return None
            rest = reduced(rest, place, operate(rest, place))
    except (AssertionError, IndexError):
        return None
    return terms if len(terms) > 1 and len(rest) == 1 and isinstance(rest[0], Fraction) else None


def _digest(world: World) -> str:
    return hashlib.sha256(repr(world).encode()).hexdigest()
