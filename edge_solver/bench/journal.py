"""A file that grows by whole lines of JSON, each about one key: written through, and read back after a kill.

A last line that a kill has torn is cut off when the file is opened again. Lines are written all or none, so a full disk
costs what was not written yet and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import final

from edge_solver.bench.line import SCHEMA, Key, Line, key_of
from edge_solver.errors import EdgeSolverError, RecordError
from edge_solver.recording import strict_json


@final
class Journal:
    """Results, one a line."""

    def __init__(self, path: Path) -> None:
        """Open a file, making it if need be, and read what it holds.

        Raises:
            OSError: It cannot be opened.
            RecordError: A line is no result of ours.
        """
        self.path = path
        self.lines: list[Line] = []
        self._by_key: dict[Key, Line] = {}
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def get(self, key: Key) -> Line | None:
        """Return the line about a key, if it is there already."""
        return self._by_key.get(key)

    def append(self, lines: Sequence[Line]) -> None:
        """Write lines, all of them or none.

        Raises:
            EdgeSolverError: The disk is full, or fails otherwise.
        """
        data = b"".join(strict_json(line).encode("utf-8", "replace") + b"\n" for line in lines)
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        try:
            rest = data
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, end)
            raise disk_error(self.path, error) from error
        self._know(lines)

    def _know(self, lines: Sequence[Line]) -> None:
        self.lines.extend(lines)
        self._by_key.update((key_of(line), line) for line in lines)

    def _read(self) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._descriptor, whole)
        for number, text in enumerate(data[:whole].splitlines(), start=1):
            self._know([_result(text, f"{self.path}, line {number}")])


def _result(text: bytes, where: str) -> Line:
    try:
        line: Line = json.loads(text)
        key_of(line)
        reason = None if line["schema"] == SCHEMA else f"format {line['schema']!r}"
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
    if reason is not None:
        raise RecordError(f"{where}: this is no result ({reason}); remove the line, or give another --out")
    return line


def disk_error(path: Path, error: OSError) -> EdgeSolverError:
    """Say that a disk is full or fails, and what that costs."""
    return EdgeSolverError(
        f"cannot write {path}: {error.strerror or error}; what was finished before is kept: make room, and the same "
        "command goes on"
    )
