"""The result of a search, shaped like its JSON document: field names here are the contract of ``solve --json``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge_solver.core.budget import Budget, Spend
from edge_solver.core.meter import Reading

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CandidateAnswer:
    """A class of equal answers and what the vote gave it."""

    answer: str
    weight: float
    votes: int


@dataclass(frozen=True, slots=True)
class Apportioned:
    """A figure for the whole, shared out by FLOPs: no meter sees these parts apart."""

    prompt: float
    """Reading the problem, once for all branches."""
    decode: float
    prm: float

    @property
    def branches(self) -> float:
        """What the branches took: writing and scoring their steps."""
        return self.decode + self.prm


@dataclass(frozen=True, slots=True)
class Energy:
    """Joules with how and of what they were measured; ``value`` is ``None`` where there is no number."""

    value: float | None
    """Gross: with what the machine uses when it idles, as far as the scope goes."""
    label: str
    scope: str
    net: float | None = None
    """Without the idle watts over the window; ``None`` where they are not known."""
    idle_watts: float | None = None
    """Of the same source and scope."""
    window_seconds: float | None = None
    """The time that the figure covers."""
    method: str = ""
    """The meter by its name."""
    error: float | None = None
    """Of a calibrated estimate: how far off it may be, as a share."""
    apportioned: Apportioned | None = None

    @classmethod
    def of(cls, reading: Reading, seconds: float, flops: tuple[int, int, int] = (0, 0, 0)) -> Energy:
        """Write out a reading over a window, shared out by the FLOPs of prompt, decode and reward model."""
        gross, idle, total = reading.joules, reading.idle_watts, sum(flops)
        shares = None if gross is None or not total else Apportioned(*(gross * part / total for part in flops))
        return cls(
            gross,
            reading.label.value,
            reading.scope,
            net=None if gross is None or idle is None else max(0.0, gross - idle * seconds),
            idle_watts=idle,
            window_seconds=seconds,
            method=reading.method,
            error=reading.error,
            apportioned=shares,
        )

    def part(self, share: float) -> Energy:
        """Return a share of everything that grows with time."""

        def times(value: float | None) -> float | None:
            return None if value is None else value * share

        return replace(
            self, value=times(self.value), net=times(self.net), window_seconds=times(self.window_seconds),
            apportioned=None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spent:
    """The bill."""

    flops: int
    """Executed, policy and process reward model together."""
    flops_policy: int
    flops_prm: int
    flops_paper: int
    """The paper's ``2·N_policy·T_generated``, of each policy with its own N."""
    tokens_generated: int
    tokens_evaluated: int
    tokens_prm: int
    seconds: float
    joules: Energy
    flops_prompt: int = 0
    """The part of the policy's that went into reading the problem."""
    tokens_again: int = 0
    """Of those evaluated, the ones that had been before: the tree outgrew its memory, and they had made room."""

    @classmethod
    def from_spend(cls, spend: Spend) -> Spent:
        """Write out what a ledger has booked."""
        return cls(
            flops=spend.flops,
            flops_policy=spend.flops_policy,
            flops_prm=spend.flops_prm,
            flops_paper=spend.flops_paper,
            tokens_generated=spend.tokens_generated,
            tokens_evaluated=spend.tokens_evaluated,
            tokens_prm=spend.tokens_prm,
            seconds=spend.seconds,
            joules=Energy.of(spend.energy, spend.seconds, (spend.flops_prompt, spend.flops_decode, spend.flops_prm)),
            flops_prompt=spend.flops_prompt,
            tokens_again=spend.tokens_again,
        )


@dataclass(frozen=True, slots=True)
class StrategyUsed:
    """The strategy with every setting that shaped the tree."""

    name: str
    width: int
    vote: str
    aggregate: str
    rounding: str
    balance_temperature: float
    temperature: float
    beam_width: int = 4
    stop: str = "none"
    """The stopping rule."""


@dataclass(frozen=True, slots=True)
class TreeSize:
    """How large the tree became; ``leaves`` counts complete solutions."""

    nodes: int
    leaves: int
    depth: int


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of the winning solution."""

    step: str
    reward: float | None


@dataclass(frozen=True, slots=True)
class ModelUsed:
    """A model by name and checksum."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Everything a search has to say in the end."""

    schema: int = SCHEMA
    problem: str
    answer: str | None
    confidence: float
    """The probability that the answer is right, where the reward model was fitted to say it; else the vote's share."""
    stopped_by: str
    """complete, decided, flops, joules, seconds, tokens or cancelled."""
    candidates: tuple[CandidateAnswer, ...]
    spent: Spent
    budget: Budget
    strategy: StrategyUsed
    tree: TreeSize
    best_path: tuple[PathStep, ...]
    policy: ModelUsed
    """The policy; of several, their names in one and a checksum over theirs."""
    prm: ModelUsed | None
    seed: int
    policies: tuple[ModelUsed, ...] = ()
    """Every policy that wrote steps, in the order in which first steps are dealt to them."""
    solvable: float | None = None
    """The chance that a sampled solution is right, as the reward model judged the problem before the first step."""
    smallest_useful: Budget | None = None
    """Where there is no answer: the caps that should pay for one solution."""
