"""When two answers are the same.

``MathGrader`` asks, in this order: are the normal forms equal; are both sides exact numbers (then the verdict is
exact); what do the outer shapes say (then the parts are compared one by one); and, for what is left, Math-Verify in a
guarded worker process. The relation is reflexive and symmetric. Equality of decimals with fractions, and of forms that
the worker has to round, is not transitive, so a vote compares with the first member of a group. A question on which
the worker overruns its deadline is answered "not the same" and counted.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import RLock
from types import TracebackType

from edge_solver.answers import exact, identity
from edge_solver.answers.normal import MAX_ANSWER_CHARS, is_sentence, nesting, normalise
from edge_solver.answers.process import WorkerProcess, WorkerUnavailable
from edge_solver.answers.shape import Kind, Shape, is_vector, read_shape

DEADLINE_SECONDS = 2.0
"""Of processor time, per question. The slowest question of the public equivalence tables takes under 0.5 s on two
cores."""

CACHED_PAIRS = 20_000
"""A few megabytes; more pairs than a search of width 128 can ask."""

MAX_STRIKES = 2
"""An answer that overran so often, and more often than not, is not sent to the worker again: n hostile answers cost
a multiple of n deadlines, not of n squared."""

PROBE = "t"
"""What an answer is compared with alone, after an overrun, to find out which side of the pair was to blame."""

MAX_NESTING = 40
"""Deeper brackets are no answer, and parsing them takes seconds. Gold answers seen in public sets go 2 deep."""

MAX_DEPTH = 4
"""Lists of tuples of equations are three levels deep."""


@dataclass(frozen=True, slots=True)
class GraderStats:
    """What the grader has done so far."""

    questions: int = 0
    cached: int = 0
    asked_worker: int = 0
    overruns: int = 0
    """Questions that the worker did not answer in time, or died of; each was answered "not the same"."""
    refused: int = 0
    """Questions not put to the worker because an answer in them had overrun before; also "not the same"."""
    worker_error: str | None = None
    """Why there is no worker, if it could not be started."""


@dataclass(slots=True)
class _Record:
    """How an answer has fared in the worker."""

    answered: int = 0
    cleared: int = 0
    """Times it was compared alone, after an overrun, and did not overrun."""
    overran: int = 0

    @property
    def merit(self) -> int:
        """What speaks for it, less what speaks against it."""
        return self.answered + self.cleared - self.overran

    @property
    def is_barred(self) -> bool:
        """Whether the worker is spared this answer."""
        return self.overran >= MAX_STRIKES and self.overran > self.answered


class _OverrunError(Exception):
    """The worker did not answer in time; further parts of the same answers are not tried."""


class MathGrader:
    """Compares answers; a context manager, because a worker process may be running behind it."""

    def __init__(self, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        """Start nothing: the worker comes with the first question that needs it."""
        self._worker = WorkerProcess(deadline_seconds)
        self._verdicts: OrderedDict[tuple[str, str], bool] = OrderedDict()
        self._records: dict[str, _Record] = {}
        self._stats = GraderStats()
        self._lock = RLock()

    def __enter__(self) -> MathGrader:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the worker."""
        self.close()

    @property
    def stats(self) -> GraderStats:
        """Counts since the grader was made."""
        return self._stats

    def warm(self) -> None:
        """Start loading the worker in the background, so that a later question does not wait for it."""
        try:
            self._worker.start()
        except WorkerUnavailable as error:
            self._stats = replace(self._stats, worker_error=str(error))

    def close(self) -> None:
        """End the worker process, if there is one."""
        self._worker.close()

    def same(self, first: str, second: str) -> bool:
        """Tell whether two answers are equal; never raises on any text.

        Ends within the deadline, or three of them where an overrun has to be traced to one side.
        """
        with self._lock:
            self._count(questions=1)
            if first == second:
                return True
            pair = (first, second) if first <= second else (second, first)
            if pair in self._verdicts:
                self._verdicts.move_to_end(pair)
                self._count(cached=1)
                return self._verdicts[pair]
            verdict = self._judge(*pair)
            self._verdicts[pair] = verdict
            if len(self._verdicts) > CACHED_PAIRS:
                self._verdicts.popitem(last=False)
            return verdict

    def canonical(self, answer: str) -> str:
        """Return one spelling for an exact number (``6/8`` is ``3/4``), the normal form for everything else."""
        normal = normalise(answer)
        number = exact.read_number(normal)
        return (exact.canonical(number) if number else None) or normal

    def _judge(self, first: str, second: str) -> bool:
        try:
            return self._compare(first, second, MAX_DEPTH)
        except _OverrunError:
            return False
        except WorkerUnavailable as error:
            self._stats = replace(self._stats, worker_error=str(error))
        return False

    def _compare(self, first: str, second: str, depth: int) -> bool:
        if max(len(first), len(second)) > MAX_ANSWER_CHARS:
            return first.strip() == second.strip()
        verdict = exact.verdict(first, second)
        if verdict is None and (exact.is_too_large(first) or exact.is_too_large(second)):
            return False
        if verdict is None and depth:
            verdict = self._by_shape(first, second, depth - 1)
        if verdict is None and identity.differ(first, second):
            return False
        return self._ask(first, second) if verdict is None else verdict

    def _by_shape(self, first: str, second: str, depth: int) -> bool | None:  # noqa: PLR0911 - one line per case
        """Compare part by part, or return ``None`` where the shapes leave the question open."""
        one, two = normalise(first), normalise(second)
        if is_sentence(one) or is_sentence(two):
            return None
        a, b = read_shape(one), read_shape(two)
        if a.kind is Kind.EQUATION or b.kind is Kind.EQUATION:
            return self._equations(a, b, depth)
        if a.kind is Kind.WORDS or b.kind is Kind.WORDS:
            return _words(a, b)
        if a.kind is b.kind is Kind.COLLECTION and not _has_ellipsis(one, two):
            return self._match(a.parts, b.parts, depth)
        if _are_ordered_alike(a, b) or (a.kind is b.kind is Kind.COLLECTION):
            return self._in_order(a.parts, b.parts, depth)
        if _has_ellipsis(one, two):
            return False  # Math-Verify drops what it cannot parse, and would compare only the beginnings
        return self._across_kinds(a, b, depth)

    def _across_kinds(self, a: Shape, b: Shape, depth: int) -> bool | None:
        """Decide between different kinds: a set of one is its element; a list is no tuple; a number is no pair."""
        for one, two in ((a, b), (b, a)):
            if one.kind is Kind.COLLECTION and len(one.parts) == 1:
                return self._compare(one.parts[0], two.parts[0], depth) if two.kind is Kind.ONE else None
            if one.kind in {Kind.COLLECTION, Kind.TUPLE, Kind.INTERVAL} and two.kind is Kind.ONE:
                return False if exact.read_number(two.parts[0]) else None
            if one.kind is Kind.COLLECTION and two.kind is Kind.TUPLE:
                return False
        return False if a.kind is b.kind is Kind.INTERVAL else None

    def _equations(self, a: Shape, b: Shape, depth: int) -> bool | None:
        """Compare what a name equals; the name matters only if both sides have one."""
        if a.kind is b.kind and a.mark != b.mark:
            return False if exact.read_number(a.parts[0]) and exact.read_number(b.parts[0]) else None
        if a.kind is not b.kind and _is_relation(a if b.kind is Kind.EQUATION else b):
            return None
        return self._compare(_value(a), _value(b), depth)

    def _match(self, first: tuple[str, ...], second: tuple[str, ...], depth: int) -> bool:
        """Find a partner for every part, in any order."""
        if len(first) != len(second):
            return False
        free = list(second)
        for part in first:
            partner = next((other for other in free if normalise(other) == normalise(part)), None) or next(
                (other for other in free if self._compare(part, other, depth)), None
            )
            if partner is None:
                return False
            free.remove(partner)
        return True

    def _in_order(self, first: tuple[str, ...], second: tuple[str, ...], depth: int) -> bool:
        if len(first) != len(second):
            return False
        return all(self._compare(one, two, depth) for one, two in zip(first, second, strict=True))

    def _ask(self, first: str, second: str) -> bool:
        """Ask the worker, unless it could only fail, or one side has cost it its life too often."""
        if max(nesting(first), nesting(second)) > MAX_NESTING:
            return False
        records = [self._records.setdefault(side, _Record()) for side in (first, second)]
        if any(record.is_barred for record in records):
            self._count(refused=1)
            raise _OverrunError
        self._count(asked_worker=1)
        verdict = self._worker.ask(first, second)
        if verdict is None:
            self._count(overruns=1)
            self._blame(first, second)
            raise _OverrunError
        for record in records:
            record.answered += 1
        return verdict

    def _blame(self, first: str, second: str) -> None:
        """Charge an overrun to the side with the poorer record; of two unknown ones, to that which overruns alone.

        An exact number is never to blame.
        """
        suspects = [side for side in (first, second) if not exact.read_number(normalise(side))]
        if len(suspects) > 1 and not any(self._records[side].merit > 0 for side in suspects):
            for side in suspects:
                if self._worker.ask(side, PROBE) is None:
                    self._count(overruns=1)
                    self._records[side].overran += MAX_STRIKES
                    return
                self._records[side].cleared += 1
        poorest = min((self._records[side].merit for side in suspects), default=0)
        for side in suspects:
            if self._records[side].merit == poorest:
                self._records[side].overran += 1

    def _count(self, **more: int) -> None:
        self._stats = replace(self._stats, **{name: getattr(self._stats, name) + n for name, n in more.items()})


@lru_cache(maxsize=1)
def _shared_grader() -> MathGrader:
    return MathGrader()


def same_answer(first: str, second: str) -> bool:
    """Tell whether two answers are equal, with one grader for the whole program; its worker ends with the program."""
    return _shared_grader().same(first, second)


def _value(shape: Shape) -> str:
    """Return the right side of an equation, or the text of anything else."""
    return shape.source if shape.kind is not Kind.EQUATION else shape.parts[0]


def _words(a: Shape, b: Shape) -> bool | None:
    r"""Compare words; bare letters may be a product, so only ``\text{…}`` on one side makes both sides words.

    Two different single letters differ, also in case: Math-Verify would take ``x`` for ``X``.
    """
    if a.kind is b.kind:
        if a.parts == b.parts:
            return True
        return False if a.mark or b.mark else None
    other = b if a.kind is Kind.WORDS else a
    words = a if a.kind is Kind.WORDS else b
    if words.mark == "text" and other.kind is Kind.ONE:
        return words.parts[0] == other.parts[0].strip("()")
    return None


def _are_ordered_alike(a: Shape, b: Shape) -> bool:
    """Tell whether the parts correspond in order: tuples, like intervals, like matrices, a vector and a tuple."""
    if a.kind is b.kind:
        return a.kind in {Kind.TUPLE, Kind.INTERVAL, Kind.MATRIX} and a.mark == b.mark
    return (a.kind is Kind.TUPLE and is_vector(b)) or (b.kind is Kind.TUPLE and is_vector(a))


def _has_ellipsis(*sides: str) -> bool:
    return any("\\ldots" in side for side in sides)


def _is_relation(shape: Shape) -> bool:
    return any(sign in shape.source for sign in ("=", "<", ">", "\\leq", "\\geq", "\\neq"))
