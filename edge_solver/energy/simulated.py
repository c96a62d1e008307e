"""A simulated machine: a clock, a power supply and a meter of known truth, for searches in the scripted world.

A call takes as long as its slower half, computing or reading memory; its energy follows ``a·FLOPs + b·bytes +
P_idle·s`` with noise on every call. The meter shows what was used up to its latest update, as slow meters do. Nothing
waits and nothing is random beyond the seed. The invariant: ``joules`` is the truth, and what the meter says never goes
back.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from edge_solver.core.budget import Cost
from edge_solver.core.meter import Activity, EnergyLabel, Rates, Reading

LAPTOP = Rates(joules_per_flop=3e-11, joules_per_byte=2.7e-10, idle_watts=4.0)
"""What work costs on the simulated machine; for the constants see ``core.pace``."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a simulated machine is like."""

    rates: Rates = LAPTOP
    flops_per_second: float = 4e11
    bytes_per_second: float = 5e10
    seconds_per_call: float = 2e-3
    """Of bookkeeping."""
    period_seconds: float = 1.0
    """Between two updates of the meter; 0 for a meter that always knows."""
    jitter: float = 0.05
    """Of the moment of an update, as a share of the period."""
    noise: float = 0.1
    """Of the energy of a call: its standard deviation as a share."""
    reading_noise_joules: float = 0.1
    """Of what the meter says: its standard deviation."""


class SimulatedMachine:
    """Keeps time and energy. It is the clock and the meter of a search, and is told of every call."""

    def __init__(self, traits: Traits | None = None, seed: int = 0) -> None:
        """Stand at zero, some time after the meter's latest update."""
        self.traits = traits or Traits()
        self._dice = Random(seed)  # noqa: S311 - simulation
        self._now = 0.0
        self.joules = 0.0
        """The truth: what was used since the machine was made."""
        self._next_update = self._dice.random() * self.traits.period_seconds
        # The meter has not moved since its latest update, when the machine was idle.
        self._shown = -self.traits.rates.idle_watts * (self.traits.period_seconds - self._next_update)

    def __call__(self) -> float:
        """Return the seconds since the machine was made."""
        return self._now

    def tick(self, *costs: Cost) -> None:
        """Make a call."""
        traits = self.traits
        flops = sum(cost.flops for cost in costs)
        bytes_read = sum(cost.bytes_read for cost in costs)
        work = traits.rates.work(flops, bytes_read) * max(0.0, self._dice.gauss(1.0, traits.noise))
        seconds = max(flops / traits.flops_per_second, bytes_read / traits.bytes_per_second)
        self._pass(seconds + traits.seconds_per_call, work)

    def rest(self, seconds: float) -> None:
        """Do nothing for some time."""
        self._pass(seconds, 0.0)

    def read(self, _activity: Activity) -> Reading:
        """Return what the meter shows."""
        traits = self.traits
        shown = self._shown if traits.period_seconds else self.joules
        return Reading(shown, EnergyLabel.COUNTER, "simulated machine", "simulated", traits.rates.idle_watts)

    def _pass(self, seconds: float, work: float) -> None:
        """Let time go by and show every update of the meter on the way."""
        traits = self.traits
        start, before = self._now, self.joules
        used = work + traits.rates.idle_watts * seconds
        self._now, self.joules = start + seconds, before + used
        while traits.period_seconds and self._next_update <= self._now:
            share = (self._next_update - start) / seconds if seconds else 1.0
            seen = before + share * used + self._dice.gauss(0.0, traits.reading_noise_joules)
            self._shown = max(self._shown, seen)
            self._next_update += traits.period_seconds * max(0.1, self._dice.gauss(1.0, traits.jitter))
