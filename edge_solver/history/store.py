"""The store of saved runs: begun, appended to, searched, loaded, removed.

A run is its events, one line each, and a row that sums them up for a list. The row follows the events, so a run that
was killed is as good as one that was finished, as far as it goes. Text is sought by plain comparison and not by a
full-text index: 20,000 rows are searched in less than 0.1 s (measured 2026-11 on two busy cores), and an index of
words would neither find ``3x + 7`` nor exist in every SQLite.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from edge_solver import paths
from edge_solver.core.events import Billed, Event, Leading, Pulsed, Solved, Started, from_json
from edge_solver.core.solution import Spent
from edge_solver.errors import RecordError
from edge_solver.history import database
from edge_solver.history.database import DamagedError, is_alive, transaction, translated
from edge_solver.recording import decode, encode, strict_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

HEARTBEAT = 5.0
"""Seconds between two signs of life of a run that is being saved."""
_SILENCE = 4 * HEARTBEAT
"""Seconds after which a run without a sign of life counts as interrupted."""
_LARGEST = 2**63 - 1  # of SQLite's integers

_Result = TypeVar("_Result")


class State(str, Enum):
    """How a saved run stands."""

    FINISHED = "finished"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    """Its program ended in the middle; what was saved until then is there."""


@dataclass(frozen=True, slots=True)
class Run:
    """A saved run, as a list shows it."""

    id: int
    begun: float
    """Seconds since 1970, UTC."""
    state: State
    problem: str
    answer: str | None
    """The answer, of a run that is not finished the best so far."""
    confidence: float | None
    strategy: str
    width: int
    model: str
    spent: Spent | None
    """The latest bill; ``None`` before the first."""
    stopped_by: str | None
    """As in ``Solution``; ``None`` where the run is not finished."""


class History:
    """Saved runs. A context manager; one object is used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the history at ``path``, see ``open``."""
        self.path = path
        self.put_aside: Path | None = None
        """Where a damaged history was moved before this one was begun."""
        try:
            self._database = database.connect(path)
        except DamagedError:
            self._begin_anew()

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Open the user's history, or the one at ``path``; a damaged one is put aside and a new one begun.

        Raises:
            UsageError: Its folder cannot be written to.
            RecordError: It was written by a later version, or cannot be opened.
        """
        return cls(path or paths.data_dir() / database.FILE)

    def __enter__(self) -> Self:
        """Return the history itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the database."""
        self.close()

    def close(self) -> None:
        """Close the database; whatever was appended is saved."""
        self._database.close()

    @property
    def notice(self) -> str | None:
        """What the user should be told, if anything."""
        if self.put_aside is None:
            return None
        return f"the history was damaged: it is kept as {self.put_aside}, and a new one has begun"

    def begin(self, started: Started) -> int:
        """Save a new run with its first event; return its id, which is never used again."""
        now = time.time()
        model = started.policy.name + (f" with {started.prm.name}" if started.prm else "")
        sought = _folded(f"{started.problem} {started.strategy.name} {model}")
        row = (now, now, os.getpid(), started.problem, started.strategy.name, started.strategy.width, model)

        def insert() -> int:
            cursor = self._database.execute(
                "INSERT INTO run (begun, touched, process, problem, strategy, width, model, sought) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                tuple(map(_storable, (*row, sought))),
            )
            run = cursor.lastrowid
            assert run is not None, "an INSERT into a table with an INTEGER PRIMARY KEY has a row id"
            self._insert(run, 0, [started])
            return run

        return self._write(insert)

    def append(self, run: int, events: Iterable[Event]) -> None:
        """Save the next events of a run, all or none; its row follows them.

        Raises:
            RecordError: The run was removed, the disk is full, or another program keeps the history locked.
        """
        kept = [event for event in events if not isinstance(event, Pulsed)]

        def insert() -> None:
            (last,) = self._database.execute("SELECT max(number) FROM event WHERE run = ?", (run,)).fetchone()
            self._insert(run, 0 if last is None else last + 1, kept)
            row = _summary(kept) | {"touched": time.time()}
            columns = ", ".join(f"{name} = ?" for name in row)
            values = (*map(_storable, row.values()), run)
            self._database.execute(f"UPDATE run SET {columns} WHERE id = ?", values)  # noqa: S608 - our own names

        self._write(insert)

    def _insert(self, run: int, number: int, events: Iterable[Event]) -> None:
        lines = ((run, at, encode(event).decode()) for at, event in enumerate(events, start=number))
        self._database.executemany("INSERT INTO event VALUES (?, ?, ?)", lines)

    def touch(self, run: int) -> None:
        """Save a sign of life of a run that has had no events for a while."""
        self.append(run, ())

    def search(self, text: str = "", *, limit: int = 50, before: int | None = None) -> list[Run]:
        """Return runs, newest first.

        Args:
            text: Words that must all stand in the problem, answer, strategy or models; case and width do not matter.
            limit: How many runs to return at most.
            before: Only runs with smaller ids than this one: the next page.
        """
        words = _folded(text).split()
        where = " AND (instr(sought, ?) OR instr(sought_answer, ?))" * len(words)
        query = f"SELECT * FROM run WHERE id < ?{where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - values are bound
        values = (_LARGEST if before is None else before, *(word for word in words for _ in range(2)), limit)
        return [_run(row) for row in self._rows(query, values)]

    def run(self, run: int) -> Run:
        """Return one run.

        Raises:
            RecordError: There is no such run.
        """
        rows = self._rows("SELECT * FROM run WHERE id = ?", (run,)) if run <= _LARGEST else []
        if not rows:
            latest = self.search(limit=1)
            known = f"the latest is {latest[0].id}" if latest else "no run is saved yet"
            raise RecordError(f"there is no run {run} in the history; {known}; see 'edge-solver history'")
        return _run(rows[0])

    def load(self, run: int) -> Iterator[tuple[int, Event]]:
        """Yield the events of a run with their numbers, from 1, as far as they go.

        A run that is not finished ends without a ``Solved`` event.

        Raises:
            RecordError: There is no such run, or its record is broken.
        """
        self.run(run)
        event: Event | None = None
        for number, row in enumerate(
            self._rows("SELECT line FROM event WHERE run = ? ORDER BY number", (run,)), start=1
        ):
            try:
                event = decode(row["line"].encode("utf-8", "replace"), event)
            except RecordError as error:
                raise RecordError(f"run {run}:{number}: {error}") from error
            yield number, event

    def remove(self, runs: Iterable[int] | None = None) -> int:
        """Delete runs, ``None`` for all, and give their room back to the disk; return how many there were."""
        chosen = None if runs is None else [(run,) for run in set(runs) if run <= _LARGEST]

        def delete() -> int:
            if chosen is None:
                return self._database.execute("DELETE FROM run").rowcount
            return sum(self._database.execute("DELETE FROM run WHERE id = ?", run).rowcount for run in chosen)

        removed = self._write(delete)
        self._rows("PRAGMA incremental_vacuum", ())
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)", ())  # what was removed is not left in the log either
        return removed

    def _write(self, change: Callable[[], _Result]) -> _Result:
        """Make a change in a transaction; a damaged history is put aside, and the change made in the new one."""

        def write() -> _Result:
            with translated(self.path), transaction(self._database):
                return change()

        return self._guarded(write)

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        def read() -> list[sqlite3.Row]:
            with translated(self.path):
                cursor = self._database.execute(query, values)
                cursor.row_factory = sqlite3.Row
                return cursor.fetchall()

        return self._guarded(read)

    def _guarded(self, work: Callable[[], _Result]) -> _Result:
        try:
            return work()
        except DamagedError:
            self._database.close()
            self._begin_anew()
            return work()

    def _begin_anew(self) -> None:
        """Put the damaged database aside and begin a new one, unless another process has done so just now."""
        if not database.is_sound(self.path):
            self.put_aside = database.put_aside(self.path)
        self._database = database.connect(self.path)


def _summary(events: Iterable[Event]) -> dict[str, object]:
    """Return what the latest events change in a run's row."""
    row: dict[str, object] = {}
    for event in events:
        match event:
            case Leading():
                row |= {
                    "answer": event.answer,
                    "sought_answer": _folded(event.answer),
                    "confidence": event.confidence,
                }
            case Billed():
                row["spent"] = strict_json(event.spent)
            case Solved(solution):
                row |= {
                    "answer": solution.answer,
                    "sought_answer": _folded(solution.answer or ""),
                    "confidence": solution.confidence,
                    "spent": strict_json(solution.spent),
                    "stopped_by": solution.stopped_by,
                }
            case _:
                pass
    return row


def _run(row: sqlite3.Row) -> Run:
    silent = time.time() - row["touched"] > _SILENCE or not is_alive(row["process"])
    state = State.FINISHED if row["stopped_by"] is not None else State.INTERRUPTED if silent else State.RUNNING
    return Run(
        id=row["id"],
        begun=row["begun"],
        state=state,
        problem=row["problem"],
        answer=row["answer"],
        confidence=row["confidence"],
        strategy=row["strategy"],
        width=row["width"],
        model=row["model"],
        spent=_spent(row["spent"]),
        stopped_by=row["stopped_by"],
    )


def _spent(text: str | None) -> Spent | None:
    if text is None:
        return None
    event = from_json({"event": "billed", "spent": json.loads(text)})
    assert isinstance(event, Billed)
    return event.spent


def _folded(text: str) -> str:
    """Return text as it is compared: without case, in compatible characters (``²`` as ``2``), in one line."""
    return " ".join(str(_storable(unicodedata.normalize("NFKC", text).casefold())).split())


def _storable(value: object) -> object:
    """Return a value that SQLite takes: half of a surrogate pair is no text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
