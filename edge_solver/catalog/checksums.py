"""SHA-256 of model files, remembered: reading four gigabytes before every search would take longer than some searches.

A file is known again by its path, size, inode and time of change. ``models verify`` never asks here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from pathlib import Path

from edge_solver import paths
from edge_solver.errors import ModelMissingError

LARGE = 128 << 20  # bytes from which a checksum is worth remembering
_CHUNK = 1 << 20
_MOST = 64  # files remembered


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        ModelMissingError: The file cannot be read.
    """
    try:
        about = path.stat()
        if about.st_size < LARGE:
            return _read(path)
        key = f"{path.resolve()}|{about.st_size}|{about.st_ino}|{about.st_mtime_ns}"
        known = _remembered()
        if key not in known:
            known[key] = _read(path)
            _remember(known)
        return known[key]
    except OSError as error:
        raise ModelMissingError(f"{path} cannot be read: {error.strerror}") from None


def _read(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _store() -> Path:
    return paths.cache_dir() / "checksums.json"


def _remembered() -> dict[str, str]:
    try:
        table = json.loads(_store().read_text(encoding="utf-8"))
        return {str(key): str(value) for key, value in table.items()}
    except (OSError, ValueError, AttributeError):
        return {}  # it is only a memory


def _remember(known: dict[str, str]) -> None:
    with contextlib.suppress(OSError):
        store = _store()
        store.parent.mkdir(parents=True, exist_ok=True)
        partial = store.with_name(f"{store.name}.{uuid.uuid4().hex[:8]}.part")
        partial.write_text(json.dumps(dict(list(known.items())[-_MOST:])), encoding="utf-8")
        partial.replace(store)
