"""Devices side by side: as a page that needs nothing else, as Markdown, and as text for wide and narrow terminals."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from edge_solver.bench.device.comparison import Comparison, Device, Row
from edge_solver.bench.device.items import estimate, written
from edge_solver.bench.report.page import Section, shell
from edge_solver.bench.report.table import NOTHING, As, Table, plain

_TITLES = {
    "speed": "Speed",
    "limits": "What memory and processor can do",
    "share of the limit": "How near the engine comes to that",
    "energy": "Energy",
    "suite": "The built-in suite",
}
_NOTES = {
    "speed": "Medians of repeats; ± is half the distance between the extremes. Branches share one prompt.",
    "share of the limit": "The roof of a call is what its bytes take at full bandwidth or its FLOPs at full speed, "
    "whichever is longer; 100 % is the limit. FLOPs are limited by products of 32-bit floats, which kernels for small "
    "integers may pass.",
    "energy": "Gross joules, idle power included. Only figures of the same label and scope are set side by side; ≈ is "
    "an estimate, ± is what its calibration says of its error.",
    "suite": "The same problems under the same caps on FLOPs: answers do not depend on the device, time and energy do.",
}
REFUSED = "Not comparable"


def page(comparison: Comparison, command: str) -> str:
    """Return the page."""
    names = " · ".join(plain(device.name) for device in comparison.devices)
    sections = [Section("devices", "What was measured", _devices(comparison.devices))]
    for group, rows in _groups(comparison.comparable):
        notes = [*map(_html, _common_basis(rows)), *([_NOTES[group]] if group in _NOTES else [])]
        body = _table(rows, comparison.devices) + "".join(f'\n<p class="note">{note}</p>' for note in notes)
        sections.append(Section(group.replace(" ", "-"), _TITLES[group], body, wide=len(comparison.devices) > 2))  # noqa: PLR2004 - as fit into half a page
    sections.append(Section("refused", REFUSED, _refused(comparison.refused)))
    sections.append(Section("made", "How this page was made", f"<pre><code>{html.escape(command)}</code></pre>"))
    count = len(comparison.comparable)
    return shell("Devices side by side", f"{names}: {count} figures compared, {len(comparison.refused)} not", sections)


def markdown(comparison: Comparison) -> str:
    """Return everything as Markdown."""
    return "\n\n".join(_markdown(comparison)) + "\n"


def text(comparison: Comparison, columns: int) -> list[str]:
    """Return everything as lines for a terminal; where a table is too wide one device stands under the other."""
    lines = []
    for device in comparison.devices:
        facts = dict(device.facts)
        about = [f"{key} {facts[key]}" for key in ("processor", "cores", "memory", "model") if key in facts]
        lines += _wrapped(f"{device.name}: {', '.join(about)}", columns)
        lines += [line for warning in device.warnings for line in _wrapped(f"! {warning}", columns)]
    for group, rows in _groups(comparison.comparable):
        lines += ["", _TITLES[group], *_rows(group, rows, comparison.devices, columns)]
        lines += [line for basis in _common_basis(rows) for line in _wrapped(basis, columns)]
    if comparison.refused:
        lines += ["", REFUSED]
        for reason, found in _by_reason(comparison.refused).items():
            lines += _wrapped(reason, columns)
            lines += _wrapped(f"  {'; '.join(found)}", columns)
    return lines


def cells(row: Row) -> list[str]:
    """Return a row's values as people read them; later devices with their ratio to the first."""
    shown = []
    first = row.values[0]
    for index, (value, spread) in enumerate(zip(row.values, row.spreads, strict=True)):
        if value is None:
            shown.append(NOTHING)
            continue
        cell = estimate(row.label) + written(value, row.form)
        if spread is not None:
            cell += f" ±{100 * spread:.0f}%"
        if index and first:
            cell += f" ({value / first:.2g}×)"
        shown.append(cell)
    return shown


def _groups(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for group, found in groupby(rows, key=lambda row: row.group):
        yield group, list(found)


def _wrapped(line: str, columns: int) -> list[str]:
    """Break a long line; what follows its first part is moved to the right."""
    start = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        plain(line), max(columns, 30), initial_indent=start, subsequent_indent=f"{start}  ", break_on_hyphens=False
    )


def _by_reason(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the names of rows that are refused for the same reason together."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.refused or "", []).append(_name(row))
    return found


def _rows(group: str, rows: Sequence[Row], devices: Sequence[Device], columns: int) -> list[str]:
    names = [plain(device.name) for device in devices]
    head = ["", *names, *_basis_head(rows)]
    body = tuple((row.name, *cells(row), *_basis_cells(row, rows)) for row in rows)
    lines = Table(group, _TITLES[group], tuple((name, As.TEXT) for name in head), body).text().split("\n")
    if max(map(len, lines)) <= columns:
        return lines
    stacked = []
    for row in rows:
        own = "".join(f" ({basis})" for basis in _basis_cells(row, rows) if basis)
        stacked += _wrapped(f"{row.name}{own}", columns)
        stacked += [f"  {name}: {cell}" for name, cell in zip(names, cells(row), strict=True)]
    return stacked


def _basis(row: Row) -> str:
    """Say how a row's energy was obtained and what it covers; nothing of what is no energy."""
    return plain(f"{row.label}, {row.scope}") if row.label else ""


def _common_basis(rows: Sequence[Row]) -> list[str]:
    """Say so of all rows at once, where they have it in common."""
    found = {_basis(row) for row in rows} - {""}
    return [f"Energy: {basis}." for basis in found if len(found) == 1]


def _basis_head(rows: Sequence[Row]) -> list[str]:
    """Return the head of the column that says so, where rows differ."""
    return ["label, scope"] if len({_basis(row) for row in rows} - {""}) > 1 else []


def _basis_cells(row: Row, rows: Sequence[Row]) -> list[str]:
    return [_basis(row)] if _basis_head(rows) else []


def _markdown(comparison: Comparison) -> Iterator[str]:
    names = [plain(device.name) for device in comparison.devices]
    yield "# Devices side by side"
    for device in comparison.devices:
        facts = ", ".join(f"{key} {value}" for key, value in device.facts)
        yield f"- **{_escaped(device.name)}**: {_escaped(facts)}" + "".join(
            f"\n  - {_escaped(warning)}" for warning in device.warnings
        )
    for group, rows in _groups(comparison.comparable):
        yield f"## {_TITLES[group]}"
        head = ["", *map(_escaped, names), *_basis_head(rows)]
        body = [[row.name, *cells(row), *map(_escaped, _basis_cells(row, rows))] for row in rows]
        rule = ["---", *["---:"] * len(names), *["---"] * len(_basis_head(rows))]
        yield "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [head, rule, *body])
        yield from map(_escaped, _common_basis(rows))
    if comparison.refused:
        yield f"## {REFUSED}"
        reasons = _by_reason(comparison.refused).items()
        yield "\n".join(f"- {_escaped(reason)}\n  - {_escaped('; '.join(found))}" for reason, found in reasons)


def _devices(devices: Sequence[Device]) -> str:
    parts = []
    for device in devices:
        facts = "".join(f"<dt>{key}</dt><dd>{_html(value)}</dd>" for key, value in device.facts)
        warnings = "".join(f"<li>{_html(warning)}</li>" for warning in device.warnings)
        parts.append(
            f"<div><h3>{_html(device.name)}</h3>\n<dl>{facts}</dl>{f'<ul>{warnings}</ul>' if warnings else ''}</div>"
        )
    return f'<div class="halves">{"".join(parts)}</div>'


def _table(rows: Sequence[Row], devices: Sequence[Device]) -> str:
    """Return a table whose cells carry a bar, as long as the value is to the row's largest."""
    head = "".join(f'<th scope="col" class="n">{_html(device.name)}</th>' for device in devices)
    head += "".join(f'<th scope="col">{name}</th>' for name in _basis_head(rows))
    body = []
    for row in rows:
        most = max((value for value in row.values if value is not None), default=0.0)
        found = ""
        for index, (value, cell) in enumerate(zip(row.values, cells(row), strict=True)):
            length = 0 if value is None or most <= 0 else round(100 * value / most)
            bar = f'<span class="bar" style="width:{length}%"></span>' if value is not None else ""
            found += f'<td class="n{" best" if row.best == index else ""}">{_html(cell)}{bar}</td>'
        found += "".join(f'<td class="why">{_html(cell)}</td>' for cell in _basis_cells(row, rows))
        body.append(f"<tr><td>{_html(row.name)}</td>{found}</tr>")
    label = html.escape(_TITLES[rows[0].group], quote=True)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table class="devices">'
        f'<thead><tr><th scope="col"></th>{head}</tr></thead>\n<tbody>{"".join(body)}</tbody></table></div>'
    )


def _refused(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    body = "".join(
        f'<tr><td>{_html(reason)}</td><td class="why">{_html("; ".join(found))}</td></tr>'
        for reason, found in _by_reason(rows).items()
    )
    head = '<thead><tr><th scope="col">what differs</th><th scope="col">figures</th></tr></thead>'
    return f'<div class="scroll"><table>{head}<tbody>{body}</tbody></table></div>'


def _name(row: Row) -> str:
    return f"{row.group}, {row.name}"


def _html(value: str) -> str:
    return html.escape(plain(value))


def _escaped(value: str) -> str:
    return plain(value).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
