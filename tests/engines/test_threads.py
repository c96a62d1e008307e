"""How many cores an engine is told: those there are, less what keeps this process from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_solver.engines.threads import physical_cores


def a_machine(root: Path, *, cores: int = 4, siblings: int = 2) -> range:
    """Make processors 0, 1, … of which each has siblings on the same core; return them."""
    for cpu in range(cores * siblings):
        folder = root / f"sys/devices/system/cpu/cpu{cpu}/topology"
        folder.mkdir(parents=True)
        first = cpu // siblings * siblings
        (folder / "thread_siblings_list").write_text(f"{first}-{first + siblings - 1}\n")
    return range(cores * siblings)


def a_group(root: Path, line: str, folder: str, **files: object) -> None:
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    with (root / "proc/self/cgroup").open("a") as file:
        file.write(line + "\n")
    (root / "sys/fs/cgroup" / folder).mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (root / "sys/fs/cgroup" / folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_two_logical_processors_of_one_core_count_once(tmp_path: Path) -> None:
    allowed = a_machine(tmp_path)
    assert physical_cores(tmp_path, environ={}, allowed=allowed) == 4
    assert physical_cores(tmp_path, environ={}, allowed=[0, 1, 2]) == 2


def test_the_tightest_quota_of_the_groups_above_holds(tmp_path: Path) -> None:
    allowed = a_machine(tmp_path)
    a_group(tmp_path, "0::/user/job", "user/job", cpu__max="max 100000")
    a_group(tmp_path, "", "user", cpu__max="250000 100000")
    assert physical_cores(tmp_path, environ={}, allowed=allowed) == 2


@pytest.mark.parametrize(("quota", "cores"), [("50000 100000", 1), ("300000 100000", 3), ("max 100000", 4), ("?", 4)])
def test_inside_a_container_the_quota_stands_at_the_top(tmp_path: Path, quota: str, cores: int) -> None:
    allowed = a_machine(tmp_path)
    a_group(tmp_path, "0::/docker/12ab", "", cpu__max=quota)
    assert physical_cores(tmp_path, environ={}, allowed=allowed) == cores


@pytest.mark.parametrize(("quota", "cores"), [(300_000, 3), (-1, 4)])
def test_version_1_of_groups_is_read_too(tmp_path: Path, quota: int, cores: int) -> None:
    allowed = a_machine(tmp_path)
    a_group(tmp_path, "4:cpu,cpuacct:/job", "cpu,cpuacct/job", cpu__cfs_quota_us=quota, cpu__cfs_period_us=100_000)
    assert physical_cores(tmp_path, environ={}, allowed=allowed) == cores


@pytest.mark.parametrize(("asked", "cores"), [("2", 2), ("3,2", 3), ("6", 6), ("99", 8), ("0", 4), ("many", 4)])
def test_the_users_own_number_counts_up_to_the_processors_there_are(tmp_path: Path, asked: str, cores: int) -> None:
    allowed = a_machine(tmp_path)
    assert physical_cores(tmp_path, environ={"OMP_NUM_THREADS": asked}, allowed=allowed) == cores
