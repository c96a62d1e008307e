"""Files that appear whole or not at all, and the room that they need.

A file is written beside its place under a name of its own and moved when it is complete; whatever ends the work before
takes the unfinished file away.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from edge_solver.errors import UsageError

_SPARE = 64 << 20


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is."""

    stage: str
    done: int
    total: int


Report = Callable[[Progress], None]
"""Called whenever a stage is a step further."""


def silent(_: Progress) -> None:
    """Report nothing."""


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield a name to write to, in the folder of ``path``; afterwards the file has its final name, or is gone.

    Raises:
        UsageError: The disk is full, or the folder cannot be written to.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        with partial.open("rb") as written:  # a name must not outlive what it names
            os.fsync(written.fileno())
        partial.replace(path)
    except OSError as error:
        raise UsageError(_explained(error, path)) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def remove_unfinished(folder: Path) -> None:
    """Take away what this process has not finished, when it is about to end without returning."""
    for partial in folder.glob(f".*.{os.getpid()}.*part"):
        partial.unlink(missing_ok=True)


def need_room(folder: Path, needed: int) -> None:
    """Look before the work whether the disk will hold it.

    Raises:
        UsageError: It will not.
    """
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed + _SPARE:
        raise UsageError(
            f"{folder.absolute()} has {free / 1e9:.2f} GB free and this takes {needed / 1e9:.2f} GB on the way; "
            "make room, or choose another place with --out"
        )


def _explained(error: OSError, path: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full: {path} was not written; make room, or choose another place with --out"
    return f"{path} cannot be written: {error.strerror or error}"
