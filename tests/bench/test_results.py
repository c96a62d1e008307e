"""A results folder: nothing is lost but what was in flight, nothing is mixed, and one run writes at a time."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge_solver.bench.journal import Journal
from edge_solver.bench.results import ResultsFolder
from edge_solver.errors import EdgeSolverError, RecordError, UsageError

HEAD: dict[str, Any] = {
    "schema": 1,
    "version": "0.1.0",
    "suite": {"name": "s", "sha256": "x", "n": 2},
    "models": {"policies": [{"name": "m", "sha256": "1"}]},
    "settings": {"widths": [1, 4], "budget": {"flops": None}},
    "device": {"name": "cpu", "python": "3.12"},
}


def line(problem: str, width: int = 1) -> dict[str, Any]:
    return {"schema": 1, "id": problem, "strategy": "greedy", "width": width, "seed": 0}


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    journal = Journal(path)
    journal.append([line("a"), line("b")])
    journal.close()
    whole = path.read_bytes()
    for torn in (b"{", b'{"schema": 1, "id": "c"}', whole[:-1][-20:]):
        path.write_bytes(whole + torn)
        journal = Journal(path)
        assert [known["id"] for known in journal.lines] == ["a", "b"]
        assert path.read_bytes() == whole
        journal.append([line("c")])
        assert journal.get(("c", "greedy", 1, 0)) is not None
        journal.close()
        path.write_bytes(whole)


@pytest.mark.parametrize("bad", ["{}", "nonsense", '{"schema": 9, "id": "a"}'])
def test_a_broken_line_in_the_middle_is_named(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(f"{json.dumps(line('a'))}\n{bad}\n{json.dumps(line('b'))}\n")
    with pytest.raises(RecordError, match="line 2"):
        Journal(path)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.jsonl"
    journal = Journal(path)
    journal.append([line("a")])
    before, write = path.read_bytes(), os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 100:
            return write(descriptor, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(EdgeSolverError, match="No space left"):
        journal.append([{**line("b"), "note": "x" * 25}])
    monkeypatch.undo()
    assert path.read_bytes() == before
    journal.append([line("b")])
    assert len(path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"version": "0.2.0"}, "version was"),
        ({"suite": {"name": "s", "sha256": "y", "n": 2}}, "suite.sha256"),
        ({"settings": {"widths": [1], "budget": {"flops": None}}}, r"settings.widths was \[1, 4\] and is now \[1\]"),
        ({"settings": {"widths": [1, 4], "budget": {"flops": 5.0}}}, "settings.budget.flops was null and is now 5.0"),
        ({"models": {"policies": [{"name": "m", "sha256": "2"}]}}, "models.policies"),
        ({"device": {"name": "another cpu"}}, "device.name"),
    ],
)  # fmt: skip
def test_a_folder_of_another_run_is_refused_with_the_difference(
    tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    with ResultsFolder(tmp_path, HEAD) as folder:
        folder.results.append([line("a")])
    with pytest.raises(UsageError, match=named), ResultsFolder(tmp_path, {**HEAD, **change}):
        pass
    with ResultsFolder(tmp_path, {**HEAD, "device": {"name": "cpu", "python": "3.13"}}) as folder:
        assert len(folder.results.lines) == 1


@pytest.mark.parametrize("torn", [None, b"", b'{"schema": 1, "id"'])
def test_a_run_that_failed_before_its_first_result_binds_nobody(tmp_path: Path, torn: bytes | None) -> None:
    with ResultsFolder(tmp_path, HEAD) as folder:
        folder.write_summary({"energy": [{"strategy": "greedy"}]})
    if torn is not None:
        (tmp_path / "results.jsonl").write_bytes(torn)
    mended = {**HEAD, "settings": {"widths": [2], "budget": {"flops": None}}}
    with ResultsFolder(tmp_path, mended) as folder:
        assert json.loads((tmp_path / "run.json").read_text()) == mended
        assert folder.energy_before() == []
        folder.results.append([line("a", 2)])
    with pytest.raises(UsageError, match="holds another run"), ResultsFolder(tmp_path, HEAD):
        pass


def test_first_looks_bind_as_results_do(tmp_path: Path) -> None:
    with ResultsFolder(tmp_path, HEAD, has_pilots=True) as folder:
        folder.pilots.append([line("a")])
    with pytest.raises(UsageError, match="holds another run"), ResultsFolder(tmp_path, {**HEAD, "version": "9"}):
        pass


def test_a_folder_with_results_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text("")
    with pytest.raises(UsageError, match=r"without a run\.json"), ResultsFolder(tmp_path, HEAD):
        pass


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="give another folder"), ResultsFolder(tmp_path / "file" / "in", HEAD):
        pass


HOLDER = """
import sys, time
from pathlib import Path
from edge_solver.bench.lock import Lock
with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_run_is_refused_and_a_crash_leaves_no_lock_behind(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with (
                pytest.raises(UsageError, match=rf"another run is writing to .*process {holder.pid}"),
                ResultsFolder(tmp_path, HEAD),
            ):
                pass
        finally:
            holder.send_signal(signal.SIGKILL)
    with ResultsFolder(tmp_path, HEAD) as folder:
        assert folder.results.lines == []
