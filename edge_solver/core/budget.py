"""The budget and the ledger that keeps it: ask before you spend.

FLOPs and tokens of a call are known exactly before it, so the ledger is asked first and a refused call is not made:
these two never pass their cap. Seconds are read after the fact, so they pass it by one call at most. Joules are read
late and by steps, so the ledger reckons with what it predicts (``core.pace``) and refuses the call that would pass the
cap; what it reports is the meter's figure alone. The clock and the meter are handed in; the ledger itself has no notion
of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import Enum

from edge_solver.core.meter import Activity, EnergyLabel, Meter, Rates, Reading
from edge_solver.core.pace import TYPICAL, Pace
from edge_solver.errors import QuantityError


class Cap(str, Enum):
    """The four quantities that a budget may limit."""

    FLOPS = "flops"
    JOULES = "joules"
    SECONDS = "seconds"
    TOKENS = "tokens"


class Payer(str, Enum):
    """What a call was made for."""

    PROMPT = "prompt"
    DECODE = "decode"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper limits for one problem; ``None`` means no limit."""

    flops: float | None = None
    """Executed FLOPs, policy and process reward model together."""
    joules: float | None = None
    seconds: float | None = None
    tokens: int | None = None
    """Generated tokens."""

    def __post_init__(self) -> None:
        """Refuse caps that no call could ever keep."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise QuantityError(
                    f"a cap of {value} {field.name} allows nothing; give a positive number or leave it out"
                )

    def of(self, cap: Cap) -> float | None:
        """Return the limit on one quantity."""
        value: float | None = getattr(self, cap.value)
        return value

    @property
    def caps(self) -> tuple[Cap, ...]:
        """The quantities that are limited."""
        return tuple(cap for cap in Cap if self.of(cap) is not None)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call will spend, known before it is made."""

    payer: Payer
    flops: int
    evaluated: int = 0
    """Tokens that pass through the model."""
    generated: int = 0
    """Tokens that are sampled from the call's logits."""
    flops_paper: int = 0
    """The paper's ``2·N·T`` for the tokens generated, with the N of the model that generates them."""
    bytes_read: int = 0
    """From memory: the weights once, and the cache of every branch."""
    again: int = 0
    """Of the tokens evaluated, those that had been before and had to make room."""
    flops_spared: int = 0
    """What was not computed, because it was still there from an earlier problem."""

    def plus(
        self,
        flops: int,
        evaluated: int = 0,
        generated: int = 0,
        flops_paper: int = 0,
        bytes_read: int = 0,
        *,
        again: int = 0,
        flops_spared: int = 0,
    ) -> Cost:
        """Return the cost with more of the same payer's added."""
        return Cost(
            self.payer,
            self.flops + flops,
            self.evaluated + evaluated,
            self.generated + generated,
            self.flops_paper + flops_paper,
            self.bytes_read + bytes_read,
            self.again + again,
            self.flops_spared + flops_spared,
        )


@dataclass(frozen=True, slots=True)
class Spend:
    """What has been spent so far."""

    flops_prompt: int
    flops_decode: int
    flops_prm: int
    tokens_generated: int
    tokens_evaluated: int
    """Tokens evaluated by the policy, the prompt included."""
    tokens_prm: int
    seconds: float
    energy: Reading
    flops_paper: int
    """By the paper's count: two FLOPs per weight of the policy and generated token, and nothing else."""
    bytes_read: int
    """From memory: weights once per call, and caches."""
    tokens_again: int = 0
    """Of the tokens evaluated, those that had been before and had to make room."""
    flops_spared: int = 0
    """Of the prompt, what was still there from an earlier problem and not computed."""

    @property
    def flops_policy(self) -> int:
        """FLOPs of the policy: prompt and decode."""
        return self.flops_prompt + self.flops_decode

    @property
    def flops(self) -> int:
        """Executed FLOPs of policy and process reward model together."""
        return self.flops_policy + self.flops_prm

    def of(self, cap: Cap) -> float:
        """Return the spend that a cap limits; energy that cannot be read counts as none."""
        match cap:
            case Cap.FLOPS:
                return self.flops
            case Cap.TOKENS:
                return self.tokens_generated
            case Cap.SECONDS:
                return self.seconds
            case Cap.JOULES:
                return self.energy.joules or 0.0


class Ledger:
    """Grants or refuses calls under a budget, and remembers what was granted."""

    def __init__(
        self,
        budget: Budget,
        clock: Callable[[], float],
        meter: Meter,
        *,
        rates: Rates = TYPICAL,
        past: Spend | None = None,
    ) -> None:
        """Start counting now.

        Args:
            budget: The caps.
            clock: Returns seconds from any origin.
            meter: Reads energy.
            rates: What work is thought to cost here, for as long as the meter has not shown it.
            past: What the search had spent that this one goes on with: the caps hold for both together.
        """
        self.budget = budget
        self._clock, self._meter = clock, meter
        self._costs: dict[Payer, Cost] = {payer: Cost(payer, 0) for payer in Payer}
        self._past = Activity(0, 0.0)
        self._past_energy: Reading | None = None
        if past is not None:
            self._costs |= {
                Payer.PROMPT: Cost(Payer.PROMPT, past.flops_prompt),
                Payer.DECODE: Cost(
                    Payer.DECODE,
                    past.flops_decode,
                    past.tokens_evaluated,
                    past.tokens_generated,
                    past.flops_paper,
                    past.bytes_read,
                    past.tokens_again,
                ),
                Payer.SCORE: Cost(Payer.SCORE, past.flops_prm, past.tokens_prm),
            }
            self._past, self._past_energy = Activity(past.flops, past.seconds, past.bytes_read), past.energy
        self._started = clock()
        self._baseline = self._latest = meter.read(Activity(0, 0.0))  # any time at all would count as work
        self._pace = Pace(rates)
        self.refused: Cap | None = None
        """The cap that refused the latest call that was not granted."""

    def request(self, *costs: Cost) -> Cap | None:
        """Book one call's costs, or return the cap that refuses it; a refused call must not be made."""
        refusal = self.refusal(*costs)
        if refusal is not None:
            self.refused = refusal
            return refusal
        for cost in costs:
            paid = self._costs[cost.payer]
            self._costs[cost.payer] = paid.plus(
                cost.flops,
                cost.evaluated,
                cost.generated,
                cost.flops_paper,
                cost.bytes_read,
                again=cost.again,
                flops_spared=cost.flops_spared,
            )
        return None

    def refusal(self, *costs: Cost) -> Cap | None:
        """Return the cap that a call would break, without booking it."""
        budget = self.budget
        if budget.flops is not None and self._flops() + sum(cost.flops for cost in costs) > budget.flops:
            return Cap.FLOPS
        if budget.tokens is not None:
            generated = sum(cost.generated for cost in costs)
            if self._costs[Payer.DECODE].generated + generated > budget.tokens:
                return Cap.TOKENS
        if budget.seconds is not None and self._seconds() >= budget.seconds:
            return Cap.SECONDS
        if budget.joules is not None:
            flops, bytes_read = sum(cost.flops for cost in costs), sum(cost.bytes_read for cost in costs)
            left = self._joules_left(budget.joules)
            if left is None or left <= 0 or self._pace.price(flops, bytes_read) > left:
                return Cap.JOULES  # what cannot be read cannot be kept under a cap
        return None

    def spent(self) -> Spend:
        """Read clock and meter and return everything spent since the start."""
        prompt, decode, score = (self._costs[payer] for payer in Payer)
        activity = self._activity()
        return Spend(
            flops_prompt=prompt.flops,
            flops_decode=decode.flops,
            flops_prm=score.flops,
            tokens_generated=decode.generated,
            tokens_evaluated=prompt.evaluated + decode.evaluated,
            tokens_prm=score.evaluated,
            seconds=activity.seconds,
            energy=self._energy(activity),
            flops_paper=decode.flops_paper,
            bytes_read=activity.bytes_read,
            tokens_again=prompt.again + decode.again,
            flops_spared=prompt.flops_spared,
        )

    def booked(self, payer: Payer) -> Cost:
        """Return what has been granted for one purpose, without a look at clock or meter."""
        return self._costs[payer]

    def left(self, cap: Cap) -> float | None:
        """Return what a cap still allows (never below zero), or ``None`` where there is no cap.

        Of joules, what is predicted to be left: nothing where they cannot be read.
        """
        limit = self.budget.of(cap)
        if limit is None:
            return None
        if cap is Cap.JOULES:
            return max(0.0, self._joules_left(limit) or 0.0)
        return max(0.0, limit - self.spent().of(cap))

    def joules_of(self, flops: float, bytes_read: float) -> float | None:
        """Predict the joules of work to come; ``None`` before the meter has shown what work costs."""
        return self._pace.price(flops, bytes_read) if self._pace.is_known else None

    def _joules_left(self, limit: float) -> float | None:
        activity = self._activity()
        joules = self._energy(activity).joules
        if joules is None:
            return None
        self._pace.see(activity, joules)
        return limit - self._pace.joules(activity)

    def _activity(self) -> Activity:
        bytes_read = sum(cost.bytes_read for cost in self._costs.values())
        return Activity(self._flops(), self._seconds(), bytes_read)

    def _flops(self) -> int:
        return sum(cost.flops for cost in self._costs.values())

    def _seconds(self) -> float:
        return self._past.seconds + max(0.0, self._clock() - self._started)

    def _energy(self, total: Activity) -> Reading:
        """Read the meter; ``total`` is what was done until now, by the one clock reading that both figures share."""
        past = self._past
        here = Activity(total.flops - past.flops, total.seconds - past.seconds, total.bytes_read - past.bytes_read)
        now, before, start = self._meter.read(here), self._latest, self._baseline
        if before.label is EnergyLabel.UNAVAILABLE:
            return now.lost()  # once lost, nobody knows what was used meanwhile
        is_stale = now.label is EnergyLabel.STALE
        if now.joules is None or before.joules is None or start.joules is None:
            self._latest = now.lost() if not is_stale and now.joules is None else before
            return now.lost(EnergyLabel.STALE if is_stale else EnergyLabel.UNAVAILABLE)
        if not math.isfinite(now.joules) or now.joules < before.joules:
            self._latest = now.lost()
            return now.lost()
        self._latest = now
        earlier = self._past_energy
        if earlier is None:
            return replace(now, joules=now.joules - start.joules)
        if earlier.joules is None or earlier.label is not now.label:
            return now.lost()  # no figure is put together from two kinds
        return replace(now, joules=earlier.joules + now.joules - start.joules)
