"""A results folder while it is written: ``run.json``, ``results.jsonl`` and ``summary.json``.

``run.json`` says what is being measured, and a folder that measures anything else is refused: figures of two
suites, versions or settings never stand in one file. A run that has no result yet binds nobody: what was wrong with it
may be put right. The documents are replaced, never edited; results only grow.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, final

from edge_solver.bench.journal import Journal, disk_error
from edge_solver.bench.lock import Lock
from edge_solver.errors import RecordError, UsageError
from edge_solver.recording import strict_json

RESULTS, PILOTS, RUN, SUMMARY = "results.jsonl", "pilots.jsonl", "run.json", "summary.json"
_COMPARED = ("schema", "version", "suite", "models", "settings")
"""What has to be the same in a run that goes on."""


@final
class ResultsFolder:
    """A folder that one run writes to. A context manager: it holds the folder's lock."""

    def __init__(self, folder: Path, head: Mapping[str, Any], *, has_pilots: bool = False) -> None:
        """Prepare to write the run that ``head`` describes, the document of ``run.json``."""
        self.folder, self._head, self._has_pilots = folder, head, has_pilots
        self._stack = contextlib.ExitStack()
        self._journals: dict[str, Journal] = {}

    def __enter__(self) -> ResultsFolder:
        """Make the folder, or go on in it.

        Raises:
            UsageError: It cannot be written to, another run is writing to it, or it holds another run.
            RecordError: A file in it is broken.
        """
        try:
            with contextlib.ExitStack() as stack:
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(Lock(self.folder))
                self._check_head()
                for name in (RESULTS, PILOTS) if self._has_pilots else (RESULTS,):
                    self._journals[name] = Journal(self.folder / name)
                    stack.callback(self._journals[name].close)
                self._stack = stack.pop_all()
        except OSError as error:
            raise UsageError(
                f"cannot write to {self.folder}: {error.strerror or error}; give another folder to --out"
            ) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the files and give the lock back."""
        self._stack.close()

    @property
    def results(self) -> Journal:
        """Finished results, those of earlier runs first."""
        return self._journals[RESULTS]

    @property
    def pilots(self) -> Journal:
        """First looks at problems, where a budget for the whole suite is shared out by them."""
        return self._journals[PILOTS]

    def energy_before(self) -> list[dict[str, Any]]:
        """Return what earlier runs took as wholes, by the summary that they left; nothing where that is none."""
        try:
            known = json.loads((self.folder / SUMMARY).read_text(encoding="utf-8"))
            return [dict(entry) for entry in known["energy"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Replace ``summary.json``.

        Raises:
            EdgeSolverError: The disk is full, or fails otherwise.
        """
        try:
            _replace(self.folder / SUMMARY, summary)
        except OSError as error:
            raise disk_error(self.folder / SUMMARY, error) from error

    def _check_head(self) -> None:
        path = self.folder / RUN
        if not path.exists():
            if (self.folder / RESULTS).exists():
                raise UsageError(f"{self.folder} holds results without a {RUN}; give another folder to --out")
            _replace(path, self._head)
            return
        if not any(_has_lines(self.folder / name) for name in (RESULTS, PILOTS)):
            (self.folder / SUMMARY).unlink(missing_ok=True)
            _replace(path, self._head)
            return
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RecordError(f"{path} is broken ({error}); give another folder to --out") from error
        differences = [
            difference
            for name in _COMPARED
            for difference in _differences(name, known.get(name) if isinstance(known, dict) else None, self._head[name])
        ]
        if isinstance(known, dict) and isinstance(known.get("device"), dict):
            # A new kernel or Python is no other machine.
            differences += _differences("device.name", known["device"].get("name"), self._head["device"]["name"])
        if differences:
            raise UsageError(
                f"{self.folder} holds another run: {'; '.join(differences[:3])}; "
                "give another folder to --out, or the same command again to go on"
            )


def _has_lines(path: Path) -> bool:
    """Say whether a journal holds at least one whole line."""
    if not path.exists():
        return False
    with path.open("rb") as journal:
        return journal.readline().endswith(b"\n")


def _differences(name: str, known: object, wanted: object) -> list[str]:
    """Name what is different between two values, as deep as both are objects."""
    wanted = json.loads(strict_json(wanted))  # as it would be read back
    if isinstance(known, dict) and isinstance(wanted, dict):
        keys = dict.fromkeys((*known, *wanted))
        return [d for key in keys for d in _differences(f"{name}.{key}", known.get(key), wanted.get(key))]
    if known == wanted:
        return []
    return [f"{name} was {_shown(known)} and is now {_shown(wanted)}"]


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line of a terminal holds two of them


def _replace(path: Path, document: Mapping[str, Any]) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(strict_json(document, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
