"""One table of a report: plain values under named columns, written as Markdown, CSV, text or HTML by others' choice.

A cell is a value, never a string that holds two of them: CSV keeps every digit and gives an interval three columns,
people get two digits and a unit. Names come from files that anybody may have written, so whatever a terminal or a
browser would act upon is taken out or escaped.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from edge_solver.bench.statistics import Estimate
from edge_solver.quantities import Kind, show

NOTHING = "—"
Value = str | float | Estimate | None


class As(Enum):
    """How a column is written for people."""

    TEXT = "text"
    COUNT = "count"
    PERCENT = "percent"
    POINTS = "percentage points"
    """A difference of two shares."""
    NUMBER = "number"
    FIT = "R²"
    """Nearly 1, so that what matters stands far behind the point."""
    FLOPS = "FLOPs"
    JOULES = "joules"
    SECONDS = "seconds"
    TOKENS = "tokens"


_KINDS = {As.FLOPS: Kind.FLOPS, As.JOULES: Kind.JOULES, As.SECONDS: Kind.SECONDS, As.TOKENS: Kind.TOKENS}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values under named columns."""

    key: str
    """Names the table's file."""
    title: str
    columns: tuple[tuple[str, As], ...]
    rows: tuple[tuple[Value, ...], ...]

    def shown(self) -> list[list[str]]:
        """Return every cell as people read it."""
        kinds = [kind for _, kind in self.columns]
        return [[written(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in self.rows]

    def csv(self) -> str:
        """Return the table as CSV; an interval becomes the columns NAME, NAME low and NAME high."""
        wide = [any(isinstance(row[i], Estimate) for row in self.rows) for i in range(len(self.columns))]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        names = [name for name, _ in self.columns]
        writer.writerow(
            head
            for name, w in zip(names, wide, strict=True)
            for head in ([name, f"{name} low", f"{name} high"] if w else [name])
        )
        for row in self.rows:
            writer.writerow(cell for value, w in zip(row, wide, strict=True) for cell in _csv_cells(value, wide=w))
        return out.getvalue()

    def markdown(self) -> str:
        """Return the table as Markdown."""
        head = [name for name, _ in self.columns]
        rule = ["---" if kind is As.TEXT else "---:" for _, kind in self.columns]
        return "\n".join("| " + " | ".join(map(_markdown, row)) + " |" for row in [head, rule, *self.shown()])

    def text(self, without: Collection[str] = ()) -> str:
        """Return the table as aligned text, some columns left out."""
        kept = [i for i, (name, _) in enumerate(self.columns) if name not in without]
        rows = [[row[i] for i in kept] for row in ([name for name, _ in self.columns], *self.shown())]
        widths = [max(len(row[i]) for row in rows) for i in range(len(kept))]
        left = [self.columns[i][1] is As.TEXT for i in kept]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if to_left else cell.rjust(width)
                for cell, width, to_left in zip(row, widths, left, strict=True)
            ).rstrip()
            for row in rows
        )

    def html(self) -> str:
        """Return the table as HTML that scrolls sideways where the screen is narrow."""
        css = ["" if kind is As.TEXT else ' class="n"' for _, kind in self.columns]
        head = "".join(
            f'<th scope="col"{c}>{html.escape(name)}</th>' for (name, _), c in zip(self.columns, css, strict=True)
        )
        body = "\n".join(
            "<tr>" + "".join(f"<td{c}>{html.escape(cell)}</td>" for cell, c in zip(row, css, strict=True)) + "</tr>"
            for row in self.shown()
        )
        return (
            f'<div class="scroll" role="region" tabindex="0" aria-label="{html.escape(self.title, quote=True)}">'
            f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
        )


def written(value: Value, kind: As) -> str:
    """Write a value for people."""
    match value:
        case None:
            return NOTHING
        case str():
            return plain(value) or NOTHING
        case Estimate(value=middle, low=low, high=high):
            return f"{_number(middle, kind)} ({_bare(low, kind)} to {_bare(high, kind)})"
        case _:
            return _number(value, kind)


def _number(value: float, kind: As) -> str:
    match kind:
        case As.PERCENT:
            return f"{100 * value:.1f} %"
        case As.POINTS:
            return f"{100 * value:+.1f} pp"
        case As.COUNT:
            return f"{value:.0f}"
        case As.FIT:
            return f"{value:.4f}"
        case _ if kind in _KINDS:
            return show(value, _KINDS[kind])
        case _:
            return f"{value:.3g}"


def _bare(value: float, kind: As) -> str:
    return _number(value, kind).removesuffix(" %").removesuffix(" pp")


def plain(text: str) -> str:
    """Return text on one line without anything that a terminal would act upon."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))


def _csv_cells(value: Value, *, wide: bool) -> Iterator[str | float]:
    match value:
        case Estimate(value=middle, low=low, high=high):
            yield from (middle, low, high)
        case None:
            yield from [""] * (3 if wide else 1)
        case str():
            # A spreadsheet runs what begins like a formula; a quote before it makes it text.
            yield "'" + value if value[:1] in "=+-@\t\r" and value else value
            yield from [""] * (2 if wide else 0)
        case _:
            yield value
            yield from [""] * (2 if wide else 0)


def _markdown(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
