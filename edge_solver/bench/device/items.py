"""What a result says, item by item: a name, a value with its spread, and what must be equal before two may be compared.

Read by the summary and by the comparison alike, so that both say the same. A value that was not measured is no item.
Whatever else a file may hold, an item is a finite number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from edge_solver.bench.device.document import Document, number, rows, text
from edge_solver.core.meter import EnergyLabel
from edge_solver.quantities import Kind, show


class Form(Enum):
    """How a value is written."""

    RATE = "tokens/s"
    STEPS = "steps/s"
    SECONDS = "s"
    BYTES = "B"
    BANDWIDTH = "B/s"
    FLOPS = "FLOP/s"
    SHARE = "%"
    WATTS = "W"
    JOULES = "J"
    COUNT = "per kJ"


@dataclass(frozen=True, slots=True)
class Item:
    """One figure of a result."""

    group: str
    name: str
    form: Form
    value: float
    spread: float | None
    """Half the distance between the extremes, as a share of the value; of a calibrated estimate its error."""
    same: tuple[tuple[str, str], ...]
    """What must be equal in two results, by name, before this item may be compared."""
    more_is_better: bool = True

    @property
    def label(self) -> str | None:
        """How its energy was obtained; ``None`` for what is no energy."""
        return dict(self.same).get("label")

    @property
    def scope(self) -> str | None:
        """What its energy covers; ``None`` for what is no energy."""
        return dict(self.same).get("scope")

    @property
    def shown(self) -> str:
        """The value as people read it: an estimate shows that it is one."""
        return estimate(self.label) + written(self.value, self.form)


CAPS = ("small cap", "middle cap", "large cap")


def items(document: Document) -> list[Item]:
    """Return everything that a result says, in the order of a report."""
    return [*_speed(document), *_limits(document), *_energy(document), *_suite(document)]


def written(value: float, form: Form) -> str:
    """Write a value for people."""
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits are enough
    if form in _QUANTITIES:
        kind, suffix = _QUANTITIES[form]
        return show(value, kind) + suffix
    return f"{100 * value:.0f} %" if form is Form.SHARE else f"{digits} {_UNITS[form]}"


_QUANTITIES = {
    Form.SECONDS: (Kind.SECONDS, ""),
    Form.BYTES: (Kind.BYTES, ""),
    Form.BANDWIDTH: (Kind.BYTES, "/s"),
    Form.FLOPS: (Kind.FLOPS, "/s"),
    Form.JOULES: (Kind.JOULES, ""),
}
_UNITS = {Form.RATE: "t/s", Form.STEPS: "steps/s", Form.WATTS: "W", Form.COUNT: "per kJ"}


def estimate(label: str | None) -> str:
    """Return the sign before a figure of this label: one for estimates, and none for what was measured."""
    return "≈" if label in (EnergyLabel.ESTIMATED_CALIBRATED.value, EnergyLabel.ESTIMATED_DEFAULT.value) else ""


def identity(document: Document) -> str:
    """Name the policy so that two of the same name and other weights differ."""
    digest = text(document, "model", "sha256") or "unknown"
    return f"{text(document, 'model', 'name') or 'unknown'} ({digest[:8]})"


def _speed(document: Document) -> Iterator[Item]:
    model = ("model", identity(document))
    cache = ("cache", f"{text(document, 'workload', 'type_k')}/{text(document, 'workload', 'type_v')}")
    length = number(document, "speed", "prompt", "tokens")
    if length is not None:
        same = (model, cache, ("prompt", f"{length:.0f} tokens"))
        yield from _figure(document, "speed", "prompt", Form.RATE, same, "prompt", "tokens_per_second")
    first = number(document, "speed", "first_token", "prompt_tokens")
    if first is not None:
        same = (model, cache, ("prompt", f"{first:.0f} tokens"))
        yield from _figure(document, "speed", "first token", Form.SECONDS, same, "first_token", "seconds", more=False)
    for index, row in enumerate(rows(document, "speed", "decode")):
        branches, tokens = number(row, "branches"), number(row, "tokens")
        same = (model, cache, ("decode", f"{tokens} tokens after {number(row, 'prompt_tokens')}"))
        name = f"decode, {_branches(branches)}"
        yield from _figure(document, "speed", name, Form.RATE, same, "decode", index, "tokens_per_second")
    yield from _plain(document, "speed", "sustained", Form.RATE, (model, cache), "speed", "sustained", "sustained")
    prm = ("reward model", (text(document, "speed", "prm", "sha256") or "unknown")[:8])
    yield from _figure(document, "speed", "reward model", Form.STEPS, (prm,), "prm", "steps_per_second")
    yield from _figure(document, "speed", "load", Form.SECONDS, (model,), "load_seconds", more=False)
    yield from _plain(
        document, "speed", "peak memory", Form.BYTES, (model, cache), "speed", "peak_rss_bytes", more=False
    )


def _limits(document: Document) -> Iterator[Item]:
    method = ("method", text(document, "ceilings", "method") or "unknown")
    yield from _plain(document, "limits", "memory reads", Form.BANDWIDTH, (method,), "ceilings", "bytes_per_second")
    yield from _plain(document, "limits", "matrix product", Form.FLOPS, (method,), "ceilings", "flops_per_second")
    same = (method, ("model", identity(document)))
    for row in rows(document, "roofline"):
        what, share = text(row, "what"), number(row, "share")
        if share is not None and what in ("decode on 1", "decode on 16"):
            name = "decode, 1 branch" if what == "decode on 1" else "decode, 16 branches"
            yield Item("share of the limit", name, Form.SHARE, share, None, same)
        elif share is not None and what is not None and what.startswith("prompt"):
            yield Item("share of the limit", "prompt", Form.SHARE, share, None, same)


def _energy(document: Document) -> Iterator[Item]:
    model = ("model", identity(document))
    for row in rows(document, "energy", "windows"):
        what, value, error = text(row, "what") or "", number(row, "joules_per_unit"), number(row, "error")
        label = (("label", text(row, "label") or "unknown"), ("scope", text(row, "scope") or "unknown"))
        if value is None:
            continue
        if what == "idle":
            yield Item("energy", "idle", Form.WATTS, value, error, label, more_is_better=False)
        elif what in ("decode on 1", "decode on 4", "decode on 16"):
            name = f"{_branches(float(what.split()[-1]))}, a token"
            yield Item("energy", name, Form.JOULES, value, error, (model, *label), more_is_better=False)
        elif what == f"prompt of {number(document, 'speed', 'prompt', 'tokens') or 0:.0f}":
            yield Item("energy", "prompt, a token", Form.JOULES, value, error, (model, *label), more_is_better=False)
        elif what.startswith("sustained"):
            yield Item("energy", "sustained, a token", Form.JOULES, value, error, (model, *label), more_is_better=False)
        elif what == "reward model":
            prm = ("reward model", (text(document, "speed", "prm", "sha256") or "unknown")[:8])
            yield Item("energy", "reward model, a call", Form.JOULES, value, error, (prm, *label), more_is_better=False)


def _suite(document: Document) -> Iterator[Item]:
    suite = ("suite", (text(document, "quality", "suite", "sha256") or "unknown")[:8])
    prm = ("reward model", (text(document, "model", "prm", "sha256") or "none")[:8])
    for cap, row in zip(CAPS, rows(document, "quality", "budgets"), strict=False):
        limit, n = number(row, "limit"), number(row, "n")
        same = (
            suite,
            ("model", identity(document)),
            prm,
            ("search", f"{text(row, 'strategy')}, width {number(row, 'width')}"),
            ("cap", show(limit, Kind.FLOPS)),
            ("problems", f"{n:.0f}" if n is not None else "none"),
        )
        energy = (*same, ("label", text(row, "label") or "unknown"), ("scope", text(row, "scope") or "unknown"))
        error = number(row, "error")
        for name, form, key, needs, spread, more in (
            ("right", Form.SHARE, "accuracy", same, None, True),
            ("time per problem", Form.SECONDS, "seconds_per_problem", same, None, False),
            ("energy per right answer", Form.JOULES, "joules_per_correct", energy, error, False),
            ("right answers", Form.COUNT, "correct_per_kilojoule", energy, error, True),
        ):
            value = number(row, key)
            if value is not None:
                yield Item("suite", f"{cap}: {name}", form, value, spread, needs, more_is_better=more)


def says_nothing(label: str) -> bool:
    """Say whether figures of a label are the same guess on every device."""
    return label == EnergyLabel.ESTIMATED_DEFAULT.value


def _figure(
    document: Document, group: str, name: str, form: Form, same: tuple[tuple[str, str], ...], *place: str | int,
    more: bool = True,
) -> Iterator[Item]:  # fmt: skip
    middle = number(document, "speed", *place, "median")
    low, high = number(document, "speed", *place, "low"), number(document, "speed", *place, "high")
    if middle is not None:
        spread = (high - low) / 2 / middle if middle and low is not None and high is not None and high > low else None
        yield Item(group, name, form, middle, spread, same, more_is_better=more)


def _plain(
    document: Document, group: str, name: str, form: Form, same: tuple[tuple[str, str], ...], *place: str,
    more: bool = True,
) -> Iterator[Item]:  # fmt: skip
    value = number(document, *place)
    if value is not None:
        yield Item(group, name, form, value, None, same, more_is_better=more)


def _branches(number_of: float | None) -> str:
    return "? branches" if number_of is None else f"{number_of:.0f} branch{'' if number_of == 1 else 'es'}"
