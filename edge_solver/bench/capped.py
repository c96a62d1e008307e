"""How well a cap on joules is kept: ``python -m edge_solver.bench.capped``.

Runs seeded searches in the scripted world on a simulated machine whose true energy is known, under meters that tell
late, noisily and by steps, with rates that are wrong by up to a fifth. A cap is kept where the truth is at most 2 %
over it; it pays for one solution where the first solution of the same search, grown alone and without a cap, costs no
more.

The last row is there to be honest: a search that is over before a slow meter has moved is steered by the rates alone,
so it is off by as much as they are. No bound is promised for it.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from random import Random

import click

from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.cost import Shape
from edge_solver.core.events import Solved
from edge_solver.core.meter import Rates
from edge_solver.core.solution import Solution
from edge_solver.core.strategies import STRATEGIES, SearchSettings
from edge_solver.energy.simulated import SimulatedMachine, Traits
from edge_solver.engines.scripted import POLICY_SHAPE, PRM_SHAPE, ScriptedDrafter, ScriptedGrader, ScriptedScorer
from edge_solver.errors import ExitCode
from edge_solver.solver import Engines, Search

TOLERANCE = 0.02
"""How far over a cap still counts as kept."""
KEPT, ANSWERED = 0.99, 0.99
"""The least shares of searches that keep their cap, and of those that can be paid for that answer."""
MODEL_ERROR = 0.2
SMALLEST, LARGEST = 0.5, 20.0
"""Caps, in prices of a solution of the same kind: drawn evenly on a logarithmic scale."""

# The sizes of Llemma 7B at 4.5 bits per weight, and of a reward model of 0.5e9 weights in int8.
POLICY = Shape(32, 4096, 6_476_000_000, 131_000_000, 6_738_000_000, 524_288, 3_720_000_000)
PRM = Shape(24, 896, 358_000_000, 0, 494_000_000, 12_288, 358_000_000)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One search under a cap."""

    cap: float
    joules: float
    """The truth."""
    price_of_one: float
    """What its first solution alone would have cost, in truth."""
    is_answered: bool
    leaves: int

    @property
    def over(self) -> float:
        """How far the truth is over the cap, as a share; negative where it is under."""
        return self.joules / self.cap - 1

    @property
    def is_payable(self) -> bool:
        """Whether the cap pays for one solution."""
        return self.price_of_one <= self.cap


@dataclass(frozen=True, slots=True)
class Row:
    """What came of many searches under one meter."""

    meter: str
    searches: int
    kept: float
    """Share of searches at most ``TOLERANCE`` over their cap."""
    worst: float
    """The furthest over, as a share."""
    payable: int
    answered: float
    """Share of the payable ones that answered."""
    used: float
    """Mean share of the cap that was used, of the searches that it stopped or narrowed."""
    is_bound: bool
    """Whether the bounds are promised."""

    @property
    def holds(self) -> bool:
        """Whether both bounds hold, where they are promised."""
        return not self.is_bound or (self.kept >= KEPT and self.answered >= ANSWERED)


@dataclass(frozen=True, slots=True)
class Setting:
    """A machine, its meter, and the models that run on it."""

    traits: Traits
    policy: Shape = POLICY
    prm: Shape = PRM
    is_bound: bool = True
    """Whether the bounds are promised here."""


SETTINGS = {
    "every call": Setting(Traits(period_seconds=0.0)),
    "every 0.1 s": Setting(Traits(period_seconds=0.1)),
    "every 1 s": Setting(Traits(period_seconds=1.0)),
    "too late": Setting(Traits(period_seconds=1.0), POLICY_SHAPE, PRM_SHAPE, is_bound=False),
}
"""The rows of the table, by how often the meter moves; in the last one a solution takes a sixth of a second."""


def run(seed: int, setting: Setting) -> Outcome:
    """Run one search under a cap, and its first solution alone without one."""
    dice = Random(f"capped/{seed}")  # noqa: S311 - simulation
    problem = _problem(dice)
    strategy = dice.choice(("rebase", "rebase", "majority", "weighted", "beam"))
    rates = Rates(*(rate * dice.uniform(1 - MODEL_ERROR, 1 + MODEL_ERROR) for rate in _rates(setting.traits)))
    typical = statistics.mean(_alone(problem, strategy, seed + offset, setting) for offset in (1, 2, 3))
    cap = typical * math.exp(dice.uniform(math.log(SMALLEST), math.log(LARGEST)))
    price = _alone(problem, strategy, seed, setting)
    machine = SimulatedMachine(setting.traits, seed)
    solution = _solved(_search(problem, strategy, 16, seed, machine, Budget(joules=cap), rates, setting))
    return Outcome(cap, machine.joules, price, solution.answer is not None, solution.tree.leaves)


def table(searches: int, meters: Sequence[str] = tuple(SETTINGS), start: int = 0) -> Iterator[Row]:
    """Run searches under each meter and yield its row."""
    for name in meters:
        outcomes = [run(seed, SETTINGS[name]) for seed in range(start, start + searches)]
        payable = [outcome for outcome in outcomes if outcome.is_payable]
        narrowed = [outcome for outcome in outcomes if outcome.leaves < 16]  # noqa: PLR2004 - the width of ``run``
        yield Row(
            meter=name,
            searches=searches,
            kept=sum(outcome.over <= TOLERANCE for outcome in outcomes) / searches,
            worst=max(outcome.over for outcome in outcomes),
            payable=len(payable),
            answered=sum(outcome.is_answered for outcome in payable) / len(payable),
            used=statistics.mean(outcome.joules / outcome.cap for outcome in narrowed),
            is_bound=SETTINGS[name].is_bound,
        )


def _problem(dice: Random) -> str:
    terms = [str(dice.randint(2, 99))]
    for _ in range(dice.randint(2, 6)):
        terms += [dice.choice("+-*"), str(dice.randint(2, 99))]
    return f"What is {' '.join(terms)}?"


def _rates(traits: Traits) -> tuple[float, float, float]:
    rates = traits.rates
    return rates.joules_per_flop, rates.joules_per_byte, rates.idle_watts


def _alone(problem: str, strategy: str, seed: int, setting: Setting) -> float:
    machine = SimulatedMachine(replace(setting.traits, period_seconds=0.0), seed)
    _solved(_search(problem, strategy, 1, seed, machine, Budget(), setting.traits.rates, setting))
    return machine.joules


def _search(
    problem: str, strategy: str, width: int, seed: int, machine: SimulatedMachine, budget: Budget, rates: Rates,
    setting: Setting,
) -> Search:  # fmt: skip
    drafter, scorer = (
        ScriptedDrafter(clock=machine, shape=setting.policy),
        ScriptedScorer(clock=machine, shape=setting.prm),
    )
    return Search(
        problem,
        Engines(drafter, scorer, ScriptedGrader()),
        Ledger(budget, machine, machine, rates=rates),
        STRATEGIES[strategy],
        SearchSettings(width=width),
        seed=seed,
    )


def _solved(search: Search) -> Solution:
    for event in search:
        if isinstance(event, Solved):
            return event.solution
    raise AssertionError("a search ends with a Solved event")


@click.command()
@click.option("--searches", default=1000, help="Searches under each meter.")
@click.option("--meter", "meters", type=click.Choice(list(SETTINGS)), multiple=True, help="Only this one.")
@click.option("--json", "as_json", is_flag=True)
def main(searches: int, meters: tuple[str, ...], *, as_json: bool) -> None:
    """Print how well caps on joules are kept, per meter; exit 1 where a bound does not hold."""
    rows = []
    if not as_json:
        click.echo(f"{'meter moves':12} {'searches':>8} {'kept':>7} {'worst over':>10} {'payable':>8} {'answered':>9} "
                   f"{'cap used':>8}")  # fmt: skip
    for row in table(searches, meters or tuple(SETTINGS)):
        rows.append(row)
        if not as_json:
            click.echo(f"{row.meter:12} {row.searches:8} {row.kept:7.1%} {row.worst:10.1%} {row.payable:8} "
                       f"{row.answered:9.1%} {row.used:8.0%}")  # fmt: skip
    if as_json:
        click.echo(json.dumps([{**asdict(row), "holds": row.holds} for row in rows]))
    raise SystemExit(ExitCode.ANSWERED if all(row.holds for row in rows) else ExitCode.NO_ANSWER)


if __name__ == "__main__":
    main()
