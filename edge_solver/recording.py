"""A search kept in a file: its events as JSON Lines, written as they come and read back without a model.

``encode`` and ``decode`` are the one encoding of saved runs, wherever they are kept. The first line is the ``started``
event and names the format (``"schema": 1``); the last one of a finished run is ``solved``. A line is written whole or
not at all, so that a killed run can be read up to its last event. ``Pulsed`` events are not kept: there are too many of
them and they say nothing about the tree.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, final

from edge_solver.core.events import Event, Pulsed, Solved, Started, from_json, plain, to_json
from edge_solver.errors import EdgeSolverError, RecordError, UsageError

SCHEMA = 1
LONGEST_LINE = 64 * 2**20
"""Bytes. Only a file that is not a recorded run has longer ones."""

_ON_ONE_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def strict_json(value: Any, indent: int | None = None) -> str:  # noqa: ANN401 - any event or result, as in plain
    """Return any of our values as JSON that every parser reads: a number that is not finite becomes ``null``."""
    data = plain(value)
    encoder = _ON_ONE_LINE if indent is None else json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        return encoder.encode(data)
    except ValueError:  # what nearly never happens is looked for only then
        return encoder.encode(_finite(data))


def encode(event: Event) -> bytes:
    """Return the event as one line of UTF-8, without its end."""
    data = to_json(event)
    if isinstance(event, Started):
        data = {"event": data.pop("event"), "schema": SCHEMA, **data}
    return strict_json(data).encode("utf-8", "replace")


def decode(line: bytes, before: Event | None) -> Event:
    """Read one line that follows another event, or none.

    Raises:
        RecordError: The line is broken or makes no sense in this place.
    """
    first = before is None
    if isinstance(before, Solved):
        raise RecordError("something follows the end of the run")
    try:
        data = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RecordError("this is not a recorded run" if first else "this line is broken") from error
    if not isinstance(data, dict) or "event" not in data or (first and data["event"] != "started"):
        raise RecordError("this is not a recorded run" if first else "this line is not an event")
    if not first and data["event"] == "started":
        raise RecordError("a second run starts here; a file holds one")
    if first and data.get("schema") != SCHEMA:
        raise RecordError(
            f"the run was recorded in format {data.get('schema')!r}, and this version reads format {SCHEMA}; "
            "replay it with the version that recorded it"
        )
    try:
        return from_json(data)
    except RecordError:
        raise
    except (EdgeSolverError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise RecordError(f"a field has a value that makes no sense ({error})") from error


@final
class Recorder:
    """Writes events to a file as they come.

    The path is tried when the recorder is made, so that a bad one is refused before any work. What the file held before
    is replaced when the first event arrives, and kept if none ever does.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path`` for writing without touching what it holds.

        Raises:
            UsageError: The path cannot be written to.
        """
        self.path = path
        self._new = not path.exists()
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot write events to {str(path)!r}: {_reason(error)}") from error
        self._is_file = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        self._end: int | None = None
        """Length of the file in whole lines; ``None`` before the first one."""
        self.failure: str | None = None
        """Why recording ended early, if it did; a full disk must not cost the answer."""

    def __enter__(self) -> Recorder:
        """Return the recorder itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file; remove it where it is ours and nothing was written."""
        os.close(self._descriptor)
        if self._end is None and self._new and self._is_file:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def write(self, event: Event) -> None:
        """Append one event; after a failure the rest is left out and ``failure`` says why."""
        if isinstance(event, Pulsed) or self.failure is not None:
            return
        try:
            self._append(encode(event) + b"\n")
        except OSError as error:
            self.failure = _reason(error)

    def _append(self, line: bytes) -> None:
        """Write a whole line, or leave the file as it was."""
        if self._end is None:
            self._end = 0
            if self._is_file:
                os.ftruncate(self._descriptor, 0)
        written, failure = 0, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            failure = error
        if written < len(line):
            if self._is_file:
                os.ftruncate(self._descriptor, self._end)
            raise failure
        self._end += written


def read(path: Path) -> Iterator[tuple[int, Event]]:
    """Yield the events of a recorded run with their line numbers, as far as they go.

    A run that was cut short ends without a ``Solved`` event; a half last line counts as not written.

    Raises:
        RecordError: The file cannot be opened, is no recorded run, or is broken before its end.
    """
    try:
        with path.open("rb") as file:
            yield from _events(path, file)
    except OSError as error:
        raise RecordError(f"cannot read {str(path)!r}: {_reason(error)}") from error


def _events(path: Path, file: IO[bytes]) -> Iterator[tuple[int, Event]]:
    number = 0
    event: Event | None = None
    while line := file.readline(LONGEST_LINE):
        number += 1
        if not line.strip():
            continue
        try:
            event = decode(line, event)
        except RecordError as error:
            half = not line.endswith(b"\n") and len(line) < LONGEST_LINE
            if half and event is not None and not isinstance(event, Solved):
                return  # the run was cut in the middle of this line
            raise RecordError(f"{path}:{number}: {error}") from error
        yield number, event
    if event is None:
        raise RecordError(f"{path}:1: the file is empty: no run was recorded in it")


def _finite(value: Any) -> Any:  # noqa: ANN401 - walks JSON
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
