"""What a result says of the device and the build beside its figures, as far as it can be found out without root."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from edge_solver import __version__
from edge_solver.bench import machine

Facts = dict[str, Any]

_FLAGS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "f16c", "fma",
          "asimddp", "i8mm", "sve", "sve2", "sme", "bf16", "asimd")  # fmt: skip
"""Instruction sets that decide how fast llama.cpp is."""


def device(sys_root: Path = Path("/sys"), proc_root: Path = Path("/proc")) -> Facts:
    """Return what is known of the device; ``None`` stands for what is not."""
    general = machine.facts()
    cpus = sys_root / "devices/system/cpu"
    return {
        "name": general["name"],
        "vendor_model": _first(
            _text(sys_root / "class/dmi/id/product_name"),
            _text(proc_root / "device-tree/model"),
            _property("ro.product.model"),
        ),
        "machine": general["machine"],
        "cores": general["cores"],
        "core_kinds": _core_kinds(cpus),
        "memory_bytes": general["memory_bytes"],
        "memory_free_bytes": _free_memory(proc_root),
        "cache_bytes": _cache(cpus),
        "system": general["system"],
        "python": general["python"],
        "termux": bool(os.environ.get("TERMUX_VERSION")) or "com.termux" in os.environ.get("PREFIX", ""),
        "power_source": _power_source(sys_root / "class/power_supply"),
        "battery_percent": _whole(_battery(sys_root / "class/power_supply", "capacity")),
        "battery_health": _battery(sys_root / "class/power_supply", "health"),
        "power_profile": _text(sys_root / "firmware/acpi/platform_profile"),
        "governor": _text(cpus / "cpu0/cpufreq/scaling_governor"),
        "cpu_flags": _flags(proc_root),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "in_virtual_machine": _in_virtual_machine(proc_root),
    }


def build() -> Facts:
    """Return the versions of what was measured."""
    from edge_solver.engines.llama import build_facts

    return {
        "edge_solver": __version__,
        "git": _git(),
        "llama_cpp_python": _version("llama-cpp-python"),
        **build_facts(),
        "onnxruntime": _version("onnxruntime"),
        "numpy": _version("numpy"),
        "blas": _blas(),
    }


def peak_rss_bytes() -> int | None:
    """Return the most memory that this process has had, with the pages of files that it maps."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _core_kinds(cpus: Path) -> list[Facts] | None:
    """Return how many cores share each highest clock: performance cores and efficient ones."""
    clocks: dict[int, int] = {}
    for cpu in sorted(cpus.glob("cpu[0-9]*")):
        text = _text(cpu / "cpufreq/cpuinfo_max_freq")
        if text and text.isdigit():
            clocks[int(text) * 1000] = clocks.get(int(text) * 1000, 0) + 1
    return [{"cores": n, "hertz": hertz} for hertz, n in sorted(clocks.items(), reverse=True)] or None


def _cache(cpus: Path) -> int | None:
    """Return the bytes of the largest cache."""
    sizes = [
        int(match[1]) * {"": 1, "K": 2**10, "M": 2**20}[match[2]]
        for index in cpus.glob("cpu0/cache/index*")
        if (match := re.fullmatch(r"(\d+)([KM]?)", _text(index / "size") or ""))
    ]
    return max(sizes, default=None)


def _free_memory(proc_root: Path) -> int | None:
    match = re.search(r"^MemAvailable:\s+(\d+) kB", _text(proc_root / "meminfo") or "", re.MULTILINE)
    return int(match[1]) * 1024 if match else None


def _power_source(supplies: Path) -> str | None:
    """Say whether the device runs on its battery or the mains; ``None`` where nothing says so."""
    kinds = {supply: _text(supply / "type") or "" for supply in sorted(supplies.glob("*"))}
    if any(kind.startswith(("Mains", "USB")) and _text(s / "online") == "1" for s, kind in kinds.items()):
        return "mains"
    states = [_text(s / "status") for s, kind in kinds.items() if kind == "Battery" and _text(s / "scope") != "Device"]
    if "Discharging" in states:
        return "battery"
    return "mains" if any(states) else None


def _battery(supplies: Path, file: str) -> str | None:
    """Return what the first battery of the machine itself says."""
    for supply in sorted(supplies.glob("*")):
        if _text(supply / "type") == "Battery" and _text(supply / "scope") != "Device":
            return _text(supply / file)
    return None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _flags(proc_root: Path) -> list[str] | None:
    match = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", _text(proc_root / "cpuinfo") or "", re.MULTILINE)
    return [flag for flag in _FLAGS if flag in match[1].split()] if match else None


def _in_virtual_machine(proc_root: Path) -> bool | None:
    match = re.search(r"^flags\s*:\s*(.*)$", _text(proc_root / "cpuinfo") or "", re.MULTILINE)
    return "hypervisor" in match[1].split() if match else None


def _property(name: str) -> str | None:
    """Ask Android; elsewhere there is no such command."""
    if not os.environ.get("ANDROID_ROOT"):
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            ["/system/bin/getprop", name], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _git() -> str | None:
    """Return the commit of the checkout that this package runs from, if it does."""
    checkout = Path(__file__).parents[3]
    if not (checkout / ".git").exists():
        return None
    try:
        done = subprocess.run(  # noqa: S603 - our own folder
            ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _blas() -> str | None:
    import numpy as np

    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index,call-overload,unused-ignore]
        return f"{found['name']} {found.get('version', '')}".strip()
    except (KeyError, TypeError):
        return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _first(*values: str | None) -> str | None:
    return next((value.strip("\0 ") for value in values if value), None)


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
