"""Choices that last: one line of the user's settings file is changed, and the rest of it stays as it was written."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

from edge_solver import paths
from edge_solver.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def save_default(name: str, value: str) -> Path:
    """Let a setting have a value from now on, and return the file that says so.

    Raises:
        UsageError: The file cannot be written, or is written in a way that this cannot change safely.
    """
    file = paths.writable(paths.config_dir()) / paths.PROJECT_FILE
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        wanted = {**tomllib.loads(before), name: value}
        after = changed(before, name, value)
        safe = tomllib.loads(after) == wanted
    except (OSError, ValueError):  # what TOML and UTF-8 raise are ValueErrors
        safe = False
    if not safe:
        raise UsageError(f"cannot change {file}; write into it: {_line(name, value)}")
    half = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        half.write_text(after, encoding="utf-8")
        half.replace(file)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    return file


def changed(text: str, name: str, value: str) -> str:
    """Return settings in which one has another value; it is added before the first table where it is missing."""
    lines = text.splitlines()
    head = next((number for number, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    setting = re.compile(rf'\s*"?{re.escape(name)}"?\s*=')
    at = next((number for number in range(head) if setting.match(lines[number])), None)
    if at is None:
        lines.insert(head, _line(name, value))
    else:
        lines[at] = _line(name, value)
    return "\n".join(lines) + "\n"


def _line(name: str, value: str) -> str:
    return f"{name} = {json.dumps(value)}"
