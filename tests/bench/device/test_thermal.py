"""Heat from a tree of files as Linux and Android have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_solver.bench.device import facts
from edge_solver.bench.device.thermal import Heat, read_heat, throttled


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


CPU = "devices/system/cpu"
LAPTOP = {
    "class/thermal/thermal_zone0/type": "acpitz",
    "class/thermal/thermal_zone0/temp": "27800",
    "class/thermal/thermal_zone1/type": "x86_pkg_temp",
    "class/thermal/thermal_zone1/temp": "71000",
    "class/thermal/thermal_zone2/type": "iwlwifi_1",
    "class/thermal/thermal_zone2/temp": "88000",
    f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "12",
    f"{CPU}/cpu1/thermal_throttle/core_throttle_count": "3",
    f"{CPU}/cpu0/thermal_throttle/package_throttle_count": "12",
    f"{CPU}/cpu0/cpufreq/scaling_max_freq": "4700000",
    f"{CPU}/cpu0/cpufreq/cpuinfo_max_freq": "4700000",
    f"{CPU}/cpu1/cpufreq/cpuinfo_max_freq": "3500000",
}


def test_a_laptop_shows_its_hottest_processor_zone_and_counts_throttling(tmp_path: Path) -> None:
    assert read_heat(put(tmp_path, LAPTOP)) == Heat(71.0, "x86_pkg_temp", 15, 4_700_000_000, 4_700_000_000)


def test_a_phone_has_zones_of_many_names_and_no_counters(tmp_path: Path) -> None:
    root = put(
        tmp_path,
        {
            "class/thermal/thermal_zone0/type": "battery",
            "class/thermal/thermal_zone0/temp": "39000",
            "class/thermal/thermal_zone1/type": "cpu-1-7-usr",
            "class/thermal/thermal_zone1/temp": "63500",
            "class/thermal/thermal_zone2/type": "tsens_tz_sensor4",
            "class/thermal/thermal_zone2/temp": "58",  # some give whole degrees
        },
    )
    assert read_heat(root) == Heat(63.5, "cpu-1-7-usr", None, None, None)


@pytest.mark.parametrize("value", ["-273200", "0", "255000", "n/a", ""])
def test_a_senseless_sensor_is_no_reading(tmp_path: Path, value: str) -> None:
    root = put(tmp_path, {"class/thermal/thermal_zone0/type": "cpu", "class/thermal/thermal_zone0/temp": value})
    assert read_heat(root).celsius is None


def test_an_amd_desktop_is_read_from_its_hardware_monitor(tmp_path: Path) -> None:
    root = put(
        tmp_path,
        {
            "class/hwmon/hwmon0/name": "nvme",
            "class/hwmon/hwmon0/temp1_input": "80000",
            "class/hwmon/hwmon1/name": "k10temp",
            "class/hwmon/hwmon1/temp1_input": "52125",
        },
    )
    assert read_heat(root).celsius == 52.125
    assert read_heat(root).sensor == "k10temp"


def test_where_there_is_nothing_nothing_is_known(tmp_path: Path) -> None:
    nothing = read_heat(tmp_path / "none")
    assert nothing == Heat(None, None, None, None, None)
    assert throttled(nothing, nothing) is None


def test_throttling_shows_in_counters_or_in_a_lowered_clock() -> None:
    before = Heat(50.0, "cpu", 3, 3_000_000_000, 3_000_000_000)
    assert throttled(before, before) is False
    assert throttled(before, Heat(90.0, "cpu", 4, 3_000_000_000, 3_000_000_000)) is True
    assert throttled(before, Heat(90.0, "cpu", 3, 1_800_000_000, 3_000_000_000)) is True
    assert throttled(before, Heat(90.0, "cpu", None, None, None)) is None


def test_facts_of_a_laptop_on_battery(tmp_path: Path) -> None:
    root = put(
        tmp_path / "sys",
        LAPTOP
        | {
            "class/dmi/id/product_name": "Laptop 13",
            "class/power_supply/AC/type": "Mains",
            "class/power_supply/AC/online": "0",
            "class/power_supply/BAT0/type": "Battery",
            "class/power_supply/BAT0/status": "Discharging",
            "class/power_supply/BAT0/capacity": "81",
            f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave",
            f"{CPU}/cpu0/cache/index3/size": "24576K",
        },
    )
    proc = put(
        tmp_path / "proc",
        {"cpuinfo": "flags\t\t: fpu avx2 fma hypervisor", "meminfo": "MemTotal: 2 kB\nMemAvailable:   1024 kB"},
    )
    found = facts.device(root, proc)
    assert (found["vendor_model"], found["power_source"], found["battery_percent"]) == ("Laptop 13", "battery", 81)
    assert found["core_kinds"] == [{"cores": 1, "hertz": 4_700_000_000}, {"cores": 1, "hertz": 3_500_000_000}]
    assert (found["governor"], found["cache_bytes"]) == ("powersave", 24 * 2**20)
    assert (found["cpu_flags"], found["in_virtual_machine"]) == (["avx2", "fma"], True)
    assert found["memory_free_bytes"] == 2**20


def test_facts_where_nothing_is_readable_are_null(tmp_path: Path) -> None:
    found = facts.device(tmp_path, tmp_path)
    unknown = ("vendor_model", "core_kinds", "power_source", "battery_percent", "governor", "cache_bytes", "cpu_flags")
    assert [found[key] for key in unknown] == [None] * len(unknown)
