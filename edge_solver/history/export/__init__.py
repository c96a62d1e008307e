"""One saved run as a file for somebody else: Markdown to read, JSON to compute with, SVG to look at.

Each format is a pure function from a run and its events to text. Mathematics stays the source that the model wrote.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from edge_solver.core.events import Event
from edge_solver.errors import UsageError
from edge_solver.history.export.document import document
from edge_solver.history.export.markdown import markdown
from edge_solver.history.export.picture import picture
from edge_solver.history.store import Run

Writer = Callable[[Run, Sequence[Event]], str]

WRITERS: Mapping[str, Writer] = MappingProxyType({".md": markdown, ".json": document, ".svg": picture})
"""Every format by the ending of a file's name."""


def writer_for(file: Path) -> Writer:
    """Return what writes the format that a file's name ends in.

    Raises:
        UsageError: There is no such format.
    """
    writer = WRITERS.get(file.suffix.lower())
    if writer is None:
        raise UsageError(
            f"{str(file)!r} does not say which format is wanted; end it in {', '.join(WRITERS)}, such as "
            f"{file.with_suffix('.md').name!r}"
        )
    return writer


def save(text: str, file: Path) -> None:
    """Write a file whole, or leave what was there.

    Raises:
        UsageError: It cannot be written.
    """
    half: str | None = None
    try:
        descriptor, half = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode("utf-8", "replace"))
        Path(half).chmod(0o644)
        Path(half).replace(file)
    except (OSError, ValueError) as error:
        if half is not None:
            with contextlib.suppress(OSError):
                Path(half).unlink()
        raise UsageError(f"cannot write {str(file)!r}: {getattr(error, 'strerror', None) or error}") from error
