"""Models with made-up weights on disk: made once, kept in the user's cache folder, removed on request.

A file appears under its name only when it is whole. Disk and memory are looked at before anything is written.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from edge_solver import paths
from edge_solver.bench.shapes import SHAPES, shape_named, weight_bytes
from edge_solver.bench.weights import Progress, write_gguf
from edge_solver.errors import EdgeSolverError, ModelMemoryError, UsageError
from edge_solver.quantities import Kind, show

_RECIPE = 2
"""Changes with the bytes that are written, so that no file of another recipe is taken for one of this."""
_SPARE_DISK = 512 * 2**20
_SPARE_MEMORY = 512 * 2**20
"""Beside weights and KV cache: the runtime, this program."""


def folder() -> Path:
    """Return where the files are; it may not exist yet."""
    return paths.cache_dir() / "shapes"


def file_of(name: str, quant: str) -> Path:
    """Return a shape's path, whether or not the file is there."""
    shape_named(name)
    return folder() / f"{name}.{quant}.made-up-{_RECIPE}.gguf"


def find_or_make(
    name: str, quant: str, *, cells: int, free_memory: int | None, progress: Progress | None = None
) -> Path:
    """Return a file of a shape, made now if it is not in the cache.

    Args:
        name: The shape.
        quant: Its quantization, of ``shapes.QUANTS``.
        cells: Tokens of KV cache that it will be used with.
        free_memory: Bytes that can be taken without swapping, or ``None`` where nobody knows.
        progress: Told how far the writing is.

    Raises:
        UnknownNameError: No shape has this name.
        ModelMemoryError: The model would not fit into the memory.
        UsageError: The cache cannot be written to, has too little room, or ``gguf`` is missing.
        EdgeSolverError: The disk fails while writing.
    """
    need = weight_bytes(shape_named(name), quant)
    memory = _memory(name, quant, cells)
    if free_memory is not None and memory > free_memory:
        fitting = _fitting(lambda n, q: _memory(n, q, cells) <= free_memory)
        raise ModelMemoryError(
            f"the shape {name} in {quant} needs {_size(memory)} of memory and {_size(free_memory)} are free; {fitting}"
        )
    path = file_of(name, quant)
    if path.exists():
        return path
    free_disk = shutil.disk_usage(paths.writable(path.parent)).free
    if need + _SPARE_DISK > free_disk:
        raise UsageError(
            f"the shape {name} in {quant} takes {_size(need)} and the disk of {path.parent} has {_size(free_disk)} "
            f"free; make room, set {paths.HOME_VARIABLE} to a folder on another disk, or take a smaller one: "
            + _fitting(lambda n, q: weight_bytes(SHAPES[n], q) + _SPARE_DISK <= free_disk)
        )
    # Under a name of its own, so that two runs that make the same shape do not write into one file.
    own = path.with_name(f"{path.stem}.{os.getpid()}.gguf")
    try:
        write_gguf(name, own, quant, progress)
        own.replace(path)
    except OSError as error:
        raise EdgeSolverError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        own.unlink(missing_ok=True)
    return path


def remove_all() -> list[tuple[Path, int]]:
    """Remove every file that was made, and what was left by a run that was killed; return them with their bytes.

    Raises:
        UsageError: One cannot be removed.
    """
    removed = []
    try:
        for path in sorted(folder().glob("*.gguf")) + sorted(folder().glob("*.part")):
            size = path.stat().st_size
            path.unlink()
            removed.append((path, size))
    except OSError as error:
        raise UsageError(f"cannot remove {error.filename}: {error.strerror}") from error
    return removed


def _memory(name: str, quant: str, cells: int) -> int:
    shape = SHAPES[name]
    cache = 4 * shape.layers * shape.width_kv * cells  # keys and values, two bytes each
    return weight_bytes(shape, quant) + cache + _SPARE_MEMORY


def _fitting(fits: Callable[[str, str], bool]) -> str:
    """Name the largest shape that would fit."""
    choices = [(name, quant) for name in SHAPES for quant in ("q4_0", "q8_0") if fits(name, quant)]
    if not choices:
        return "no known shape would fit"
    name, quant = max(choices, key=lambda choice: weight_bytes(SHAPES[choice[0]], choice[1]))
    return f"--shape {name} --quant {quant} would fit"


def _size(amount: int) -> str:
    return show(amount, Kind.BYTES)
