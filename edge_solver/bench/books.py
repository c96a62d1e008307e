"""Seconds and joules of one machine, shared out among the problems that use it at the same time.

A model call belongs to the problems in it, in proportion to what it computed for each; all other time belongs to the
problem that was at work, or to nobody. Every second and joule is booked once, so sums over problems are those of the
machine. A problem that is alone has exactly its own wall clock and meter. A battery's gauge moves by steps of many
problems: what it shows belongs to the whole run and is booked to no problem.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from edge_solver.core.budget import Payer
from edge_solver.core.meter import Activity, EnergyLabel, Meter, Rates, Reading
from edge_solver.core.pace import TYPICAL
from edge_solver.engines.calls import Call


@dataclass(slots=True)
class Account:
    """What one problem has used so far."""

    seconds: float = 0.0
    joules: float | None = 0.0
    """``None`` from the first reading without a number on."""
    busy_seconds: float = 0.0
    """Its part of the model calls."""
    score_seconds: float = 0.0
    """Its part of those of them that were for rewards, or of the wait for rewards that another thread works on."""
    model_seconds: float = 0.0
    """Its part of what the model libraries took of them."""
    calls: int = 0
    """Decode calls that it took part in."""
    rows: int = 0
    """Branches of all problems in those calls."""
    room: int = 0
    """Branches that could have been in them: as many as there is place for while problems wait to begin, else those
    that wanted a token."""
    paths: int = 0
    """Rows of those calls: branches that write the same share one."""


@dataclass(slots=True)
class Books:
    """Everybody's accounts."""

    clock: Callable[[], float]
    """Seconds from any origin."""
    meter: Meter
    rates: Rates = TYPICAL
    """What work is thought to cost; see ``Ledger``."""
    full: int = 0
    """Branches that a decode call has place for."""
    is_last: bool = False
    """Whether no more problems wait to begin."""
    accounts: dict[int, Account] = field(default_factory=dict)
    nobody: Account = field(default_factory=Account)
    """Time between problems: grading, writing results."""
    _owner: Account = field(init=False)
    _start: float = field(init=False)
    _mark: float = field(init=False)
    _reading: Reading = field(init=False)
    _first: Reading = field(init=False)
    _is_gauge: bool = field(init=False)
    _flops: int = field(default=0, init=False)
    _bytes_read: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Start counting now."""
        self._owner = self.nobody
        self._start = self._mark = self.clock()
        self._reading = self._first = self.meter.read(Activity(0, 0.0))
        self._is_gauge = self._reading.label is EnergyLabel.MEASURED_BATTERY

    def whole(self) -> tuple[Reading, float]:
        """Return what was used since the books were opened, by all problems and by nobody, and the seconds."""
        self._settle()
        now, seconds = self._reading, self._mark - self._start
        joules = _between(self._first.joules, now.joules)
        return (now.lost() if joules is None and now.joules is not None else replace(now, joules=joules)), seconds

    def open(self, problem: int) -> Account:
        """Begin an account and give it the time from now on."""
        account = self.accounts[problem] = Account(joules=None if self._is_gauge else 0.0)
        self.work_for(problem)
        return account

    def work_for(self, problem: int | None) -> None:
        """Give the time from now on to a problem, or to nobody."""
        owner = self.nobody if problem is None else self.accounts[problem]
        if owner is not self._owner or owner is self.nobody:
            self._settle()
            self._owner = owner

    def called(self, call: Call) -> None:
        """Book a call that ends now."""
        self._flops += sum(call.flops.values())
        self._bytes_read += call.bytes_read
        if any(self.accounts.get(problem) is not self._owner for problem in call.flops):
            self._settle(call)  # else all of the time is its owner's, in the call and outside of it
        for problem, share in _shares(call).items():
            account = self.accounts.get(problem, self.nobody)
            account.busy_seconds += share * call.seconds
            account.model_seconds += share * call.model_seconds
            if call.payer is Payer.DECODE:
                account.calls += 1
                account.rows += call.rows
                account.room += max(call.rows + call.waiting, 0 if self.is_last else self.full)
                account.paths += call.paths
            else:
                account.score_seconds += share * call.seconds

    def clock_of(self, problem: int) -> Callable[[], float]:
        """Return a clock that runs while the problem is at work."""
        account = self.accounts[problem]
        return lambda: account.seconds + (self.clock() - self._mark if self._owner is account else 0.0)

    def meter_of(self, problem: int) -> Meter:
        """Return a meter that reads what the problem has used."""
        return _ProblemMeter(self, self.accounts[problem])

    def read(self, account: Account) -> Reading:
        """Return what an account holds, up to now."""
        if self._owner is account:
            self._settle()
        if account.joules is None:
            is_stale = self._reading.label is EnergyLabel.STALE and not self._is_gauge
            return self._reading.lost(EnergyLabel.STALE if is_stale else EnergyLabel.UNAVAILABLE)
        return replace(self._reading, joules=account.joules)

    def _settle(self, call: Call | None = None) -> None:
        """Book the time since the last settlement: a call's to those in it, the rest to the owner."""
        now = self.clock()
        seconds, self._mark = now - self._mark, now
        activity = Activity(self._flops, now - self._start, self._bytes_read)
        before, self._reading = self._reading, self.meter.read(activity)
        joules = _between(before.joules, self._reading.joules)
        in_call = min(seconds, call.seconds) if call is not None else 0.0
        part = in_call / seconds if seconds > 0 else float(call is not None)
        _book(self._owner, seconds - in_call, None if joules is None else joules * (1 - part))
        if call is not None:
            for problem, share in _shares(call).items():
                account = self.accounts.get(problem, self.nobody)
                _book(account, share * in_call, None if joules is None else share * joules * part)


@dataclass(frozen=True, slots=True)
class _ProblemMeter:
    """Reads one problem's account."""

    books: Books
    account: Account

    def read(self, activity: Activity) -> Reading:  # noqa: ARG002 - the books know what everybody did
        """Return the energy that the problem has used."""
        return self.books.read(self.account)


def _between(before: float | None, now: float | None) -> float | None:
    """Return the joules between two readings; none where one has no number, is none, or goes back."""
    if before is None or now is None or not math.isfinite(now - before) or now < before:
        return None
    return now - before


def _book(account: Account, seconds: float, joules: float | None) -> None:
    account.seconds += seconds
    account.joules = None if account.joules is None or joules is None else account.joules + joules


def _shares(call: Call) -> Mapping[int, float]:
    """Return each problem's part of a call; in equal parts where nothing was computed."""
    total = sum(call.flops.values())
    return {problem: flops / total if total else 1 / len(call.flops) for problem, flops in call.flops.items()}
