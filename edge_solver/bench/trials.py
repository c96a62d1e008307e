"""A results folder of ``bench solve`` read back: what was run, and one trial a line.

Reads ``run.json`` and ``results.jsonl`` and nothing else; a summary that somebody made of them is not needed. A last
line that was torn when a run was killed is left out. Every other line must be a whole trial of the format that this
version reads: figures made from half-understood files would look as good as real ones.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge_solver.errors import RecordError, UsageError

SCHEMA = 1
RESULTS, RUN = "results.jsonl", "run.json"

MIXED = "mixed"
"""The label of joules that were obtained in more than one way and so have no mean."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One finished solution of a trial."""

    answer: str | None
    weight: float
    """Its reward, as the vote counted it."""
    group: str | None
    """Names the class of equal answers within this trial; ``None`` where there is no answer."""
    correct: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """What a trial cost."""

    flops: float
    """Executed, policy and reward model together."""
    flops_policy: float
    flops_prm: float
    flops_paper: float
    """``2·N_policy·T_generated``, the paper's count."""
    tokens: float
    """Written by the policy."""
    seconds: float
    joules: float | None
    label: str
    """How the joules were obtained; figures of two labels are never compared."""
    scope: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One problem under one strategy, width and seed."""

    problem: str
    subject: str
    level: str
    model: str
    prm: str
    """Empty where no reward model took part."""
    strategy: str
    width: int
    seed: int
    answered: bool
    correct: bool
    covered: bool
    """Whether at least one leaf was right."""
    confidence: float
    stopped_by: str
    shared: bool
    """Whether its samples were drawn by a wider search, whose seconds and joules it has in proportion to its FLOPs."""
    leaves: tuple[Leaf, ...]
    bill: Bill


@dataclass(frozen=True, slots=True)
class Run:
    """A results folder."""

    folder: str
    suite: str
    sha256: str
    problems: int
    """In the suite as it was run."""
    device: str
    version: str
    command: str
    settings: Mapping[str, Any]
    trials: tuple[Trial, ...]
    torn: bool
    """Whether the last line was cut short."""


def run_folders(home: Path) -> list[Path]:
    """Return the results folders in a folder, by name; whether they can be read is another matter."""
    return sorted(path.parent for path in home.glob(f"*/{RUN}"))


def read_run(folder: Path) -> Run:
    """Read a results folder.

    Raises:
        UsageError: There is no such folder, or it is no results folder.
        RecordError: A file is broken, empty or of another format; names the line.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}; 'edge-solver bench solve --out {folder}' makes one")
    for name in (RUN, RESULTS):
        if not (folder / name).is_file():
            raise UsageError(
                f"{str(folder)!r} holds no {name}, so it is no results folder of 'edge-solver bench solve'"
            )
    head = _document(folder / RUN)
    trials, torn = _trials(folder / RESULTS)
    suite = head.get("suite") or {}
    try:
        return Run(
            folder=str(folder),
            suite=str(suite["name"]),
            sha256=str(suite.get("sha256", "")),
            problems=int(suite.get("n") or 0),
            device=_device(head.get("device")),
            version=str(head.get("version", "")),
            command=_command(head.get("command")),
            settings=MappingProxyType(dict(head.get("settings") or {})),
            trials=trials,
            torn=torn,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"{folder / RUN}: a field is missing or makes no sense ({error})") from error


def _document(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read: {error}") from error
    _check(data, str(path))
    return dict(data)


def _check(data: object, where: str) -> None:
    """Refuse what is no object, or one of another format."""
    if not isinstance(data, dict):
        raise RecordError(f"{where}: this is no JSON object of 'edge-solver bench solve'")
    if data.get("schema") != SCHEMA:
        raise RecordError(
            f"{where}: written in format {data.get('schema')!r}, and this version reads format {SCHEMA}; "
            "use the version of edge-solver that wrote it"
        )


def _trials(path: Path) -> tuple[tuple[Trial, ...], bool]:
    """Read every line; say whether the last one was torn."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from error
    lines = data.split(b"\n")
    torn = bool(lines.pop().strip())  # a whole line ends with a newline
    # A killed run that goes on may do a trial again: the later line counts.
    found: dict[tuple[object, ...], Trial] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            trial = _trial(line, f"{path}:{number}")
            found[trial.problem, trial.model, trial.prm, trial.strategy, trial.width, trial.seed] = trial
    if not found:
        raise RecordError(f"{path}: no result yet; let 'edge-solver bench solve' finish at least one problem")
    return tuple(found.values()), torn


def _trial(line: bytes, where: str) -> Trial:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{where}: this line is broken ({error})") from error
    _check(data, where)
    try:
        return Trial(
            problem=str(data["id"]),
            subject=str(data.get("subject") or ""),
            level=str(data.get("level") or ""),
            model=str(data["model"]),
            prm=str(data.get("prm") or ""),
            strategy=str(data["strategy"]),
            width=int(data["width"]),
            seed=int(data["seed"]),
            answered=data["answer"] is not None,
            correct=bool(data["correct"]),
            covered=bool(data["any_correct"]),
            confidence=_number(data.get("confidence") or 0.0),
            stopped_by=str(data["stopped_by"]),
            shared=data.get("shared") is not None,
            leaves=tuple(_leaf(leaf) for leaf in data.get("leaves") or ()),
            bill=_bill(data["spent"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RecordError(f"{where}: a field is missing or makes no sense ({error})") from error


def _leaf(data: Mapping[str, Any]) -> Leaf:
    answer, group = data["answer"], data.get("class")
    return Leaf(
        answer=None if answer is None else str(answer),
        weight=_number(data.get("weight") or 0.0),
        group=None if answer is None or group is None else str(group),
        correct=bool(data["correct"]),
    )


def _bill(spent: Mapping[str, Any]) -> Bill:
    energy = spent["joules"]
    return Bill(
        flops=_number(spent["flops"]),
        flops_policy=_number(spent["flops_policy"]),
        flops_prm=_number(spent["flops_prm"]),
        flops_paper=_number(spent["flops_paper"]),
        tokens=_number(spent["tokens_generated"]),
        seconds=_number(spent["seconds"]),
        joules=None if energy["value"] is None else _number(energy["value"]),
        label=str(energy["label"]),
        scope=str(energy["scope"]),
    )


def _number(value: object) -> float:
    """Return a finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{value!r} is no amount")
    return float(value)


def _device(data: object) -> str:
    """Name a device: text as it is; of an object its name, or else every plain value in it."""
    if isinstance(data, Mapping):
        named = data.get("name")
        return str(named) if named else ", ".join(f"{key} {value}" for key, value in data.items() if value is not None)
    return str(data or "unnamed")


def _command(data: object) -> str:
    return " ".join(map(str, data)) if isinstance(data, list) else str(data or "")
