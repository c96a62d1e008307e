"""What memory and processor can do at most, by small loops that do nothing else and run at the speed of C.

Reading is ``memcmp`` of two equal halves of a buffer, copying is NumPy's, combining streams two arrays into a third;
each is done by one thread and by as many as there are cores, side by side on slices of their own. Computing is one
product of large 32-bit matrices by the BLAS that NumPy was built with. Every ceiling is the best of its repeats: a
limit is what can be reached, and anything else on the machine only takes from it.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

METHOD = "memcmp, copy and combine over threads, best of repeats; float32 matrix product by NumPy's BLAS"
"""Changes when figures would no longer compare."""

LARGE = 256 * 2**20
"""Bytes of a working set that no cache holds."""
_LEAST = 4 * 2**20
"""Below this a pass is over before the threads have met."""
_PASS_SECONDS = 0.05
"""A pass repeats its loop until it has lasted this long."""


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Bytes a second of one kind of access."""

    kind: str
    threads: int
    working_set: int
    """Bytes that it goes over again and again."""
    bytes_per_second: float


def bandwidths(
    working_set: int, threads: int, repeats: int, check: Callable[[], None] = lambda: None
) -> list[Bandwidth]:
    """Measure every kind of access over one working set, with one thread and with all.

    Args:
        working_set: Bytes to go over; rounded to what the loops need.
        threads: The most to use.
        repeats: Passes of each; the best counts.
        check: Called between passes; what it raises ends the measurement.
    """
    size = max(_LEAST, working_set) // (6 * 64 * threads) * (6 * 64 * threads)
    memory = np.ones(size, np.uint8)
    found = []
    for kind, loop in _LOOPS.items():
        for used in sorted({1, threads}):
            parts = np.split(memory, used)
            with ThreadPoolExecutor(used) as pool:
                rate = max(_rate(loop, parts, pool, check) for _ in range(repeats))
            found.append(Bandwidth(kind, used, size, rate))
    return found


def matrix_flops(size: int, repeats: int, check: Callable[[], None] = lambda: None) -> float:
    """Return the FLOPs a second of a product of two square matrices of 32-bit floats; the best of the repeats."""
    left = np.linspace(-1, 1, size * size, dtype=np.float32).reshape(size, size)
    right, out = left.T.copy(), np.empty_like(left)
    best = 0.0
    for _ in range(repeats + 1):  # the first one wakes the threads
        check()
        begun = time.perf_counter()
        np.matmul(left, right, out=out)
        best = max(best, 2 * size**3 / (time.perf_counter() - begun))
    return best


_Loop = Callable[[NDArray[np.uint8]], int]
"""Goes over a part of the memory once and returns the bytes that it moved; releases the interpreter meanwhile."""


def _rate(
    loop: _Loop, parts: Sequence[NDArray[np.uint8]], pool: ThreadPoolExecutor, check: Callable[[], None]
) -> float:
    check()
    moved, begun = 0, time.perf_counter()
    while (seconds := time.perf_counter() - begun) < _PASS_SECONDS:
        moved += sum(pool.map(loop, parts))
    return moved / seconds


def _read(part: NDArray[np.uint8]) -> int:
    half = part.size // 2
    start = part.ctypes.data
    equal = _memcmp()(start, start + half, half) == 0
    assert equal  # all of it is ones, so that nothing ends the comparison early
    return 2 * half


def _copy(part: NDArray[np.uint8]) -> int:
    half = part.size // 2
    np.copyto(part[:half], part[half : 2 * half])
    return 2 * half


def _combine(part: NDArray[np.uint8]) -> int:
    third = part.size // 3
    first, second, out = (part[i * third : (i + 1) * third] for i in range(3))
    np.bitwise_and(first, second, out=out)
    return 3 * third


@cache
def _memcmp() -> Callable[[int, int, int], int]:
    library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
    compare = library.memcmp
    compare.argtypes, compare.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t), ctypes.c_int
    return compare


_LOOPS: dict[str, _Loop] = {"read": _read, "copy": _copy, "combine": _combine}
