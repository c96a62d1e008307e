"""Measure on a collection of problems: the share of formulas that is drawn, and why the others are not.

    python -m edge_solver.tui.mathematics FILE.jsonl ...

The formulas are those in every text of a line; an ``answer`` is one without delimiters.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge_solver.tui.mathematics import Formula, drawn, inlined, pieces
from edge_solver.tui.mathematics.nodes import DoubtError
from edge_solver.tui.mathematics.show import read

SHOWN = 10
"""Most reasons that are listed."""


def main(files: Sequence[str]) -> int:
    """Print one JSON document for each file."""
    for name in files:
        started = time.perf_counter()
        formulas = list(_formulas(Path(name)))
        sys.stdout.write(json.dumps({"file": name, **_measured(formulas)}, ensure_ascii=False, indent=2) + "\n")
        sys.stderr.write(f"{time.perf_counter() - started:.2f} s\n")
    return 0


def _formulas(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        for key, text in json.loads(line).items():
            if key == "answer" and isinstance(text, str):
                yield text
            elif isinstance(text, str):
                yield from (piece.source for piece in pieces(text) if isinstance(piece, Formula))


def _measured(formulas: Sequence[str]) -> dict[str, object]:
    blocks = sum(drawn(formula) is not None for formula in formulas)
    lines = sum(inlined(formula) is not None for formula in formulas)
    total = len(formulas) or 1
    return {
        "formulas": len(formulas),
        "drawn": blocks,
        "drawn_share": round(blocks / total, 4),
        "on_one_line": lines,
        "on_one_line_share": round(lines / total, 4),
        "why_not": dict(Counter(filter(None, map(_reason, formulas))).most_common(SHOWN)),
    }


def _reason(formula: str) -> str | None:
    try:
        read(formula)
    except DoubtError as doubt:
        return str(doubt)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
