"""What is known of this machine: the facts that stand beside every figure measured on it."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

from edge_solver.energy.device import processor_name

_ENGINES = ("llama-cpp-python", "onnxruntime", "numpy")


def facts() -> dict[str, Any]:
    """Return processor, memory, system and the versions of the engines, as far as they can be found out."""
    return {
        "name": processor_name(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "engines": {name: _version(name) for name in _ENGINES},
    }


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
