"""The measurements themselves: repeats of one thing under a clock and a meter, until a deadline or the user says stop.

Pure of devices: the engine, the clock, the meter and the look at the sensors are handed in. What a measurement returns
holds every sample; a window of energy spans all its repeats, for meters are too coarse for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from edge_solver.bench.device.engine import Engine, OutOfTimeError, StoppedError
from edge_solver.bench.device.figures import Figure, figure
from edge_solver.bench.device.thermal import Heat
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.meter import Activity, Meter, Reading

SUSTAINED_BRANCHES = 4
BIN_SECONDS = 10.0
"""Of the rolling rate in a sustained run."""


@dataclass(frozen=True, slots=True)
class Window:
    """Energy over a stretch of the same work."""

    what: str
    seconds: float
    joules: float | None
    label: str
    scope: str
    units: int
    unit: str
    """What was done so often: "token", "call", "problem" or "second"."""
    net_joules: float | None = None
    """Without what the idle device would have used."""
    error: float | None = None
    """Of a calibrated estimate: how far off it may be, as a share."""

    @property
    def per_unit(self) -> float | None:
        """Gross joules for one unit."""
        return self.joules / self.units if self.joules is not None and self.units else None


@dataclass
class Lab:
    """What every measurement needs of the world."""

    clock: Callable[[], float]
    """Seconds that never go back."""
    meter: Meter
    heat: Callable[[], Heat]
    sleep: Callable[[float], None]
    cancelled: Callable[[], bool] = lambda: False
    deadline: float | None = None
    """When repeats end that are not yet begun; the first of a measurement is always made."""
    limit: float | None = None
    """When everything ends, whatever was begun."""
    beat: Callable[[], None] = lambda: None
    """Told that something is going on; called often."""
    hottest: Heat | None = field(default=None, init=False)

    def check(self) -> None:
        """Go on, unless there is a reason to end.

        Raises:
            StoppedError: The user has asked for it.
            OutOfTimeError: The time is up.
        """
        self.beat()
        if self.cancelled():
            raise StoppedError
        if self.limit is not None and self.clock() >= self.limit:
            raise OutOfTimeError

    def repeat(self, most: int, once: Callable[[], float]) -> list[float]:
        """Take samples, at least one and at most so many, until it is time.

        Raises:
            StoppedError: The user has asked for an end before there was a sample.
            OutOfTimeError: The time was up before there was one.
        """
        samples: list[float] = []
        while len(samples) < most and not (samples and self.out_of_time()):
            try:
                samples.append(once())
                self.look()
                self.check()
            except (StoppedError, OutOfTimeError):  # noqa: PERF203 - nothing beside seconds of work
                if not samples:
                    raise
                break
        return samples

    def ledger(self) -> Ledger:
        """Open a window."""
        return Ledger(Budget(), self.clock, self.meter)

    def look(self) -> Heat:
        """Look at the sensors, and remember the hottest look."""
        heat = self.heat()
        if heat.celsius is not None and (self.hottest is None or heat.celsius > (self.hottest.celsius or 0.0)):
            self.hottest = heat
        return heat

    def out_of_time(self) -> bool:
        """Say whether no further repeat should begin."""
        return self.deadline is not None and self.clock() >= self.deadline


@dataclass(frozen=True, slots=True)
class PromptSpeed:
    """Reading prompts of one length, up to the first written token."""

    tokens: int
    seconds: Figure
    tokens_per_second: Figure
    window: Window


@dataclass(frozen=True, slots=True)
class DecodeSpeed:
    """Writing on branches that share a prompt."""

    branches: int
    prompt_tokens: int
    tokens: int
    """On every branch."""
    tokens_per_second: Figure
    """Of all branches together."""
    seconds_per_call: Figure
    """Medians of the repeats."""
    window: Window


@dataclass(frozen=True, slots=True)
class Moment:
    """One bin of a sustained run."""

    seconds: float
    """Since its beginning."""
    tokens_per_second: float
    celsius: float | None


@dataclass(frozen=True, slots=True)
class Sustained:
    """Minutes of the same work without a pause."""

    branches: int
    seconds: float
    burst: float
    """Tokens per second in the first bin."""
    sustained: float
    """Tokens per second in the last third."""
    moments: tuple[Moment, ...]
    throttled: bool | None
    window: Window


def idle(lab: Lab, seconds: float) -> Window:
    """Do nothing and see what that takes."""
    begun, before = lab.clock(), lab.meter.read(Activity(0, 0.0))
    while (left := seconds - (lab.clock() - begun)) > 0:
        lab.check()
        lab.sleep(min(0.5, left))
    passed = lab.clock() - begun
    after = lab.meter.read(Activity(0, passed))
    joules = None if before.joules is None or after.joules is None else max(0.0, after.joules - before.joules)
    return window_of("idle", passed, replace(after, joules=joules), round(passed), "second")


def prompt_speed(engine: Engine, lab: Lab, tokens: int, repeats: int) -> PromptSpeed:
    """Read prompts of a length, each as a new problem."""
    found, ledger = tokens, lab.ledger()

    def once() -> float:
        nonlocal found
        found, seconds = engine.prompt(tokens, ledger)
        return seconds

    taken = lab.repeat(repeats, once)
    spent = ledger.spent()
    window = window_of(f"prompt of {found}", spent.seconds, spent.energy, found * len(taken), "token")
    return PromptSpeed(found, _figure(taken), _figure([found / seconds for seconds in taken]), window)


def decode_speed(
    engine: Engine, lab: Lab, branches: int, tokens: int, repeats: int, *, prompt_tokens: int
) -> DecodeSpeed:
    """Write on branches of one prompt, which is read outside the window."""
    found, _ = engine.prompt(prompt_tokens, lab.ledger())
    ledger = lab.ledger()
    calls: list[float] = []

    def once() -> float:
        seconds = engine.decode(branches, tokens, ledger)
        calls.append(_figure(seconds).median)
        return branches * len(seconds) / sum(seconds)

    rates = lab.repeat(repeats, once)
    spent = ledger.spent()
    # The first token of a branch comes from the prompt's logits and cost nothing here.
    window = window_of(f"decode on {branches}", spent.seconds, spent.energy, spent.tokens_evaluated, "token")
    return DecodeSpeed(branches, found, tokens, _figure(rates), _figure(calls), window)


def sustained(
    engine: Engine,
    lab: Lab,
    seconds: float,
    tokens: int,
    *,
    prompt_tokens: int,
    throttled: Callable[[Heat, Heat], bool | None],
) -> Sustained:
    """Write without a pause until the time is over, and follow speed and heat."""
    engine.prompt(prompt_tokens, lab.ledger())
    before, ledger, begun = lab.look(), lab.ledger(), lab.clock()
    moments: list[Moment] = []
    of_bin, bin_begun = 0, begun
    while lab.clock() - begun < seconds:
        try:
            calls = engine.decode(SUSTAINED_BRANCHES, tokens, ledger)
        except (StoppedError, OutOfTimeError):
            if not moments:
                raise
            break  # what was seen so far is a shorter run
        of_bin += SUSTAINED_BRANCHES * len(calls)
        now = lab.clock()
        if now - bin_begun >= BIN_SECONDS or now - begun >= seconds:
            heat = lab.look()
            moments.append(Moment(now - begun, of_bin / (now - bin_begun), heat.celsius))
            of_bin, bin_begun = 0, now
    spent, after = ledger.spent(), lab.look()
    last = moments[-max(1, len(moments) // 3) :]
    return Sustained(
        SUSTAINED_BRANCHES,
        lab.clock() - begun,
        moments[0].tokens_per_second,
        _figure([moment.tokens_per_second for moment in last]).median,
        tuple(moments),
        throttled(before, after),
        window_of(
            f"sustained decode on {SUSTAINED_BRANCHES}", spent.seconds, spent.energy, spent.tokens_evaluated, "token"
        ),
    )


def net(window: Window, idle_watts: float | None) -> float | None:
    """Return what a window took beyond idling."""
    if window.joules is None or idle_watts is None:
        return None
    return max(0.0, window.joules - idle_watts * window.seconds)


def window_of(what: str, seconds: float, energy: Reading, units: int, unit: str) -> Window:
    """Return a window with what a meter says of it."""
    return Window(what, seconds, energy.joules, energy.label.value, energy.scope, units, unit, error=energy.error)


def _figure(samples: Sequence[float]) -> Figure:
    found = figure(samples)
    assert found is not None  # a measurement makes at least one sample
    return found
