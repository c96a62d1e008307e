"""``edge-solver models show NAME``: all that is known of a model, and whether a search with it fits into memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from edge_solver.catalog import ModelEntry, ModelKind, registry
from edge_solver.catalog.fit import PROMPT, Fit, fit
from edge_solver.catalog.formats import about, unverified
from edge_solver.catalog.shelf import holdings, runnable, state
from edge_solver.cli import output
from edge_solver.cli.models.names import find
from edge_solver.config import Settings
from edge_solver.core.events import plain
from edge_solver.errors import ExitCode, UsageError
from edge_solver.quantities import Kind
from edge_solver.quantities import show as quantity

if TYPE_CHECKING:
    from edge_solver.bench.device.expected import Speed

_WIDTH = Settings().search.width
_LONGEST = 120  # characters of a text with line feeds; a prompt of several examples is longer
_SAID_APART = {"unverified", "files", "format_details", "memory", "speed"}
_OF_THE_FORMAT = {"prefix", "suffix", "step_end", "answer"}
_OF_POLICIES = {"step_end", "step_tokens", "solution_steps"}


@click.command("show")
@click.argument("name")
@click.option("--width", type=click.IntRange(min=1), default=_WIDTH, show_default=True, metavar="N", help="For memory.")
@click.option("--context", type=click.IntRange(min=1), metavar="N", help="For memory: tokens of a path.")
@click.option("--prm", metavar="NAME", help="For memory: the reward model beside it.  [default: builtin]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str, *, width: int, context: int | None, prm: str | None, as_json: bool) -> int:
    """Show all that is known of the model NAME, what of it is unverified, and what memory a search takes."""
    entry = find(name)
    judge = _judge(prm) if prm else None
    estimate = fit(entry, width=width, context=context, prm=judge) if entry.kind is ModelKind.POLICY else None
    facts = _facts(entry, estimate, width)
    if as_json:
        output.emit_json(facts)
        return ExitCode.ANSWERED
    hidden = _SAID_APART | (_OF_THE_FORMAT if entry.format else set())
    hidden |= _OF_POLICIES if entry.kind is ModelKind.PRM else set()
    for key, value in facts.items():
        if value not in (None, "", [], 0) and key not in hidden:
            output.emit(f"{key:<15} {_shown(value)}")
    for key, value in (facts["format_details"] or {}).items():
        if value not in (None, "", []) and key not in _OF_POLICIES - {"step_end"}:
            output.emit(f"{'  ' + key:<15} {_shown(value)}")
    for file in facts["files"]:
        output.emit(f"{'here':<15} {file}")
    for doubt in facts["unverified"]:
        output.emit(f"{'unverified':<15} {doubt}")
    if estimate is not None:
        _emit_fit(estimate)
    if entry.kind is ModelKind.POLICY:
        output.emit(f"{'speed':<15} {_speed_in_words(facts['speed'])}")
    return ExitCode.ANSWERED


def _judge(name: str) -> ModelEntry:
    entry = registry().get(name) or find(name)
    if entry.kind is not ModelKind.PRM:
        entry = next((e for e in registry().values() if e.kind is ModelKind.PRM and name in e.aliases), entry)
    if entry.kind is not ModelKind.PRM:
        raise UsageError(f"--prm: {name} is a policy; 'edge-solver models list' says which models are reward models")
    return entry


def _facts(entry: ModelEntry, estimate: Fit | None, width: int) -> dict[str, Any]:
    facts: dict[str, Any] = plain(entry)
    details = about(entry)
    return {
        **facts,
        "state": state(entry),
        "files": [str(holding.path) for holding in holdings(entry)],
        "format_details": {**plain(details.format), "source": details.source} if details else None,
        "unverified": list(unverified(entry)),
        "memory": {**plain(estimate), "needed": estimate.need.total, "fits": estimate.fits} if estimate else None,
        "speed": [plain(speed) for speed in _speeds(entry, estimate, width)],
    }


def _speeds(entry: ModelEntry, estimate: Fit | None, width: int) -> Iterator[Speed]:
    """Yield how fast one branch and all of them decode on this machine, as far as that is known."""
    if entry.kind is not ModelKind.POLICY:
        return
    from edge_solver.bench.device.expected import Model, expected

    held = runnable(entry)
    checksum = entry.sha256 or (held.checksum if held is not None else "")
    for branches in dict.fromkeys((1, width)):
        # In the middle of a search half of each solution is written.
        cells = PROMPT + branches * entry.step_tokens * entry.solution_steps / 2
        weights = estimate.need.weights if estimate is not None else 0
        speed = expected(Model(entry.architecture, weights, checksum, cells), branches)
        if speed is not None:
            yield speed


def _speed_in_words(speeds: list[dict[str, Any]]) -> str:
    from edge_solver.bench.device.expected import MEASURE

    if not speeds:
        return f"not known on this machine; find out with: {MEASURE}"
    first = speeds[0]
    rates = " and ".join(f"{speed['tokens_per_second']:.3g} tokens/s on {speed['width']}" for speed in speeds)
    if first["how"] == "measured":
        return f"{rates} branches (measured by bench device, {first['when']})"
    bandwidth = quantity(first["bytes_per_second"], Kind.BYTES)
    flops = quantity(first["flops_per_second"], Kind.FLOPS)
    limits = f"{bandwidth}/s, {flops}/s in 32-bit floats"
    return f"about {rates} branches at this machine's limits (estimated; bench device measured {limits})"


def _emit_fit(estimate: Fit) -> None:
    need = estimate.need
    parts = [("weights", need.weights), (f"KV cache of {estimate.cells} tokens", need.cache), ("buffers", need.buffers)]
    if estimate.prm is not None:
        parts += [(estimate.prm, need.prm_weights), ("its keys and values", need.prm_cache)]
    listed = ", ".join(f"{name} {quantity(size, Kind.BYTES)}" for name, size in parts)
    output.emit(
        f"{'memory':<15} about {quantity(need.total, Kind.BYTES)} at --width {estimate.width} and --context "
        f"{estimate.context} (estimated: {listed})"
    )
    free = quantity(estimate.available, Kind.BYTES)
    verdict = {True: "it fits", False: "it does not fit; try a smaller --width", None: "unknown"}[estimate.fits]
    output.emit(f"{'this machine':<15} {free} free of {quantity(estimate.total, Kind.BYTES)}: {verdict}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items() if part is not None)
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value)
    text = str(value)
    if text.isprintable():
        return text
    return repr(text) if len(text) <= _LONGEST else f"… {text[-_LONGEST:]!r}"
