"""Copying that arrives: by OSC 52, which also works over SSH, and by the system's own command where there is one."""

from __future__ import annotations

import shutil
import subprocess

from textual.app import App

_COMMANDS = ("pbcopy", "termux-clipboard-set")  # where terminals do not understand OSC 52
_PATIENCE_SECONDS = 2


def copy(app: App[object], text: str, what: str) -> None:
    """Copy a text and say so."""
    app.copy_to_clipboard(text)
    command = next((found for name in _COMMANDS if (found := shutil.which(name))), None)
    if command is not None:
        try:
            subprocess.run([command], input=text.encode(), timeout=_PATIENCE_SECONDS, check=False)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            command = None
    hint = "" if command else "; if nothing arrives, allow OSC 52 in your terminal"
    app.notify(f"{what} copied{hint}", timeout=4, markup=False)
