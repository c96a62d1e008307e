"""Machines that look like real ones: a laptop's power supplies, a phone's command, a Mac's package."""

from __future__ import annotations

import importlib.util
import json
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import pytest

MAC_PACKAGE = '''
"""Has the names of zeus-apple-silicon 1.1.0; the counters stand in ``counters``, in millijoules."""

counters = {"cpu_total_mj": 10_000, "gpu_mj": 500, "dram_mj": 300, "ane_mj": 0, "gpu_sram_mj": 40,
            "efficiency_cores_mj": [100, 200], "performance_cores_mj": [4_000, 4_000],
            "efficiency_cluster_mj": [400], "performance_cluster_mj": [9_000],
            "efficiency_core_manager_mj": 10, "performance_core_manager_mj": 20}
running = True  # whether every reading finds the processor a millijoule further
failure = None


class AppleEnergyMetrics:
    def __init__(self, values):
        self.__dict__.update(values)


class AppleEnergyMonitor:
    def begin_window(self, label, restart=False): ...

    def end_window(self, label): ...

    def get_cumulative_energy(self):
        if failure is not None:
            raise failure
        if running:
            counters["cpu_total_mj"] += 1
        return AppleEnergyMetrics(counters)
'''


class Mac(Protocol):
    """What a test sets in that package."""

    counters: dict[str, object]
    running: bool
    failure: Exception | None


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 1e-4
        return self.now


class Supplies:
    """A ``/sys/class/power_supply`` with one battery, as a laptop on battery shows it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.set("AC", type="Mains", online=0)
        self.set("BAT0", type="Battery", present=1, status="Discharging", capacity=80)
        self.set("BAT0", voltage_now=11_400_000, energy_now=40_000_000, power_now=9_000_000)

    def set(self, supply: str, **files: object) -> None:
        folder = self.root / supply
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in files.items():
            (folder / name).write_text(f"{value}\n")

    def remove(self, supply: str, *names: str) -> None:
        for name in names:
            (self.root / supply / name).unlink()


class Phone:
    """The command ``termux-battery-status``: prints what it was given, and counts how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self._answer, self._asked, self.command = folder / "answer", folder / "asked", folder / "termux-battery-status"
        folder.mkdir(parents=True)
        self.script(f"echo x >> {self._asked}\ncat {self._answer}")

    def script(self, text: str) -> None:
        self.command.write_text(f"#!/bin/sh\n{text}\n")
        self.command.chmod(0o755)

    def prints(self, answer: str) -> None:
        self._answer.write_text(answer)

    def holds(self, **changes: object) -> None:
        self.prints(json.dumps(UNPLUGGED | changes))

    @property
    def asked(self) -> int:
        return len(self._asked.read_text().split()) if self._asked.exists() else 0


# As gotermux-docs prints it, whose current_average has another scale than its current.
UNPLUGGED: dict[str, object] = {
    "present": True,
    "technology": "Li-ion",
    "health": "GOOD",
    "plugged": "UNPLUGGED",
    "status": "DISCHARGING",
    "temperature": "22.3",
    "voltage": 4099,
    "current": -820000,
    "current_average": -576,
    "percentage": 85,
    "level": 85,
    "scale": 100,
    "charge_counter": 3194654,
    "energy": None,
}


JOULE = 277_777_778  # picowatt-hours, rounded up
PATH = r"\\?\ACPI#GenuineIntel_-_Intel64_Family_6_Model_154_-_12th_Gen_Intel(R)_Core(TM)_i7-1250U#0#{45bd8344}"
INTEL = {
    "RAPL_Package0_PKG": 40_000 * JOULE,
    "RAPL_Package0_PP0": 20_000 * JOULE,
    "RAPL_Package0_PP1": 5_000 * JOULE,
    "RAPL_Package0_DRAM": 3_000 * JOULE,
}
"""As the driver of Windows 11 names the counters of a laptop."""


def wide(text: str, size: int = 0) -> bytes:
    return (text + "\0").encode("utf-16-le").ljust(size, b"\0")


def metadata_v2(names: Sequence[str], unit: int = 0) -> bytes:
    channels = b"".join(struct.pack("<IH", unit, len(wide(name))) + wide(name) for name in names)
    return wide("GenuineIntel", 32) + wide("Model 154", 32) + struct.pack("<HH", 1, len(names)) + channels


def metadata_v1(name: str) -> bytes:
    head = struct.pack("<I", 0) + wide("Microsoft", 32) + wide("Rail", 32)
    return head + struct.pack("<HH", 1, len(wide(name))) + wide(name)


class FakeWindows:
    """Answers control codes as drivers do."""

    def __init__(self, *devices: dict[str, int], version: int = 2) -> None:
        self.counters = {f"{PATH}{number}": dict(device) for number, device in enumerate(devices)}
        self.version = version
        self.failure: OSError | None = None
        self.cut = 0
        """Bytes that measurements lack."""

    def devices(self) -> Sequence[str]:
        return list(self.counters)

    def ask(self, device: str, code: int, size: int) -> bytes:
        if self.failure is not None:
            raise self.failure
        if device not in self.counters:
            raise FileNotFoundError(2, "the system cannot find the file specified")
        channels = self.counters[device]
        metadata = metadata_v2(list(channels)) if self.version == 2 else metadata_v1(next(iter(channels)))
        answer = {
            0x224000: struct.pack("<H", self.version),
            0x224004: struct.pack("<I", len(metadata)),
            0x224008: metadata,
            0x22400C: b"".join(struct.pack("<QQ", joules, 638_000_000) for joules in channels.values()),
        }[code]
        assert len(answer) <= size
        return answer[: len(answer) - self.cut] if code == 0x22400C else answer

    def use(self, name: str, joules: float) -> None:
        for channels in self.counters.values():
            if name in channels:
                channels[name] += round(joules * JOULE)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def supplies(tmp_path: Path) -> Supplies:
    return Supplies(tmp_path / "power_supply")


@pytest.fixture
def phone(tmp_path: Path) -> Phone:
    made = Phone(tmp_path / "phone")
    made.holds()
    return made


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mac:
    """Install the package of a Mac for one test and return it as a module."""
    file = tmp_path / "zeus_apple_silicon.py"
    file.write_text(MAC_PACKAGE)
    spec = importlib.util.spec_from_file_location("zeus_apple_silicon", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "zeus_apple_silicon", module)
    return cast("Mac", module)
