"""llama.cpp's own benchmark of batched decoding, run as a program and read.

``llama-batched-bench`` is C++ without sampling, text or trees: what a decode loop can reach at most. Build it from the
source of the llama-cpp-python that is installed (``tools/batched-bench``), with the same flags. Knows nothing of our
engine.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from edge_solver.core.room import ROWS, padded
from edge_solver.errors import EdgeSolverError, UsageError

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "unified": ("-kvu", "-fa", "off"),
        "unified+flash": ("-kvu", "-fa", "on"),
        "unified+q8_0": ("-kvu", "-fa", "on", "-ctk", "q8_0", "-ctv", "q8_0"),
        "streams+flash": ("-fa", "on"),
    }
)
"""Cache and attention by name, with the flags for them; f16 where no type of numbers is named, and a cache in q8_0 has
flash attention. Streams without it are never the best."""
_SPARE = (1, 32, 256)
"""The program may end before its last lines are written (llama.cpp issue 22142): so many are added to be lost."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What both sides do."""

    model: Path
    threads: int
    prompt: int
    """Tokens that all branches share."""
    tokens: int
    """That every branch writes."""
    branches: tuple[int, ...]
    """Widths, measured one after the other."""
    rounds: int = 1
    """How often in one process."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Tokens a second at one width."""

    prompt: float
    decode: float
    """Of all branches together."""


def command(program: Path, work: Workload, kind: str, spare: int = 1) -> list[str]:
    """Return the command line that measures a workload, and ``spare`` more that nobody asked for."""
    most = max(work.branches)
    path = padded(work.prompt + work.tokens + 1)
    cells = most * path if kind.startswith("streams") else padded(work.prompt + most * (work.tokens + 1))
    numbers = {"-c": cells, "-b": ROWS, "-ub": ROWS, "-t": work.threads, "-tb": work.threads}
    numbers |= {"-npp": work.prompt, "-ntg": work.tokens}
    widths = ",".join(map(str, (*work.branches * work.rounds, *[1] * spare)))
    flags = [part for flag, number in numbers.items() for part in (flag, str(number))]
    return [
        str(program),
        "-m",
        str(work.model),
        *flags,
        "-npl",
        widths,
        "-pps",
        *KINDS[kind],
        "--output-format",
        "jsonl",
    ]


def run(program: Path, work: Workload, kind: str) -> dict[int, Rates]:
    """Measure every width of a workload, and return the best of its rounds.

    Raises:
        UsageError: There is no such program.
        EdgeSolverError: It failed, or did not say all.
    """
    for spare in _SPARE:
        try:
            done = subprocess.run(command(program, work, kind, spare), capture_output=True, text=True, check=False)  # noqa: S603 - the user's own program
        except OSError as error:
            raise UsageError(f"--batched-bench {program}: {error.strerror}; give the program that was built") from error
        rates = read(done.stdout.splitlines())
        missing = [width for width in work.branches if width not in rates]
        if not missing:
            return rates
    last = (done.stderr.strip() or "it gave no reason").splitlines()[-1]
    if done.returncode == -signal.SIGILL:
        last = "an illegal instruction; GCC 12 compiles AMX wrongly: build it with another compiler, or without AMX"
    raise EdgeSolverError(f"{program} did not measure {missing[0]} branches (status {done.returncode}): {last}")


def read(lines: Iterable[str]) -> dict[int, Rates]:
    """Read the rows of one run, the best by width."""
    found: dict[int, list[Rates]] = {}
    for line in lines:
        if line.startswith("{") and line.rstrip().endswith("}"):
            row = json.loads(line)
            found.setdefault(row["pl"], []).append(Rates(row["speed_pp"], row["speed_tg"]))
    return {width: best(rates) for width, rates in found.items()}


def best(rates: Sequence[Rates]) -> Rates:
    """Return the best of several runs: what else the machine did can only slow it down."""
    return Rates(max(rate.prompt for rate in rates), max(rate.decode for rate in rates))
