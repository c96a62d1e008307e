"""The result of a search, shaped like its JSON document: field names here are the contract of ``solve --json``."""

from __future__ import annotations

from dataclasses import dataclass

from edge_solver.core.budget import Budget, Spend

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CandidateAnswer:
    """A class of equal answers and what the vote gave it."""

    answer: str
    weight: float
    votes: int


@dataclass(frozen=True, slots=True)
class Energy:
    """Joules with how and of what they were measured; ``value`` is ``None`` where there is no number."""

    value: float | None
    label: str
    scope: str


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

    @classmethod
    def from_spend(cls, spend: Spend) -> Spent:
        """Write out what a ledger has booked."""
        energy = spend.energy
        return cls(
            flops=spend.flops,
            flops_policy=spend.flops_policy,
            flops_prm=spend.flops_prm,
            flops_paper=spend.flops_paper,
            tokens_generated=spend.tokens_generated,
            tokens_evaluated=spend.tokens_evaluated,
            tokens_prm=spend.tokens_prm,
            seconds=spend.seconds,
            joules=Energy(energy.joules, energy.label.value, energy.scope),
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
