"""A result file: one JSON document, written whole or not at all, and read with suspicion.

``SCHEMA`` only grows when a field changes its meaning; fields may be added at any time, ``null`` means not measured.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from edge_solver.errors import EdgeSolverError, RecordError, UsageError
from edge_solver.recording import strict_json

Document = dict[str, Any]

KIND = "edge-solver device benchmark"
SCHEMA = 1
LARGEST = 64 * 2**20
_MOST_SHARE = {"memory": 1.1, "compute": 4.0}
"""Of a limit, by which of the two it is: more than the error of a ceiling for bytes, and for FLOPs, whose ceiling is
one of 32-bit floats, more than kernels for 8-bit integers gain."""
_SECTIONS = ("device", "build", "model", "workload", "speed", "energy", "provenance")


def now() -> str:
    """Return the time as it stands in a result."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def sealed(document: Document) -> Document:
    """Return a document with its checksum and the checks that it passed."""
    found = json.loads(strict_json(document))
    found["provenance"] |= {"checks": implausible(found), "sha256": None}
    found["provenance"]["sha256"] = checksum(found)
    return dict(found)


def checksum(document: Document) -> str:
    """Return the checksum of a document, its own field left out: whether it was changed since it was measured."""
    bare = document | {"provenance": {**document["provenance"], "sha256": None}}
    return hashlib.sha256(json.dumps(bare, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def implausible(document: Document) -> list[str]:
    """Name what in a result cannot be, or should make one wonder; nothing in a good one."""
    complaints = []
    beyond = [row for row in document.get("roofline") or () if row["share"] > _MOST_SHARE[row["bound"]]]
    if beyond:
        worst = max(beyond, key=lambda row: row["share"])
        what = worst["what"].split(" ")[0]
        complaints.append(f"{what} at {worst['share']:.0%} of its limit: the limit was measured too low")
    decode = document["speed"].get("decode") or []
    rates = [row["tokens_per_second"]["median"] for row in decode]
    if len(rates) > 1 and max(rates) < rates[0]:
        complaints.append("more branches were slower than one: another program was working, or the threads are wrong")
    spreads = [row["tokens_per_second"] for row in decode]
    if any(f["median"] and (f["high"] - f["low"]) / f["median"] > 0.5 for f in spreads):  # noqa: PLR2004 - more than noise
        complaints.append("repeats differ by more than half: another program was working, or the device was throttled")
    return complaints


def check_target(path: Path) -> None:
    """Refuse a path that cannot be written to, before anything is measured.

    Raises:
        UsageError: It is a folder, or in none that can be written to.
    """
    folder = path.absolute().parent
    reason = "it is a folder" if path.is_dir() else None
    if not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK):
        reason = "permission denied"
    if reason:
        raise UsageError(f"cannot write to {str(path)!r}: {reason}; give another path")


def write(path: Path, value: object) -> None:
    """Write a JSON document in one piece.

    Raises:
        EdgeSolverError: The disk is full, or fails otherwise.
    """
    write_text(path, strict_json(value, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file in one piece; see ``write``."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8", errors="replace")
        partial.replace(path)
    except OSError as error:
        raise EdgeSolverError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> Document:
    """Read a result.

    Raises:
        RecordError: It cannot be read, is none, is broken, or comes from a newer version.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise RecordError(f"{path} is larger than any result")
        document = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise RecordError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is not JSON ({error}); measure again, or take another copy") from error
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise RecordError(f"{path} is no result of 'edge-solver bench device'")
    schema = document.get("schema")
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise RecordError(f"{path} says nothing of its format (schema {schema!r}); measure again")
    if schema > SCHEMA:
        raise RecordError(
            f"{path} was written by a newer version (format {schema}; this one reads up to {SCHEMA}); update it with: "
            "pip install --upgrade edge-solver"
        )
    missing = [name for name in _SECTIONS if not isinstance(document.get(name), dict)]
    if missing:
        raise RecordError(f"{path} is broken: it has no {', '.join(missing)}; measure again, or take another copy")
    return document


def is_changed(document: Document) -> bool:
    """Say whether a result was edited after it was measured, or was never sealed."""
    return bool(document["provenance"].get("sha256") != checksum(document))


def number(document: Document, *place: str | int) -> float | None:
    """Return the number at a place in a document; ``None`` for anything else that may be there."""
    value: Any = document
    for key in place:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def text(document: Document, *place: str) -> str | None:
    """Return the text at a place in a document, or ``None``."""
    value: Any = document
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None


def rows(document: Document, *place: str) -> list[Document]:
    """Return the objects of a list at a place in a document."""
    value: Any = document
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
