"""How much memory a process of this machine may take: what is free, and what its control group still allows.

In a container the machine's own figures say too much: the kernel ends a process that passes the limit of its group.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

_NO_LIMIT = 1 << 60  # version 1 of control groups writes a huge number where there is none


def available(root: Path = Path("/")) -> int | None:
    """Return the bytes that can be taken without swapping, or ``None`` where the system does not say.

    Args:
        root: Where ``proc`` and ``sys`` are.
    """
    figures = [_machine(root, "MemAvailable"), *_left_in_groups(root)]
    known = [figure for figure in figures if figure is not None]
    return max(0, min(known)) if known else None


def total(root: Path = Path("/")) -> int | None:
    """Return all the memory that there is for this process, used or not."""
    figures = [_machine(root, "MemTotal"), *(limit for limit, _ in _groups(root))]
    known = [figure for figure in figures if figure is not None]
    if known:
        return min(known)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def resident(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process has in memory now, mapped files included; ``None`` where nobody says."""
    return _status(root, "VmRSS")


def peak(root: Path = Path("/")) -> int | None:
    """Return the most bytes that this process has had in memory at one time, mapped files included."""
    return _status(root, "VmHWM")


def _status(root: Path, key: str) -> int | None:
    return _field(root / "proc/self/status", key)


def _machine(root: Path, key: str) -> int | None:
    return _field(root / "proc/meminfo", key)


def _field(file: Path, key: str) -> int | None:
    """Read a line such as ``MemFree:  12 kB``, in bytes."""
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _left_in_groups(root: Path) -> list[int]:
    return [limit - used for limit, used in _groups(root)]


def _groups(root: Path) -> list[tuple[int, int]]:
    """Return limit and use of every control group above this process that has a limit."""
    groups: list[tuple[int, int]] = []
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return groups
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if not controllers:
            top, limit, used = root / "sys/fs/cgroup", "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            top, limit, used = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        path = PurePosixPath(name.lstrip("/"))
        for group in (path, *path.parents):  # inside a container only the top is there, under another name
            most, now = _number(top / group / limit), _number(top / group / used)
            if most is not None and most < _NO_LIMIT:
                groups.append((most, (now or 0) - _reclaimable(top / group)))
    return groups


def _reclaimable(group: Path) -> int:
    """Return the bytes of files read that the kernel gives up when memory is wanted."""
    try:
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    fields = dict(line.split(maxsplit=1) for line in lines if " " in line)
    value = fields.get("inactive_file", fields.get("total_inactive_file", "0"))
    return int(value) if value.isdigit() else 0


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" is no number
        return None
