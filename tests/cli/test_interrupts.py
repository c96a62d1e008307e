"""Signals during a native call, when Python itself cannot react."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

from edge_solver.cli.interrupts import Interrupts

# A key derivation of minutes stands for a native call of a large model: it lets other threads run, and no handler.
BUSY = """
import hashlib
from edge_solver.cli.interrupts import Interrupts
with Interrupts() as interrupts:
    {setup}
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""


def test_the_first_signal_is_acted_upon_at_once_and_the_second_ends_the_program() -> None:
    code = BUSY.format(setup="interrupts.call(lambda: print('first', flush=True))")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"first\n"
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert time.monotonic() - sent < 10
        assert process.stderr.read().strip() == b""


def test_with_nothing_to_save_the_first_signal_ends_the_program() -> None:
    code = BUSY.format(setup="")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130
        assert process.stderr.read().strip() == b""


def test_the_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_outside_the_main_thread_nothing_is_touched() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def enter() -> None:
        with Interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]
