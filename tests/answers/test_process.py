from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_solver.answers.process import WorkerProcess

ROOT = Path(__file__).resolve().parents[2]
PATIENT_SECONDS = 20.0
"""For questions that take milliseconds: a busy test machine must not turn them into overruns."""

ENDLESS = "x^{9^{9^9}}"
"""Its exponent has 370 million digits and fits into the memory limit: hours of one C call."""


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerProcess]:
    process = WorkerProcess(PATIENT_SECONDS)
    yield process
    process.close()


def test_a_worker_is_started_by_the_first_question_only() -> None:
    process = WorkerProcess(PATIENT_SECONDS)
    assert process.pid is None
    process.close()


def test_the_worker_knows_algebra(worker: WorkerProcess) -> None:
    assert worker.ask("(x+1)^2", "x^2 + 2x + 1") is True
    assert worker.ask("(x+1)^2", "x^2 + 1") is False


def test_the_time_for_loading_is_not_counted_against_the_first_question() -> None:
    process = WorkerProcess(deadline_seconds=1000)
    process.start()
    process.deadline_seconds = 5
    assert process.ask("x+1", "1+x") is True
    process.close()


def test_a_worker_that_overruns_is_killed_and_replaced() -> None:
    process = WorkerProcess(PATIENT_SECONDS)
    assert process.ask("x+1", "1+x") is True
    first = process.pid
    process.deadline_seconds = 0.5
    began = time.monotonic()
    assert process.ask(ENDLESS, "x+1") is None
    assert time.monotonic() - began < PATIENT_SECONDS
    process.deadline_seconds = PATIENT_SECONDS
    assert process.ask("x+1", "1+x") is True
    assert process.pid != first
    assert first is not None
    assert not is_alive(first)
    process.close()


def test_a_worker_that_was_killed_between_questions_is_replaced_without_notice(worker: WorkerProcess) -> None:
    assert worker.ask("x+2", "2+x") is True
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.ask("x+3", "3+x") is True


def test_a_worker_answers_from_any_thread(worker: WorkerProcess) -> None:
    verdicts: list[bool | None] = []
    threads = [threading.Thread(target=lambda n=n: verdicts.append(worker.ask(f"x+{n}", f"{n}+x"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [True] * 8


def test_a_thousand_questions_leave_one_process_and_no_more_open_files(worker: WorkerProcess) -> None:
    worker.ask("x+1", "1+x")
    before, pid = open_files(), worker.pid
    assert all(worker.ask("2x+2", "2(x+1)") for _ in range(1000))
    assert worker.pid == pid
    assert open_files() == before


def test_closing_leaves_no_process_behind() -> None:
    process = WorkerProcess(PATIENT_SECONDS)
    before = open_files()
    process.ask("x+1", "1+x")
    pid = process.pid
    assert pid is not None
    process.close()
    assert not is_alive(pid)
    assert open_files() == before


def test_a_script_without_a_main_guard_can_ask_and_needs_not_close() -> None:
    script = "from edge_solver.answers import same_answer; print(same_answer('x+1', '1+x'))"
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert finished.stdout == "True\n"
    assert finished.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupting_the_program_prints_nothing_from_the_worker() -> None:
    script = (
        "import os, signal\n"
        "from edge_solver.answers.process import WorkerProcess\n"
        "worker = WorkerProcess(60)\n"
        "worker.ask('x+1', '1+x')\n"
        "os.kill(worker.pid, signal.SIGINT)\n"
        "print(worker.ask('x+2', '2+x'), flush=True)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.3)\n"
        "signal.signal(signal.SIGALRM, signal.default_int_handler)\n"
        "try:\n"
        f"    worker.ask({ENDLESS!r}, 'x+1')\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', worker.pid)\n"
        "print(worker.ask('x+2', '2+x'))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert finished.stdout == "True\ninterrupted None\nTrue\n"
    assert finished.stderr == ""


def test_importing_the_package_loads_no_algebra_system() -> None:
    script = "import sys, edge_solver.answers; print([m for m in sys.modules if m in {'sympy', 'math_verify'}])"
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert finished.stdout == "[]\n"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0
