"""Which machine this is and what it runs on: what a calibration is tied to.

Reads names and whether a charger is plugged in; measures nothing.
"""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from edge_solver import __version__
from edge_solver.energy import battery
from edge_solver.energy.unavailable import MeterUnavailableError

MAINS, BATTERY, UNKNOWN = "mains", "battery", "unknown"
"""What a machine may run on."""


def processor_name() -> str:
    """Return the processor's name as its maker writes it, or the best there is."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Hardware"} and value.strip():
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def device() -> str:
    """Return a name for this machine: processor, cores and system."""
    return f"{processor_name()}, {os.cpu_count()} logical cores, {platform.system()} {platform.machine()}"


def build() -> str:
    """Return the versions that decide what a call does."""
    try:
        engine = metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:
        engine = "none"
    return f"edge-solver {__version__}, llama-cpp-python {engine}"


def power_source(root: Path = battery.ROOT) -> str:
    """Say what this machine runs on: processors behave otherwise on battery. Known under Linux only."""
    try:
        if battery.chargers_in_use(root):
            return MAINS
        battery.find_batteries(root)
    except MeterUnavailableError:
        return UNKNOWN
    return BATTERY
