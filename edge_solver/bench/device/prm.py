"""How fast the reward model scores: batches of steps below one problem, as a search asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from edge_solver.bench.device.figures import Figure, figure
from edge_solver.bench.device.measure import Lab, Window, window_of
from edge_solver.core.budget import Ledger
from edge_solver.core.ports import Scorer, ScoreRequest
from edge_solver.core.tree import ROOT

PROBLEM = "What is the sum of the first 40 odd numbers?"
_STEPS = 16


@dataclass(frozen=True, slots=True)
class PrmSpeed:
    """Scoring steps that continue one problem."""

    name: str
    sha256: str
    steps: int
    """In one call."""
    tokens: int
    """Evaluated in one call."""
    seconds_per_call: Figure
    steps_per_second: Figure
    tokens_per_second: Figure
    window: Window


def prm_speed(scorer: Scorer, lab: Lab, repeats: int) -> PrmSpeed:
    """Score a batch of steps again and again; each time they are new to the model, the problem is not."""
    scorer.open(0, PROBLEM)
    _score(scorer, lab.ledger(), 0)
    ledger, number = lab.ledger(), count(1)

    def once() -> float:
        begun = lab.clock()
        _score(scorer, ledger, next(number))
        return lab.clock() - begun

    seconds = lab.repeat(repeats, once)
    scorer.retain(0, ())
    spent = ledger.spent()
    tokens = spent.tokens_prm // len(seconds)
    found = figure(seconds)
    assert found is not None
    window = window_of("reward model", spent.seconds, spent.energy, len(seconds), "call")
    return PrmSpeed(
        scorer.profile.name, scorer.profile.sha256, _STEPS, tokens, found, _rate(found, _STEPS), _rate(found, tokens),
        window,
    )  # fmt: skip


def _score(scorer: Scorer, ledger: Ledger, repeat: int) -> None:
    requests = [
        ScoreRequest(0, repeat * _STEPS + i + 1, ROOT, f"The sum is {repeat} * {i} + {i} = {repeat * i + i}.\n")
        for i in range(_STEPS)
    ]
    list(scorer.score(requests, ledger))  # rewards may be computed when they are read


def _rate(seconds: Figure, amount: float) -> Figure:
    found = figure([amount / sample for sample in seconds.samples])
    assert found is not None
    return found
