"""How near a call came to what the machine allows: the roofline of Williams et al. 2009.

A call cannot be quicker than its bytes take at the memory's bandwidth, nor than its FLOPs take at the processor's peak;
the longer of the two is the roof. Pure arithmetic over measured ceilings.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_solver.core.cost import Shape, span_flops


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What micro-benchmarks reached on this machine."""

    bytes_per_second: float
    """Reading a working set as large as the weights."""
    flops_per_second: float
    """Products of large matrices in 32-bit floats; kernels for small integers may pass it."""


@dataclass(frozen=True, slots=True)
class Roof:
    """One kind of call against its roof."""

    what: str
    bytes_per_call: float
    flops_per_call: float
    memory_seconds: float
    """What the bytes take at full bandwidth."""
    compute_seconds: float
    """What the FLOPs take at full speed."""
    seconds: float
    """What the call took."""
    bound: str
    """"memory" or "compute": which of the two is the roof."""
    share: float
    """The roof's seconds over the call's: 1 is the limit."""


def roof(what: str, call_bytes: float, call_flops: float, seconds: float, ceilings: Ceilings) -> Roof:
    """Set a call of known size beside its roof."""
    memory, compute = call_bytes / ceilings.bytes_per_second, call_flops / ceilings.flops_per_second
    return Roof(
        what,
        call_bytes,
        call_flops,
        memory,
        compute,
        seconds,
        "memory" if memory >= compute else "compute",
        max(memory, compute) / seconds,
    )


def bytes_read(shape: Shape, file_bytes: int, cells: float) -> float:
    """Return the bytes that one call cannot avoid to read: the weights once, and every cell of the KV cache once.

    An embedding that is no output head is looked up, not read through; it counts by its share of the parameters.

    Args:
        shape: The model.
        file_bytes: Of all its weights.
        cells: Distinct tokens in the cache that the call attends to.
    """
    read = min(shape.params_total, shape.params_matmul + shape.params_head)
    return file_bytes * read / shape.params_total + cells * shape.kv_bytes_per_token


def decode_flops(shape: Shape, branches: int, position: int) -> int:
    """Return the FLOPs of a call that puts one token at ``position`` of every branch."""
    return branches * span_flops(shape, position, position + 1, 1)


def prompt_flops(shape: Shape, tokens: int) -> int:
    """Return the FLOPs of reading a prompt."""
    return span_flops(shape, 0, tokens, 1)
