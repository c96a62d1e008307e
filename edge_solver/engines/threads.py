"""How many threads to give an engine: the physical cores that this process may really use.

Both llama.cpp and onnxruntime are told this number, so that they do not fight for cores that are not there.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath


def physical_cores(
    root: Path = Path("/"), *, environ: Mapping[str, str] | None = None, allowed: Collection[int] | None = None
) -> int:
    """Return the physical cores within CPU affinity, every control group's quota and ``OMP_NUM_THREADS``.

    Args:
        root: Where ``proc`` and ``sys`` are.
        environ: Environment variables; by default those of the process.
        allowed: Logical processors; by default those that this process may run on.
    """
    allowed = _allowed() if allowed is None else allowed
    limits = [len({_core_of(cpu, root) for cpu in allowed}), _fast_apple_cores(), *_quotas(root)]
    cores = max(1, min(limit for limit in limits if limit is not None))
    asked = (os.environ if environ is None else environ).get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdecimal() and int(asked) > 0:
        # More threads than logical processors wait for one another and are never faster.
        return min(int(asked), max(1, len(allowed)))
    return cores


def _allowed() -> Collection[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)


def _core_of(cpu: int, root: Path) -> str:
    """Return a name that logical processors of one physical core share."""
    try:
        siblings = root / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
        return siblings.read_text(encoding="ascii").strip()
    except OSError:
        return str(cpu)


def _fast_apple_cores() -> int | None:
    """Return the performance cores of Apple's processors: one slow core holds up all at every barrier."""
    if sys.platform != "darwin":
        return None
    count, size = ctypes.c_int(0), ctypes.c_size_t(4)
    try:
        ask = ctypes.CDLL(None).sysctlbyname
        failed = ask(b"hw.perflevel0.physicalcpu", ctypes.byref(count), ctypes.byref(size), None, ctypes.c_size_t(0))
    except (OSError, AttributeError):
        return None
    return count.value if not failed and count.value > 0 else None


def _quotas(root: Path) -> Iterator[int]:
    """Yield the whole cores that each control group above this process grants, of either version, at least one."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = ["0::/"]
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        path = PurePosixPath(name.lstrip("/"))
        for group in (path, *path.parents):  # inside a container only the top is there, under another name
            quota = _quota_1(root, group) if controllers else _quota_2(root / "sys/fs/cgroup" / group / "cpu.max")
            if quota is not None:
                yield max(1, quota)


def _quota_2(file: Path) -> int | None:
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return int(quota) // int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max" is no number
        return None


def _quota_1(root: Path, group: PurePosixPath) -> int | None:
    for controllers in ("cpu", "cpu,cpuacct"):
        folder = root / "sys/fs/cgroup" / controllers / group
        try:
            quota, period = (int((folder / f"cpu.cfs_{name}_us").read_text("ascii")) for name in ("quota", "period"))
        except (OSError, ValueError):
            continue
        return quota // period if quota > 0 and period > 0 else None
    return None
