"""The only file that knows places: what ships with the package, and the user's data, cache, state and config folders.

Nothing is created, read or cached at import; the environment is looked at when a place is asked for. A home folder
that cannot be written to is no error until somebody needs to write there (``writable``).
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import platformdirs

from edge_solver.errors import ModelMissingError, UsageError

HOME_VARIABLE = "EDGE_SOLVER_HOME"
"""Moves data, cache, state and config under one folder; without it the platform's own places serve (XDG on Linux)."""

PROJECT_FILE = "edge-solver.toml"
"""Settings of the folder one works in; the user's own settings have the same file name in ``config_dir``."""

_NAME = "edge-solver"
_PACKAGE = Path(__file__).resolve().parent
# A wheel carries the files inside the package, a checkout beside it. Real paths, because llama.cpp and onnxruntime
# open files by name; so the package does not run from a zip file.
_SHIPPED_ROOTS = (_PACKAGE / "_shipped", _PACKAGE.parent)


def shipped(name: str) -> Path:
    """Return a file that comes with the package, such as ``"models/registry.toml"``.

    Raises:
        ModelMissingError: The installation lacks the file.
        ValueError: The name would lead out of the package.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"{name!r} is not the name of a file that ships with the package")
    for root in _SHIPPED_ROOTS:
        if (path := root / relative).is_file():
            return path
    raise ModelMissingError(
        f"{name} is missing from this installation; repair it with: pip install --force-reinstall --no-deps edge-solver"
    )


def data_dir() -> Path:
    """Return where saved runs go; it may not exist yet."""
    return _place("data", platformdirs.user_data_path(_NAME, appauthor=False))


def results_dir() -> Path:
    """Return where results of benchmarks are looked for, one folder each; it may not exist yet."""
    return data_dir() / "bench"


def devices_dir() -> Path:
    """Return where results of measuring this machine are kept; it may not exist yet."""
    return data_dir() / "devices"


def cache_dir() -> Path:
    """Return where downloaded test sets go; it may not exist yet."""
    return _place("cache", platformdirs.user_cache_path(_NAME, appauthor=False))


def hub_dir() -> Path:
    """Return where files of the Hugging Face Hub are kept; it may not exist yet.

    It is the folder that the hub's own clients use, so that nothing is downloaded twice; ``EDGE_SOLVER_HOME`` moves it
    with the rest, unless ``HF_HOME`` or ``HF_HUB_CACHE`` says where it is.
    """
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if folder := os.environ.get(variable):
            return Path(folder).expanduser().absolute()
    if folder := os.environ.get("HF_HOME"):
        return Path(folder).expanduser().absolute() / "hub"
    if os.environ.get(HOME_VARIABLE):
        return cache_dir() / "hub"
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser().absolute() / "huggingface" / "hub"


def converted_dir() -> Path:
    """Return where models that were converted on this machine are looked for by name; it may not exist yet."""
    return data_dir() / "models"


def state_dir() -> Path:
    """Return where reports of crashes go; it may not exist yet."""
    return _place("state", platformdirs.user_state_path(_NAME, appauthor=False))


def config_dir() -> Path:
    """Return where the user's settings are; it may not exist."""
    return _place("config", platformdirs.user_config_path(_NAME, appauthor=False))


def writable(folder: Path) -> Path:
    """Create a folder if need be and return it.

    Raises:
        UsageError: It cannot be created or written to.
    """
    reason = ""
    if not folder.is_absolute():  # what "~" turns into where there is no home folder
        reason = "there is no home folder"
    else:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
        else:
            if not os.access(folder, os.W_OK | os.X_OK):
                reason = "permission denied"
    if reason:
        raise UsageError(
            f"cannot write to {folder}: {reason}; set {HOME_VARIABLE} to a folder that can be written to, "
            f"such as {HOME_VARIABLE}=/tmp/{_NAME}"
        )
    return folder


def _place(kind: str, default: Path) -> Path:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home).expanduser().absolute() / kind if home else default
