"""A calibration: the rates of ``J = a·FLOPs + b·bytes + P_idle·s`` as they were fitted on one machine, and their file.

A fit holds for the device, build, model, threads and power source that it was made with, and nowhere else: elsewhere it
is refused, with what differs. Files are written whole or not at all, one for each such combination. How the figures
come about is ``bench.calibrate``'s business.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edge_solver import paths
from edge_solver.core.meter import Rates
from edge_solver.energy import device
from edge_solver.energy.unavailable import MeterUnavailableError
from edge_solver.errors import EdgeSolverError

SCHEMA = 1
CALIBRATE = "edge-solver energy --calibrate"
"""What makes one."""
DOUBTFUL = 0.15
"""An error above this deserves a warning."""

_MOST_ERROR = 10.0  # beyond this a file is broken, for no such fit is stored


@dataclass(frozen=True, slots=True)
class Tie:
    """What a fit holds for."""

    device: str
    build: str
    model: str
    """SHA-256 of the policy; of several, joined by commas."""
    threads: str
    """Their number where it was chosen, else that each engine's default for so many cores was taken."""
    power_source: str


_NAMES = {
    "device": "another device",
    "build": "another build",
    "model": "another model",
    "threads": "another number of threads",
    "power_source": "another power source",
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted rates, and how they came about."""

    tie: Tie
    rates: Rates
    error: float
    """How far off it may be for work that it was not fitted to, as a share; see ``fit.left_out_error``."""
    meter: str
    """What it was fitted against, by its name."""
    label: str
    scope: str
    windows: int
    """Differences of runs that it was fitted to."""
    seconds: float
    """That they took together."""
    made: str
    """When, in UTC."""


def tie(model: str, threads: str) -> Tie:
    """Return what a fit made here and now would hold for."""
    return Tie(device.device(), device.build(), model, threads, device.power_source())


def folder() -> Path:
    """Return where calibrations are; it may not exist."""
    return paths.data_dir() / "energy"


def store(calibration: Calibration, where: Path | None = None) -> Path:
    """Write a calibration, in the place of an earlier one for the same tie, and return its file.

    Raises:
        UsageError: The folder cannot be written to.
        EdgeSolverError: The disk is full, or fails otherwise.
    """
    place = paths.writable(where or folder())
    path = place / f"{_key(calibration.tie)}.json"
    document = {"schema": SCHEMA, **asdict(calibration)}
    try:
        descriptor, partial = tempfile.mkstemp(dir=place, prefix=path.name, suffix=".part")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)
                file.write("\n")
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EdgeSolverError(f"the calibration cannot be written to {path}: {error.strerror}; make room") from error
    return path


def find(wanted: Tie, where: Path | None = None) -> Calibration:
    """Return the calibration that holds for a tie.

    Raises:
        MeterUnavailableError: There is none, it is broken, or those there are hold for something else; says for what.
    """
    place = where or folder()
    path = place / f"{_key(wanted)}.json"
    if path.exists():
        found = read(path)
        if found.tie == wanted:
            return found
    others = stored(place)
    if not others:
        raise MeterUnavailableError("this machine was never calibrated", CALIBRATE)
    nearest = min((_differences(wanted, other.tie) for other in others), key=len)
    raise MeterUnavailableError(f"it was calibrated for {' and '.join(nearest)}", CALIBRATE)


def stored(where: Path | None = None) -> tuple[Calibration, ...]:
    """Return all calibrations that can be read, the latest first."""
    try:
        found = [calibration for file in (where or folder()).glob("*.json") if (calibration := _readable(file))]
    except OSError:
        found = []
    return tuple(sorted(found, key=lambda calibration: calibration.made, reverse=True))


def _readable(path: Path) -> Calibration | None:
    try:
        return read(path)
    except MeterUnavailableError:
        return None


def read(path: Path) -> Calibration:
    """Read a calibration's file.

    Raises:
        MeterUnavailableError: It cannot be read, is broken, or of another version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise MeterUnavailableError(f"the calibration {path} cannot be read: {error}", CALIBRATE) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise MeterUnavailableError(f"the calibration {path} was written by another version", CALIBRATE)
    try:
        found = _built(data)
    except (KeyError, TypeError, ValueError) as error:
        raise MeterUnavailableError(f"the calibration {path} is broken: {error!r}", CALIBRATE) from None
    return found


def _built(data: Mapping[str, Any]) -> Calibration:
    rates = Rates(**{field.name: _amount(data["rates"][field.name]) for field in fields(Rates)})
    error = _amount(data["error"])
    if error > _MOST_ERROR or not any(asdict(rates).values()):
        raise ValueError("it estimates nothing")
    bound = Tie(**{field.name: data["tie"][field.name] for field in fields(Tie)})
    texts = {name: str(data[name]) for name in ("meter", "label", "scope", "made")}
    return Calibration(
        tie=bound, rates=rates, error=error, windows=int(data["windows"]), seconds=_amount(data["seconds"]), **texts
    )


def _amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{value!r} is no amount")
    return float(value)


def _differences(wanted: Tie, other: Tie) -> list[str]:
    return [text for name, text in _NAMES.items() if getattr(wanted, name) != getattr(other, name)]


def _key(bound: Tie) -> str:
    return hashlib.sha256(json.dumps(asdict(bound), sort_keys=True).encode()).hexdigest()[:16]
