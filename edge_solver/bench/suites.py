"""Suites: problems with their answers, from a name or a JSON Lines file.

A line is ``{"id", "problem", "answer"}`` and optionally ``subject`` and ``level``. Known by name are suites that ship
and public test sets, which are downloaded when they are asked for. A line that is no problem with an answer is
an error that names file, line and reason, unless it was said that such lines are to be left out. A suite knows its own
checksum: results are only ever continued on the very same problems.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge_solver import paths
from edge_solver.catalog import datasets
from edge_solver.catalog.datasets import DataFile
from edge_solver.errors import UsageError, nearest_name

SHIPPED = ("builtin", "deepmind-easy", "deepmind-interpolate")
"""Held-out problems of the project's own generators, and of DeepMind Mathematics (Saxton et al. 2019)."""
LARGEST = 2**30
"""Bytes; a suite is read into memory."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a suite."""

    id: str
    problem: str
    answer: str
    subject: str | None = None
    level: int | str | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Problems in their order."""

    name: str
    problems: tuple[Problem, ...]
    left_out: tuple[str, ...] = ()
    """Why each bad line was left out."""

    @property
    def sha256(self) -> str:
        """Checksum over the problems and answers, in their order, whatever file they came from."""
        rows = [[p.id, p.problem, p.answer] for p in self.problems]
        return hashlib.sha256(json.dumps(rows, ensure_ascii=True).encode()).hexdigest()

    def first(self, limit: int | None) -> Suite:
        """Return the suite's beginning."""
        return self if limit is None else Suite(self.name, self.problems[:limit], self.left_out)


Row = Mapping[str, Any]
Reader = Callable[[Row, int], Row]
"""Turns a row of a public data set, and its number from 0 up, into a line of a suite."""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A test set on the hub."""

    file: DataFile
    rows: int
    read: Reader


def read_gsm8k(row: Row, number: int) -> Row:
    """Read a row ``{"question", "answer"}``: the final answer stands behind the last ``####``."""
    solution = str(row["answer"])
    _, mark, answer = solution.rpartition("####")
    if not mark:
        raise ValueError("the answer has no #### before its final number")
    return {"id": f"gsm8k/test/{number}", "problem": row["question"], "answer": answer.strip().replace(",", "")}


def read_math(row: Row, number: int) -> Row:
    """Read a row ``{"problem", "solution", "answer", "subject", "level", "unique_id"}``."""
    return {
        "id": row.get("unique_id") or f"math500/{number}",
        "problem": row["problem"],
        "answer": row["answer"],
        "subject": row.get("subject"),
        "level": row.get("level"),
    }


PUBLIC: Mapping[str, PublicSet] = MappingProxyType(
    {
        "gsm8k": PublicSet(DataFile("openai/gsm8k", "main/test-00000-of-00001.parquet", 420), 1319, read_gsm8k),
        "math500": PublicSet(DataFile("HuggingFaceH4/MATH-500", "test.jsonl", 450), 500, read_math),
    }
)
"""Public test sets by name; sizes as the hub lists them."""


def load(wanted: str, *, skip_bad: bool = False, announce: Callable[[str], None] | None = None) -> Suite:
    """Return a suite by name or path.

    Args:
        wanted: A name, or the path of a JSON Lines file.
        skip_bad: Leave bad lines out instead of refusing the suite.
        announce: Told what is about to be downloaded, and how large it is.

    Raises:
        UsageError: There is no such suite, it cannot be read or downloaded, a line is bad, or nothing is left.
    """
    if wanted in SHIPPED:
        path = paths.shipped(f"assets/suites/{wanted}.jsonl")
        return _suite(wanted, _lines(path), str(path), skip_bad=skip_bad)
    if wanted in PUBLIC:
        return _public(wanted, PUBLIC[wanted], skip_bad=skip_bad, announce=announce)
    path = Path(wanted).expanduser()
    if not path.exists() and len(path.parts) == 1 and path.suffix not in {".jsonl", ".json"}:
        known = (*SHIPPED, *PUBLIC)
        nearest = nearest_name(wanted, known)
        hint = f"did you mean {nearest!r}?" if nearest else f"known: {', '.join(known)}, or a JSON Lines file"
        raise UsageError(f"--suite: there is no suite {wanted!r}; {hint}")
    return _suite(path.name, _lines(path), wanted, skip_bad=skip_bad)


def _public(name: str, public: PublicSet, *, skip_bad: bool, announce: Callable[[str], None] | None) -> Suite:
    path = datasets.find(public.file)
    if path is None:
        if announce is not None:
            announce(
                f"downloading {name}: {public.rows} problems, about {public.file.kilobytes} kB, from "
                f"huggingface.co/datasets/{public.file.repository}; it is kept for the next time"
            )
        path = datasets.fetch(public.file)
    rows = _parquet(path) if path.suffix == ".parquet" else _lines(path)
    return _suite(name, _converted(rows, public.read), public.file.name, skip_bad=skip_bad)


_Line = tuple[int, Row | ValueError]
"""A line's number, and what it holds or what is wrong with it."""


def _converted(rows: Iterable[_Line], read: Reader) -> Iterator[_Line]:
    for index, (number, row) in enumerate(rows):
        if isinstance(row, ValueError):
            yield number, row
            continue
        try:
            yield number, read(row, index)
        except KeyError as error:
            yield number, ValueError(f"no {error}")
        except ValueError as error:
            yield number, error


def _lines(path: Path) -> Iterator[_Line]:
    """Yield the objects of a JSON Lines file."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise UsageError(f"the suite {path} cannot be read: {error.strerror or error}") from error
    if size > LARGEST:
        raise UsageError(f"the suite {path} is larger than {LARGEST // 2**30} GiB; split it")
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            yield number, _object(line)


def _object(line: bytes) -> Row | ValueError:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return ValueError(f"not UTF-8 (byte {error.start})")
    except (ValueError, RecursionError):
        return ValueError("not JSON")
    return row if isinstance(row, dict) else ValueError("not a JSON object")


def _parquet(path: Path) -> Iterator[_Line]:
    """Yield the rows of a Parquet file, which takes an optional package to read."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise UsageError(
            "this suite is stored as a Parquet file, which needs the pyarrow package: pip install 'edge-solver[suites]'"
        ) from None
    try:
        rows = parquet.read_table(path).to_pylist()
    except Exception as error:  # pyarrow's errors share no public base class with what a damaged file raises
        raise UsageError(f"{path} cannot be read: {error}; remove it and try again") from error
    yield from enumerate(rows, start=1)


def _suite(name: str, lines: Iterable[_Line], where: str, *, skip_bad: bool) -> Suite:
    """Check every line; refuse the first bad one, or leave all of them out."""
    problems: dict[str, Problem] = {}
    lines_of: dict[str, int] = {}
    left_out: list[str] = []
    for number, row in lines:
        try:
            problem = _problem(row, lines_of)
        except ValueError as error:
            complaint = f"{where}, line {number}: {error}"
            if not skip_bad:
                raise UsageError(f"{complaint}; mend it, or leave such lines out with --skip-bad") from error
            left_out.append(complaint)
            continue
        problems[problem.id] = problem
        lines_of[problem.id] = number
    if not problems:
        why = f"all {len(left_out)} lines are bad, the first one: {left_out[0]}" if left_out else "it is empty"
        raise UsageError(f"the suite {where} holds no problem: {why}")
    return Suite(name, tuple(problems.values()), tuple(left_out))


def _problem(row: Row | ValueError, lines_of: Mapping[str, int]) -> Problem:
    """Read a line; ``lines_of`` says where the ids before it were given."""
    if isinstance(row, ValueError):
        raise row
    texts = {}
    for key in ("id", "problem", "answer"):
        value = row.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and key != "problem":
            value = str(value)
        if value is None:
            raise ValueError(f"no {key!r}")
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{key!r} is {value!r:.60}, not a text")
        texts[key] = value
    if texts["id"] in lines_of:
        raise ValueError(f"the id {texts['id']!r} was given in line {lines_of[texts['id']]} already")
    level = row.get("level")
    if level is not None and (isinstance(level, bool) or not isinstance(level, int | str)):
        raise ValueError(f"'level' is {level!r:.60}, not a number or a text")
    subject = row.get("subject")
    if subject is not None and not isinstance(subject, str):
        raise ValueError(f"'subject' is {subject!r:.60}, not a text")
    return Problem(**texts, subject=subject, level=level)
