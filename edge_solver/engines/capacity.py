"""How much memory an engine may take, and the cells of KV cache that this allows: said before anything is allocated.

A cap holds for the whole process: what it has already, the cache, and what a call computes in. Where a problem's tree
would like more cells than that leaves, it gets fewer, and its branches take turns in them (``admission``). Only where
not even one branch would fit is the model refused, with the figure that would do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge_solver import memory
from edge_solver.core import room
from edge_solver.core.cost import Shape
from edge_solver.errors import ModelMemoryError
from edge_solver.quantities import Kind, show

if TYPE_CHECKING:
    from edge_solver.engines.llama import LlamaModel

SPARE = 256 * 2**20
"""Bytes of free memory that are left to the rest of the machine."""
LEAST_CELLS = 256
"""What no cache is smaller than."""
_SINGLE = 4
"""Bytes of a number that a call computes with."""


@dataclass(frozen=True, slots=True)
class Announced:
    """The memory that the process will have at most, in bytes."""

    process: int
    """What it has before the cache is made: the program and all weights."""
    cells: int
    """Tokens of room in the KV cache."""
    cache: int
    """The KV cache."""
    buffers: int
    """What one call computes in."""
    beside: int = 0
    """What the reward model keeps of the tree, and computes in."""
    is_narrow: bool = False
    """Whether a tree of the width asked for may outgrow the cells, because memory allows no more."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.process + self.cache + self.buffers + self.beside


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process may take."""

    cap: int | None = None
    """Most bytes of the whole process, as the user said."""
    share: int = 1
    """Caches that are still to be made of what is left; this one takes one part."""
    beside: int = 0
    """Bytes per cell that the reward model keeps of the same tree."""

    def left(self, process: int, available: int | None) -> int | None:
        """Return the bytes that may still be taken, or ``None`` where nobody knows."""
        capped = None if self.cap is None else self.cap - process
        free = None if available is None else available - SPARE
        known = [figure for figure in (capped, free) if figure is not None]
        return max(0, min(known)) if known else None


def buffer_bytes(shape: Shape, vocabulary: int) -> int:
    """Estimate what one call of ``room.ROWS`` tokens computes in: logits, and the widest layer a few times over."""
    width = shape.d_attn
    widest = shape.params_matmul // max(1, shape.n_layers * width)  # of all matrices of a layer together
    return room.ROWS * (2 * vocabulary + widest) * _SINGLE


def plan(
    shape: Shape,
    vocabulary: int,
    limits: Limits,
    *,
    wanted: int,
    least: int,
    must: bool = False,
    process: int | None = None,
    available: Callable[[], int | None] = memory.available,
) -> Announced:
    """Return what is taken for a cache of ``wanted`` cells, or as many as there is memory for.

    Args:
        shape: The policy's.
        vocabulary: Its number of tokens.
        limits: What may be taken.
        wanted: Cells that would be good to have.
        least: Cells without which nothing can be done.
        must: Refuse rather than take fewer than ``wanted``.
        process: Bytes that the process will have before the cache is made; by default those that it has now.
        available: Says what is free.

    Raises:
        ModelMemoryError: Memory does not allow for as many as there must be.
    """
    has = (memory.resident() or 0) if process is None else process
    buffers = buffer_bytes(shape, vocabulary)
    left = limits.left(has, available())
    most = None if left is None else _most_cells(max(0, left - buffers) // limits.share, shape, limits.beside)
    wanted, needed = room.padded(wanted), room.padded(wanted if must else least)
    if most is not None and most < needed:
        tree = needed * shape.kv_bytes_per_token + room.scoring_bytes(needed, limits.beside)
        total = has + buffers + tree * limits.share
        capped = limits.cap is not None and limits.cap < total
        raise ModelMemoryError(
            f"a KV cache of {needed} tokens beside the model takes {_size(total)} of memory, and "
            + (
                f"--max-memory allows {_size(limits.cap or 0)}; "
                if capped
                else f"{_size(has + (left or 0))} can be had; "
            )
            + (f"{most} tokens would fit: use n_ctx = {most}, or " if most >= least else "")
            + (f"give --max-memory {_mebibytes(total)}" if capped else "end other programs, or take a smaller model")
        )
    cells = wanted if most is None else min(wanted, most)
    beside = room.scoring_bytes(cells, limits.beside)
    return Announced(has, cells, cells * shape.kv_bytes_per_token, buffers, beside, is_narrow=cells < wanted)


def _most_cells(left: int, shape: Shape, beside: int) -> int:
    """Return the cells that bytes pay for."""
    per_cell = max(1, shape.kv_bytes_per_token + beside)
    of_small_trees = left // (per_cell + room.SCORING_COPIES * beside)
    of_large_trees = (left - room.SCORING_COPIES * room.SCORED_BYTES) // per_cell
    return max(0, of_small_trees, of_large_trees) // room.CELL_STEP * room.CELL_STEP


def check_files(paths: Sequence[Path], others: int, limits: Limits, *, cells: int | None) -> None:
    """Refuse policies that do not fit into memory, before they are loaded.

    Args:
        paths: Their files.
        others: Bytes of other models that will be loaded beside them.
        limits: What may be taken.
        cells: Tokens of room in the cache that there must be; by default those of a very short problem.

    Raises:
        ModelError: One is missing or broken, or they do not fit.
    """
    from edge_solver.engines.llama import LlamaModel

    loads = others + sum(path.stat().st_size for path in paths if path.exists())
    process = (memory.resident() or 0) + loads
    for path in paths:
        with LlamaModel(path, vocab_only=True) as model:
            plan(
                _shape_of(model),
                model.n_vocab,
                replace(limits, share=len(paths)),
                wanted=cells or LEAST_CELLS,
                least=LEAST_CELLS,
                must=cells is not None,
                process=process,
                available=lambda: None if (free := memory.available()) is None else max(0, free - loads),
            )


def shape_in(path: Path) -> Shape:
    """Return the sizes that decide on memory and threads, as far as a file says them; its weights are not loaded.

    Raises:
        ModelError: It is missing or broken.
    """
    from edge_solver.engines.llama import LlamaModel

    with LlamaModel(path, vocab_only=True) as model:
        return _shape_of(model)


def _shape_of(model: LlamaModel) -> Shape:
    """Return the sizes that decide on memory, as far as a file says them whose weights are not loaded."""
    family = model.metadata("general.architecture").get("general.architecture", "")

    def number(name: str, default: int = 0) -> int:
        text = model.metadata(f"{family}.{name}").get(f"{family}.{name}", "")
        return int(text) if text.isdigit() else default

    layers, width, heads = number("block_count"), number("embedding_length"), number("attention.head_count", 1)
    heads_kv, size = number("attention.head_count_kv", heads), number("attention.key_length", width // heads)
    matmul = layers * width * (2 * (heads + heads_kv) * size + 3 * number("feed_forward_length"))
    per_token = 2 * layers * model.cache_of(size).bytes_of(heads_kv * size)
    return Shape(layers, heads * size, matmul, model.n_vocab * width, matmul, per_token)


def _size(amount: int) -> str:
    return show(amount, Kind.BYTES)


def _mebibytes(amount: int) -> str:
    return f"{-(-amount // 2**20)}MiB"
