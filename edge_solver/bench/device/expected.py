"""How fast a model would decode on this machine, by what ``bench device`` has found out about it.

A model that was measured itself has its measured speed. For any other the roofline answers: what a call's bytes and
FLOPs take at the limits that were measured. One branch never reaches that; many may pass it, for the limit of FLOPs is
that of 32-bit floats and llama.cpp multiplies small integers. Results of other machines in
the same folder, broken ones and those without limits are passed over. Nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_solver import paths
from edge_solver.bench import machine
from edge_solver.bench.device import document as files
from edge_solver.bench.device.document import Document, number, rows, text
from edge_solver.bench.device.roofline import Ceilings, bytes_read, decode_flops, roof
from edge_solver.catalog.registry import Architecture
from edge_solver.core.cost import Shape
from edge_solver.errors import RecordError

MEASURE = "edge-solver bench device --quick"
"""What finds out; it takes three minutes."""
_HALF = 2  # bytes of a number in the policy's cache


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second of all branches together."""

    width: int
    tokens_per_second: float
    how: str
    """"measured", or "estimated" from the limits of the machine."""
    bytes_per_second: float | None
    """The limits that an estimate is made of."""
    flops_per_second: float | None
    when: str
    """The end of the benchmark, in UTC."""
    file: str
    """Its result."""


@dataclass(frozen=True, slots=True)
class Model:
    """What has to be known of a policy."""

    architecture: Architecture | None
    weights: int
    """Bytes of its file."""
    checksum: str
    """SHA-256 of its file; empty where it is not known."""
    cells: float
    """Tokens in the cache in the middle of a search."""


def expected(model: Model, width: int, folder: Path | None = None) -> Speed | None:
    """Return how fast a model decodes on so many branches, by the newest result that says so; ``None`` without one."""
    results = list(_results(folder or paths.devices_dir()))
    for path, document in results:
        if model.checksum and text(document, "model", "sha256") == model.checksum:
            for row in rows(document, "speed", "decode"):
                rate = number(row, "tokens_per_second", "median")
                if number(row, "branches") == width and rate:
                    return Speed(width, rate, "measured", None, None, _ended(document), str(path))
    for path, document in results:
        limits = _limits(document)
        if limits is not None and model.architecture is not None:
            rate = _at_the_limits(model, model.architecture, width, limits)
            bandwidth, flops = limits.bytes_per_second, limits.flops_per_second
            return Speed(width, rate, "estimated", bandwidth, flops, _ended(document), str(path))
    return None


def _at_the_limits(model: Model, architecture: Architecture, width: int, limits: Ceilings) -> float:
    head = architecture.vocabulary * architecture.width
    shape = Shape(
        n_layers=architecture.layers,
        d_attn=architecture.heads * architecture.head_size,
        params_matmul=architecture.parameters - head * (1 if architecture.tied else 2),
        params_head=head,
        params_total=architecture.parameters,
        kv_bytes_per_token=architecture.kv_values_per_token * _HALF,
    )
    position = round(model.cells / width)
    size, flops = bytes_read(shape, model.weights, model.cells), decode_flops(shape, width, position)
    call = roof("decode", size, flops, 1.0, limits)
    return width / max(call.memory_seconds, call.compute_seconds)


def _results(folder: Path) -> Iterator[tuple[Path, Document]]:
    """Yield what was measured on this machine, the newest first."""
    here = machine.facts()
    try:
        found = sorted(folder.glob("*.json"), reverse=True)  # their names are their times
    except OSError:
        return
    for path in found:
        try:
            document = files.read(path)
        except RecordError:
            continue  # of a newer version, or broken: 'bench compare' says so
        if all(document["device"].get(name) == here[name] for name in ("name", "cores")):
            yield path, document


def _limits(document: Document) -> Ceilings | None:
    bandwidth = number(document, "ceilings", "bytes_per_second")
    flops = number(document, "ceilings", "flops_per_second")
    return Ceilings(bandwidth, flops) if bandwidth and flops and min(bandwidth, flops) > 0 else None


def _ended(document: Document) -> str:
    return text(document, "provenance", "ended") or "unknown"
