"""Measure the grader against a table of answer pairs with known verdicts.

``python -m edge_solver.answers PATH.jsonl [--json]`` reads rows ``{"gold", "answer", "same", "source"}``, compares the
two sides of each row as the solver would (reading the final answer out of a text first, where one is announced), and
prints the agreement, overall and by source, with every row it disagrees with. It changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_solver.answers.extract import extract_answer
from edge_solver.answers.grader import MathGrader
from edge_solver.errors import EdgeSolverError, ExitCode, RecordError

SHOWN_CHARS = 200

_WORD = {True: "same", False: "different"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of the table."""

    line: int
    gold: str
    answer: str
    same: bool
    source: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row where the grader says otherwise, with both sides as the grader saw them."""

    line: int
    source: str
    expected: bool
    verdict: bool
    gold: str
    answer: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """Agreement with a table."""

    rows: int
    agreed: int
    by_source: dict[str, tuple[int, int]]
    """Per source: rows agreed on, rows."""
    disagreements: tuple[Disagreement, ...]
    asked_worker: int
    overruns: int
    seconds: float
    slowest_seconds: float


def read_pairs(path: Path) -> list[Pair]:
    """Read the table, or say which line is broken and why."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RecordError(f"{path}: cannot be read ({reason}); give a file of JSON lines") from error
    pairs = [_pair(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not pairs:
        raise RecordError(f"{path}: holds no rows; each line is an object with gold, answer, same and source")
    return pairs


def measure(pairs: Sequence[Pair]) -> Measurement:
    """Compare every row with a fresh grader."""
    disagreements: list[Disagreement] = []
    by_source: dict[str, tuple[int, int]] = {}
    slowest = 0.0
    began = time.perf_counter()
    with MathGrader() as grader:
        for pair in pairs:
            row_began = time.perf_counter()
            gold, answer = (extract_answer(side) or side for side in (pair.gold, pair.answer))
            verdict = grader.same(gold, answer)
            # The first question to the worker also pays for loading it; that is not the row's time.
            if grader.stats.asked_worker > 1:
                slowest = max(slowest, time.perf_counter() - row_began)
            agreed, rows = by_source.get(pair.source, (0, 0))
            by_source[pair.source] = (agreed + (verdict is pair.same), rows + 1)
            if verdict is not pair.same:
                disagreements.append(Disagreement(pair.line, pair.source, pair.same, verdict, gold, answer))
        stats = grader.stats
    return Measurement(
        rows=len(pairs),
        agreed=len(pairs) - len(disagreements),
        by_source=by_source,
        disagreements=tuple(disagreements),
        asked_worker=stats.asked_worker,
        overruns=stats.overruns,
        seconds=time.perf_counter() - began,
        slowest_seconds=slowest,
    )


def render(measurement: Measurement) -> str:
    """Lay the figures out for a reader."""
    lines = [
        f"agreement {measurement.agreed}/{measurement.rows} ({measurement.agreed / measurement.rows:.1%})",
        *(f"  {source}: {agreed}/{rows}" for source, (agreed, rows) in sorted(measurement.by_source.items())),
        f"asked the worker {measurement.asked_worker} times, {measurement.overruns} overruns",
        f"{measurement.seconds:.1f} s in total, slowest row {measurement.slowest_seconds:.2f} s",
    ]
    for row in measurement.disagreements:
        lines += [
            f"line {row.line} ({row.source}): table says {_WORD[row.expected]}, grader says {_WORD[row.verdict]}",
            f"  gold   {_shown(row.gold)}",
            f"  answer {_shown(row.answer)}",
        ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m edge_solver.answers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("path", type=Path, metavar="PATH.jsonl", help="rows with gold, answer, same and source")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    try:
        measurement = measure(read_pairs(options.path))
    except EdgeSolverError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    document = json.dumps(asdict(measurement), indent=2) if options.json else render(measurement)
    sys.stdout.write(f"{document}\n")
    return 0


def _pair(path: Path, number: int, line: str) -> Pair:
    """Read one line."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path}, line {number}: not JSON ({error})") from error
    if not isinstance(row, dict):
        raise RecordError(f"{path}, line {number}: an object is needed, not {type(row).__name__}")
    for key, kind in (("gold", str), ("answer", str), ("same", bool)):
        if not isinstance(row.get(key), kind):
            found = type(row[key]).__name__ if key in row else "nothing"
            raise RecordError(f"{path}, line {number}: {key!r} must be {kind.__name__}, found {found}")
    return Pair(number, row["gold"], row["answer"], row["same"], str(row.get("source", "unknown")))


def _shown(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= SHOWN_CHARS else shown[:SHOWN_CHARS] + "…"


if __name__ == "__main__":
    sys.exit(main())
