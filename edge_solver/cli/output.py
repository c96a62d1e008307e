"""The two streams: standard output for the answer or one JSON document, standard error for everything else.

What is said on standard error may be lost without harm, so a closed one is never a failure. What goes to standard
output is the result, so a stream that cannot take it is one. ``NO_COLOR`` and streams that are no terminal get no
colours.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import click

_STDERR = 2


def prepare() -> None:
    """Make every standard stream usable: present, and able to write any text."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass  # a stream that the caller closed: no file opened later must take its place
    os.close(descriptor)
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Write a line to standard error, if anyone listens."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True, color=colours(sys.stderr))


def emit(text: str) -> None:
    """Write a line to standard output."""
    click.echo(text, color=colours(sys.stdout))


def emit_json(value: Any) -> None:  # noqa: ANN401 - any result
    """Write one JSON document to standard output, in UTF-8 whatever the locale."""
    from edge_solver.recording import strict_json  # loads every event, which the app's first paint need not wait for

    click.echo(strict_json(value, indent=2).encode("utf-8", "replace"))


def colours(stream: TextIO) -> bool:
    """Say whether to colour what is written to a stream."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO) -> bool:
    """Say whether a stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def finish() -> OSError | None:
    """Flush both streams so that nothing is left to fail at exit; return why standard output failed, if it did."""
    _flush(sys.stderr)
    return _flush(sys.stdout)


def _flush(stream: TextIO) -> OSError | None:
    try:
        stream.flush()
    except OSError as error:
        _abandon(stream)
        return error
    return None


def _abandon(stream: TextIO) -> None:
    """Send what a broken stream still holds nowhere, so that the interpreter does not complain about it at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
