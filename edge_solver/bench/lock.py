"""One run at a time in a folder: a lock that the system takes back when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import final

from edge_solver.errors import UsageError

NAME = ".lock"


@final
class Lock:
    """Holds a folder while its context is open."""

    def __init__(self, folder: Path) -> None:
        """Prepare to lock an existing folder."""
        self._path = folder / NAME
        self._descriptor: int | None = None

    def __enter__(self) -> Lock:
        """Take the lock.

        Raises:
            UsageError: Another process holds it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _take(descriptor)
        except OSError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace") if hasattr(os, "pread") else ""
            os.close(descriptor)
            who = f" (process {holder})" if holder.isdigit() else ""
            raise UsageError(
                f"another run is writing to {self._path.parent}{who}; wait for it, or give another folder to --out"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give the lock back; the file stays, since removing it would let two others in at once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30  # a byte that nobody writes: what is locked there cannot be read by others

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
