"""A simulated reward model: it re-computes what it reads, and tells of it through noise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from edge_solver.core.budget import Cost, Ledger, Payer
from edge_solver.core.cost import Shape, call_bytes, span_flops
from edge_solver.core.ports import Profile, ScoreRequest
from edge_solver.core.tree import ROOT, Node
from edge_solver.engines.scripted.arithmetic import is_sound, tokens_of
from edge_solver.engines.scripted.world import PRM_SHAPE, CallClock, ScriptedClock, World


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
        self._profile = Profile("scripted-prm", self._world.digest, shape, self._world.context)

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
