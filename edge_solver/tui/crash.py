"""What is left of a crash: a report in the user's state folder, and one line about it instead of a traceback."""

from __future__ import annotations

import contextlib
import platform
import tempfile
import time
import traceback
from pathlib import Path

from edge_solver import __version__, paths
from edge_solver.errors import UsageError


def report(error: BaseException) -> Path | None:
    """Write down where an error came from and return the file, ``None`` where nothing can be written.

    The report holds versions and the places in the code, and nothing that the user typed.
    """
    text = "\n".join(
        [
            f"edge-solver {__version__}, Python {platform.python_version()}, {platform.platform()}",
            *(f"{frame.filename}:{frame.lineno} {frame.name}: {frame.line}" for frame in _frames(error)),
            f"{type(error).__module__}.{type(error).__qualname__}: {error}",
        ]
    )
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    for folder in (paths.state_dir(), Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError, UsageError):
            file = paths.writable(folder) / name
            file.write_text(text + "\n", encoding="utf-8", errors="replace")
            return file
    return None


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)
