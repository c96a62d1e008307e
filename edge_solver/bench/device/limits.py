"""What the machine could do at most, and how near the engine came to it: two sections of a result."""

from __future__ import annotations

from collections.abc import Sequence

from edge_solver.bench.device.ceilings import LARGE, METHOD
from edge_solver.bench.device.document import Document
from edge_solver.bench.device.measure import PromptSpeed
from edge_solver.bench.device.rig import Rig
from edge_solver.bench.device.roofline import Ceilings, bytes_read, decode_flops, prompt_flops, roof
from edge_solver.core.cost import Shape
from edge_solver.core.events import plain


def measure_ceilings(rig: Rig, weight_bytes: int) -> tuple[Ceilings, Document]:
    """Measure the limits of memory and processor; return those for this model, and the section.

    Args:
        rig: The machine.
        weight_bytes: Of the model, whose weights may fit into a cache.
    """
    large = list(rig.measure_bandwidth(LARGE))
    like_weights = large if weight_bytes >= LARGE else list(rig.measure_bandwidth(weight_bytes))
    flops = rig.measure_flops()
    ceilings = Ceilings(max(found.bytes_per_second for found in like_weights), flops)
    return ceilings, {
        "method": METHOD,
        "bytes_per_second": max(found.bytes_per_second for found in large),
        "bytes_per_second_like_weights": ceilings.bytes_per_second,
        "flops_per_second": flops,
        "bandwidths": plain((*large, *(like_weights if like_weights is not large else ()))),
    }


def roofs(
    ceilings: Ceilings, shape: Shape, weight_bytes: int, prompt: PromptSpeed | None, decode: Sequence[Document]
) -> list[Document]:
    """Set every kind of call that was measured beside its roof.

    Args:
        ceilings: The limits.
        shape: The model's sizes.
        weight_bytes: Of all its weights.
        prompt: How fast a prompt was read, if it was.
        decode: How fast branches were written, row by row.
    """
    found = []
    if prompt is not None:
        found.append(
            roof(
                f"prompt of {prompt.tokens}",
                bytes_read(shape, weight_bytes, prompt.tokens),
                prompt_flops(shape, prompt.tokens),
                prompt.seconds.median,
                ceilings,
            )
        )
    for row in decode:
        middle = row["prompt_tokens"] + row["tokens"] // 2
        cells = row["prompt_tokens"] + row["branches"] * row["tokens"] / 2
        found.append(
            roof(
                f"decode on {row['branches']}",
                bytes_read(shape, weight_bytes, cells),
                decode_flops(shape, row["branches"], middle),
                row["seconds_per_call"]["median"],
                ceilings,
            )
        )
    return list(plain(tuple(found)))
