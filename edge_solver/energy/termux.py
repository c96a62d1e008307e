"""A phone's battery under Termux, by the command ``termux-battery-status`` of the package termux-api.

The answer holds ``charge_counter`` (microampere-hours left) and ``voltage`` (millivolts); the currents are never used,
for their sign and scale differ between vendors. Asking starts an app, which costs about three seconds of processor
time (termux/TermuxAm#9), so a run is asked before, and then only when it has grown by a tenth: a figure may lag by
a tenth of the run. The invariant: no sample unless ``plugged`` is ``UNPLUGGED`` and ``status`` is ``DISCHARGING``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable

from edge_solver.energy.gauge import ChargeLeft, GaugeMeter, Left
from edge_solver.energy.unavailable import MeterUnavailableError

COMMAND = "termux-battery-status"
INSTALL = "pkg install termux-api, and install the app Termux:API from where Termux came from"
"""The command alone is not enough: without the app it waits for ever."""
UNPLUG = "unplug the charger, then: edge-solver solve --meter termux ..."

_APART_SECONDS = 10.0
_APART_SHARE = 0.1
_PATIENCE_SECONDS = 20.0
_COULOMBS = 3600e-6  # in a microampere-hour
_LEAST_VOLTS, _MOST_VOLTS = 2.0, 15.0  # one lithium cell, or a few in a row

Ask = Callable[[], str]
"""Returns what the command printed."""


def open_termux(command: str = COMMAND, *, clock: Callable[[], float] = time.monotonic) -> GaugeMeter:
    """Open the gauge of a phone.

    Raises:
        MeterUnavailableError: The command is missing or does not answer, or the phone is plugged in.
    """
    found = shutil.which(command)
    if found is None:
        raise MeterUnavailableError(f"there is no command {command} (it comes with Termux on Android)")

    def sample() -> Left:
        return (parse(_ask(found)),)

    return GaugeMeter(sample, apart_seconds=_APART_SECONDS, apart_share=_APART_SHARE, clock=clock)


def parse(answer: str) -> ChargeLeft:
    """Return what the battery holds, from the JSON that the command prints.

    Raises:
        MeterUnavailableError: The answer is broken, lacks the counter, or the phone is plugged in.
    """
    try:
        status = json.loads(answer)
    except (ValueError, RecursionError):
        raise MeterUnavailableError(f"{COMMAND} answered {answer[:80]!r}, which is no JSON", INSTALL) from None
    if not isinstance(status, dict):
        raise MeterUnavailableError(f"{COMMAND} answered no JSON object")
    if "error" in status or "API_ERROR" in status:
        raise MeterUnavailableError(f"{COMMAND} failed: {status.get('error', status.get('API_ERROR'))}", INSTALL)
    plugged, state = status.get("plugged"), status.get("status")
    if plugged != "UNPLUGGED" or state != "DISCHARGING":
        raise MeterUnavailableError(f"the phone does not run on its battery alone ({plugged}, {state})", UNPLUG)
    volts = _number(status, "voltage") / 1e3
    if not _LEAST_VOLTS <= volts <= _MOST_VOLTS:
        raise MeterUnavailableError(f"{COMMAND} gives {volts:g} V")
    return ChargeLeft(_number(status, "charge_counter") * _COULOMBS, volts)


def _number(status: dict[str, object], name: str) -> float:
    value = status.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise MeterUnavailableError(f"{COMMAND} gives no {name} on this phone ({value!r})")
    return float(value)


def _ask(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the path of the one command that this module is about
            [command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MeterUnavailableError(f"{COMMAND} did not answer in {_PATIENCE_SECONDS:.0f} s", INSTALL) from None
    except OSError as error:
        raise MeterUnavailableError(f"{COMMAND} cannot be started: {error.strerror}") from None
    if done.returncode:
        raise MeterUnavailableError(f"{COMMAND} failed: {done.stderr.strip()[:200] or done.returncode}", INSTALL)
    return done.stdout
