"""Devices side by side: which figures may be compared, which may not and why.

Pure: documents in, rows out. An item is compared where everything it depends on is equal in all results that have it;
otherwise its values are withheld and the row says what differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_solver.bench.device.document import Document, is_changed, number, text
from edge_solver.bench.device.items import Form, Item, items, says_nothing
from edge_solver.quantities import Kind, show


@dataclass(frozen=True, slots=True)
class Device:
    """One result."""

    name: str
    """What its column is called."""
    facts: tuple[tuple[str, str], ...]
    """What it is and what was measured on it."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of all devices."""

    group: str
    name: str
    form: Form
    values: tuple[float | None, ...]
    """``None`` where it was not measured, and everywhere in a row that is refused."""
    spreads: tuple[float | None, ...]
    more_is_better: bool
    label: str | None = None
    """How its energy was obtained, on all devices alike; ``None`` for what is no energy."""
    scope: str | None = None
    """What that covers."""
    refused: str | None = None
    """Why the values must not be set side by side."""

    @property
    def best(self) -> int | None:
        """Which device is ahead; ``None`` with fewer than two values or a tie."""
        known = {index: value for index, value in enumerate(self.values) if value is not None}
        if len(known) < 2:  # noqa: PLR2004 - one value has no rival
            return None
        best = (max if self.more_is_better else min)(known.values())
        ahead = [index for index, value in known.items() if value == best]
        return ahead[0] if len(ahead) == 1 else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that can be said of some results together."""

    devices: tuple[Device, ...]
    rows: tuple[Row, ...]

    @property
    def comparable(self) -> tuple[Row, ...]:
        """Rows whose values may be set side by side."""
        return tuple(row for row in self.rows if row.refused is None)

    @property
    def refused(self) -> tuple[Row, ...]:
        """Rows whose values may not."""
        return tuple(row for row in self.rows if row.refused is not None)


def compare(names: Sequence[str], documents: Sequence[Document]) -> Comparison:
    """Set results side by side."""
    found = [{(item.group, item.name): item for item in items(document)} for document in documents]
    order: dict[tuple[str, str], None] = {}
    for by_name in found:
        order |= dict.fromkeys(by_name)
    groups = dict.fromkeys(group for group, _ in order)
    keys = [key for group in groups for key in order if key[0] == group]
    return Comparison(
        tuple(_device(name, document) for name, document in zip(names, documents, strict=True)),
        tuple(_row([by_name.get(key) for by_name in found], names) for key in keys),
    )


def _row(values: Sequence[Item | None], names: Sequence[str]) -> Row:
    first = next(item for item in values if item is not None)
    refused = _difference(values, names)
    return Row(
        first.group,
        first.name,
        first.form,
        tuple(item.value if item and not refused else None for item in values),
        tuple(item.spread if item and not refused else None for item in values),
        first.more_is_better,
        first.label,
        first.scope,
        refused,
    )


def _difference(values: Sequence[Item | None], names: Sequence[str]) -> str | None:
    """Say what keeps values from being compared."""
    measured = [(name, item) for name, item in zip(names, values, strict=True) if item is not None]
    first_name, first = measured[0]
    for name, item in measured[1:]:
        mine, theirs = dict(first.same), dict(item.same)
        for what in mine | theirs:
            if mine.get(what) != theirs.get(what):
                return f"{what}: {first_name} has {mine.get(what)}, {name} has {theirs.get(what)}"
    if len(measured) > 1 and says_nothing(dict(first.same).get("label", "")):
        return "label estimated-default: the same guess for every device, so it says nothing about them"
    return None


def _device(name: str, document: Document) -> Device:
    device, memory = document["device"], number(document, "device", "memory_bytes")
    cores = number(document, "device", "cores")
    threads = number(document, "workload", "threads")
    quant = text(document, "model", "description") or text(document, "model", "quant") or ""
    known = {
        "device": text(document, "device", "vendor_model"),
        "processor": text(document, "device", "name"),
        "cores": f"{cores:.0f}" if cores else None,
        "memory": show(memory, Kind.BYTES) if memory else None,
        "system": text(document, "device", "system"),
        "power": device.get("power_source") if isinstance(device.get("power_source"), str) else None,
        "model": f"{text(document, 'model', 'name')}, {quant}",
        "threads": f"{threads:.0f}" if threads else None,
        "build": ", ".join(f"{what} {version}" for what, version in _versions(document) if version),
        "measured": text(document, "provenance", "ended"),
    }
    return Device(name, tuple((key, value) for key, value in known.items() if value), tuple(_warnings(document)))


def _versions(document: Document) -> Iterator[tuple[str, str | None]]:
    yield "edge-solver", text(document, "build", "edge_solver")
    yield "ggml", text(document, "build", "ggml_commit")


def _warnings(document: Document) -> list[str]:
    found = []
    if document.get("complete") is not True:
        found.append("partial: the run was stopped")
    if is_changed(document):
        found.append("the file was changed after it was measured")
    if document["model"].get("made_up_weights") is True:
        found.append("made-up weights: speed and memory only")
    checks = document["provenance"].get("checks")
    found += [check for check in checks if isinstance(check, str)] if isinstance(checks, list) else []
    return found
