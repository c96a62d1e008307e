"""A result on one screen, in lines that fit a phone held upright: forty columns."""

from __future__ import annotations

from collections.abc import Iterator

from edge_solver.bench.device.document import Document, number, rows, text
from edge_solver.bench.device.items import CAPS, Item, estimate, items
from edge_solver.bench.report.table import plain
from edge_solver.quantities import Kind, show

WIDTH = 40
_LEFT_OUT = {"decode, 2 branches", "decode, 8 branches", "4 branches, a token", "idle", "load"}
"""What the file has and the screen has no room for."""


def summary(document: Document) -> list[str]:
    """Return the lines."""
    lines = [*_head(document)]
    group = ""
    for item in items(document):
        if item.group == "suite" or item.name in _LEFT_OUT:
            continue
        if item.group != group:
            group = item.group
            label = text(document, "energy", "label")
            lines.append(clip(f"{group}: {label}" if group == "energy" and label else group))
        lines.append(_line(item, text(document, "energy", "label")))
    lines += _suite(document)
    lines += [clip(f"! {line}") for line in _remarks(document)]
    return lines


def _head(document: Document) -> Iterator[str]:
    memory, cores = number(document, "device", "memory_bytes"), number(document, "device", "cores")
    parts = [text(document, "device", "name") or "unknown processor", f"{cores:.0f} cores" if cores else ""]
    parts.append(show(memory, Kind.BYTES) if memory else "")
    yield clip(plain(", ".join(part for part in parts if part)))
    name, quant = text(document, "model", "name") or "?", text(document, "model", "description")
    yield clip(plain(f"{name}, {quant}" if quant else name))
    prompt, tokens, repeats = (
        number(document, "workload", key) or 0 for key in ("prompt_tokens", "decode_tokens", "repeats")
    )
    yield clip(f"prompt {prompt:.0f}, written {tokens:.0f}, repeats {repeats:.0f}")


def _line(item: Item, usual: str | None) -> str:
    """Write an item; energy whose label is not the ``usual`` one says its own."""
    spread = f" ±{100 * item.spread:.0f}%" if item.spread is not None else ""
    room = WIDTH - 2 - len(spread)
    name = item.name if item.label in (None, usual) else f"{item.name.split(',')[0]}: {item.label}"
    return f"  {name}{item.shown.rjust(room - len(name))}{spread}"


def _suite(document: Document) -> Iterator[str]:
    found = rows(document, "quality", "budgets")
    if not found:
        return
    yield f"suite{'right':>10}{'95%':>8}{'each':>8}{'J/right':>9}"
    for name, row in zip(CAPS, found, strict=False):
        n, solved = number(row, "n") or 0, number(row, "solved") or 0
        joules, seconds = number(row, "joules_per_correct"), number(row, "seconds_per_problem")
        energy = ("" if joules is None else estimate(text(row, "label"))) + show(joules, Kind.JOULES)
        right = f"{solved:.0f}/{n:.0f}" if n else "—"
        low, high = number(row, "ci95", 0), number(row, "ci95", 1)
        interval = "—" if low is None or high is None else f"{100 * low:.0f}–{100 * high:.0f}%"
        line = f"  {name.removesuffix(' cap'):<7}{right:>6}{interval:>8}{show(seconds, Kind.SECONDS):>8}{energy:>9}"
        yield clip(line)


def _remarks(document: Document) -> list[str]:
    remarks = [] if document.get("complete") is True else ["partial: stopped before the end"]
    if document["model"].get("made_up_weights") is True:
        remarks.append("made-up weights: speed only")
    heat = document.get("thermal")
    if isinstance(heat, dict) and heat.get("throttled") is True:
        remarks.append("the processor was throttled")
    checks = document["provenance"].get("checks")
    return remarks + [check.split(":")[0] for check in checks or () if isinstance(check, str)]


def clip(line: str) -> str:
    """Return a line that fits."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
