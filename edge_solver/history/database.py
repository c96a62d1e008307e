"""The file behind the history: opened, brought up to date, and put aside where it is damaged.

Knows SQLite and nothing of searches. Several processes may have the same file open: writers queue for a few seconds,
readers never wait. Its invariant: a file that this version does not understand is left as it is.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from edge_solver.errors import RecordError
from edge_solver.paths import writable

FILE = "history.db"
PATIENCE = 5.0
"""Seconds that a writer waits for another one."""

_OURS = 0x45_44_47_45  # "EDGE", SQLite's application id: another program's database is never mistaken for ours
_SIDECARS = ("-wal", "-shm")

# One tuple of statements for each version, never changed once released. The version is SQLite's user_version.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            begun REAL NOT NULL,
            touched REAL NOT NULL,
            process INTEGER NOT NULL,
            problem TEXT NOT NULL,
            strategy TEXT NOT NULL,
            width INTEGER NOT NULL,
            model TEXT NOT NULL,
            answer TEXT,
            confidence REAL,
            spent TEXT,
            stopped_by TEXT,
            sought TEXT NOT NULL,
            sought_answer TEXT NOT NULL DEFAULT ''
        )
        """,
        """
        CREATE TABLE event (
            run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            line TEXT NOT NULL,
            PRIMARY KEY (run, number)
        ) WITHOUT ROWID
        """,
    ),
)


class DamagedError(RecordError):
    """The file is no database of ours, or not any more."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the database at ``path``, made or brought up to date where need be.

    Raises:
        UsageError: Its folder cannot be written to.
        RecordError: It was written by a later version, or cannot be opened.
        DamagedError: It is damaged; see ``put_aside``.
    """
    writable(path.parent)
    with translated(path):
        database = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        with translated(path):
            _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    version = _version(database, path)
    database.execute("PRAGMA foreign_keys = ON")
    if version == 0:
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only before the first table
    _write_ahead(database)
    # A commit then needs no disk flush: it survives the end of the process in any way, and a power cut costs at most
    # the latest commits.
    database.execute("PRAGMA synchronous = NORMAL")
    if version == len(MIGRATIONS):
        return
    with transaction(database):
        for number, statements in enumerate(MIGRATIONS[_version(database, path) :], start=_version(database, path) + 1):
            for statement in statements:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")
        database.execute(f"PRAGMA application_id = {_OURS}")


def _version(database: sqlite3.Connection, path: Path) -> int:
    """Return the version of the database, 0 for an empty one."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (owner,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and owner != _OURS:
        raise DamagedError(f"{path} is not a history of edge-solver")
    if version > len(MIGRATIONS):
        raise RecordError(
            f"{path} was written by a later version of edge-solver (format {version}; this one reads up to "
            f"{len(MIGRATIONS)}); upgrade edge-solver, or move the file away to begin a new history"
        )
    return int(version)


def _write_ahead(database: sqlite3.Connection) -> None:
    """Let readers and a writer work at the same time, where the file system can.

    Switching needs the file alone for a moment, and SQLite does not wait for that by itself.
    """
    end = time.monotonic() + PATIENCE
    while not _switched(database, in_time=time.monotonic() < end):
        time.sleep(0.01)


def _switched(database: sqlite3.Connection, *, in_time: bool) -> bool:
    try:
        database.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if in_time and "locked" in str(error):
            return False
        raise
    return True


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Write everything within or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # SQLite itself rolls back when the disk is full
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's exceptions into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        reason = str(error)
        if "locked" in reason:
            reason = f"another program has kept it locked for {PATIENCE:g} s"
        raise RecordError(f"cannot use {path}: {reason}") from error
    except sqlite3.IntegrityError as error:
        raise RecordError("the run was removed from the history while it was saved") from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise
        # What is left is SQLITE_NOTADB and SQLITE_CORRUPT; Python 3.10 gives no number to tell by.
        raise DamagedError(f"{path} is damaged: {error}") from error


def is_sound(path: Path) -> bool:
    """Read a whole database and say whether it can be used."""
    try:
        with contextlib.closing(connect(path)) as database, translated(path):
            (word,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except DamagedError:
        return False
    return bool(word == "ok")


def put_aside(path: Path) -> Path:
    """Give a damaged database another name and return it; nothing of it is deleted.

    Raises:
        RecordError: It cannot be renamed.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.stem}-damaged-{stamp}-{number}{path.suffix}")
    try:
        path.replace(aside)
        for ending in _SIDECARS:  # what was committed last may be in there
            with contextlib.suppress(FileNotFoundError):
                Path(f"{path}{ending}").replace(f"{aside}{ending}")
    except OSError as error:
        raise RecordError(f"{path} is damaged and cannot be renamed: {error.strerror}; move it away") from error
    return aside


def is_alive(process: int) -> bool:
    """Say whether a process of this machine is still running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
