"""Free memory as Linux says it, and as a control group allows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_solver import memory

GIB = 2**30


def a_machine(root: Path, *, total: int = 16, free: int = 8) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(
        f"MemTotal: {total * GIB // 1024} kB\nMemFree: 5 kB\nMemAvailable: {free * GIB // 1024} kB\n"
    )
    return root


def a_group(root: Path, line: str, folder: str, **files: object) -> None:
    with (root / "proc/self/cgroup").open("a") as file:
        file.write(line + "\n")
    (root / folder).mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (root / folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_without_a_group_it_is_what_the_kernel_says(tmp_path: Path) -> None:
    root = a_machine(tmp_path)
    assert (memory.available(root), memory.total(root)) == (8 * GIB, 16 * GIB)


def test_the_limit_of_a_group_counts_less_what_it_uses_and_could_not_give_back(tmp_path: Path) -> None:
    root = a_machine(tmp_path)
    files = {"memory__max": 4 * GIB, "memory__current": 3 * GIB, "memory__stat": f"anon 5\ninactive_file {GIB}"}
    a_group(root, "0::/user/one", "sys/fs/cgroup/user/one", **files)
    assert (memory.available(root), memory.total(root)) == (2 * GIB, 4 * GIB)


def test_the_tightest_group_above_counts_also_where_the_own_has_no_limit(tmp_path: Path) -> None:
    root = a_machine(tmp_path)
    a_group(root, "0::/user/one", "sys/fs/cgroup/user/one", memory__max="max", memory__current=GIB)
    a_group(root, "", "sys/fs/cgroup/user", memory__max=3 * GIB, memory__current=GIB)
    assert memory.available(root) == 2 * GIB


def test_inside_a_container_the_limit_stands_at_the_top(tmp_path: Path) -> None:
    root = a_machine(tmp_path)
    a_group(root, "0::/docker/123", "sys/fs/cgroup", memory__max=2 * GIB, memory__current=GIB // 2)
    assert memory.available(root) == 3 * GIB // 2


def test_version_1_of_groups_is_read_too(tmp_path: Path) -> None:
    root = a_machine(tmp_path)
    files = {"memory__limit_in_bytes": GIB, "memory__usage_in_bytes": GIB // 4}
    a_group(root, "5:cpu,memory:/job", "sys/fs/cgroup/memory/job", **files)
    assert (memory.available(root), memory.total(root)) == (3 * GIB // 4, GIB)
    a_group(root, "", "sys/fs/cgroup/memory/job", memory__limit_in_bytes=2**63 - 4096)
    assert memory.total(root) == 16 * GIB


def test_a_group_that_is_over_its_limit_has_nothing_left(tmp_path: Path) -> None:
    root = a_machine(tmp_path)
    a_group(root, "0::/", "sys/fs/cgroup", memory__max=GIB, memory__current=2 * GIB)
    assert memory.available(root) == 0


@pytest.mark.parametrize("text", ["", "MemAvailable:\n", "MemAvailable: much kB\n"])
def test_a_system_that_says_nothing_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    root = a_machine(tmp_path)
    (root / "proc/meminfo").write_text(text)
    assert memory.available(root) is None
    assert memory.available(tmp_path / "nowhere") is None
    total = memory.total(root)
    assert total is None or total > GIB // 4
