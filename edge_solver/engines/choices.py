"""How llama.cpp is to run a model: attention, cache, threads and rows of a call, each with the reason in words.

Pure rules over a model's sizes and this machine's cores. What they rest on was measured, and stands with its commands
in ``assets/measurements/engine.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edge_solver.core.cost import Shape

SMALL_MODEL = 100_000_000
"""Below this many weights the overhead of a call counts more than its arithmetic."""
TILE = 64
"""From this many rows on, llama.cpp's flash attention on the CPU works in tiles of 64 rows by 64 cells and skips only
tiles that no row may see (ggml-cpu: ``GGML_FA_TILE_Q``). Below, and for keys and values in q8_0 at any number of rows,
it skips every cell that a row may not see."""
FOLD = 4
"""The fast kernels for quantized weights take rows by fours (ggml-cpu: ``forward_mul_mat_one_chunk``)."""


class CacheType(Enum):
    """How the numbers of keys and values are kept: the bytes that a block takes, and the numbers in it."""

    F16 = (2, 1)
    Q8_0 = (34, 32)

    @property
    def block(self) -> int:
        """Numbers that are kept together."""
        return int(self.value[1])

    def bytes_of(self, numbers: int) -> int:
        """Return the bytes of so many numbers, which are whole blocks."""
        size, block = self.value
        return int(numbers // block * size)

    def numbers_in(self, size: int) -> int:
        """Return how many numbers so many bytes hold."""
        of_block, block = self.value
        return int(size // of_block * block)


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class EngineChoices:
    """All decisions for one context."""

    flash_attention: bool
    threads: int
    prompt_threads: int
    decode_rows: int | None
    """Most rows of a call in which every row is a branch of its own; ``None`` for no limit."""
    reasons: tuple[Choice, ...]
    """The same in words, with those that are the same for every model."""


def cache_type(head_size: int, step: int, *, gpu: bool = False) -> CacheType:
    """Decide how keys and values are kept.

    Args:
        head_size: Numbers in one head's key.
        step: Numbers that llama.cpp multiplies at a time where they are kept as f16, on this processor.
        gpu: Whether layers run on a GPU.
    """
    is_slow = head_size < step and not gpu
    return CacheType.Q8_0 if is_slow and head_size % CacheType.Q8_0.block == 0 else CacheType.F16


def choose(
    shape: Shape,
    width: int,
    cores: int,
    *,
    threads: int | None = None,
    gpu: bool = False,
    cache: CacheType = CacheType.F16,
) -> EngineChoices:
    """Decide how to run a model.

    Args:
        shape: Its sizes.
        width: Branches to expect in a call.
        cores: Physical cores that this process may use.
        threads: What the user asked for, instead of the rule's.
        gpu: Whether layers run on a GPU.
        cache: How keys and values are kept, as ``cache_type`` has decided when the model was loaded.
    """
    many, why_threads = _threads(shape, cores, threads)
    rows = TILE - FOLD if cache is CacheType.F16 and not gpu else None
    reasons = (
        Choice("flash attention", "on", _flash_reason(width, gpu=gpu)),
        Choice(
            "cache",
            "unified",
            "branches share their prompt's cells, and a fork copies nothing; separate streams would copy a branch's "
            "whole cache at every fork",
        ),
        Choice("keys and values", cache.name.lower(), _CACHE_REASONS[cache]),
        Choice("threads", str(many), why_threads),
        Choice("threads for prompts", str(many), "the same: the cores that help one help the other"),
        Choice("rows of a call", *_rows_reason(width, rows, gpu=gpu)),
    )
    return EngineChoices(flash_attention=True, threads=many, prompt_threads=many, decode_rows=rows, reasons=reasons)


def pieces(rows: int, most: int | None) -> list[int]:
    """Cut so many rows into as few calls as hold at most ``most`` each, even in size and by fours.

    >>> pieces(64, 60)
    [32, 32]
    """
    if most is None or rows <= most:
        return [rows]
    calls = -(-rows // most)
    size = -(-rows // (calls * FOLD)) * FOLD
    return [min(size, rows - start) for start in range(0, rows, size)]


_CACHE_REASONS = {
    CacheType.F16: "q8_0 takes half the memory, but llama.cpp's kernels for f16 are faster here",
    CacheType.Q8_0: "llama.cpp was compiled for AVX-512, and these heads are shorter than what it multiplies at a time "
    "as f16: it would take their numbers one by one",
}


def _threads(shape: Shape, cores: int, asked: int | None) -> tuple[int, str]:
    if asked is not None:
        return asked, "as asked for"
    if shape.params_total < SMALL_MODEL:
        return 1, (
            f"below {SMALL_MODEL // 10**6} million weights threads spend their time waiting for one another, and where "
            "another program holds a core two were 60 times slower than one"
        )
    return cores, "the physical cores that this process may use"


def _flash_reason(width: int, *, gpu: bool) -> str:
    if gpu:
        return "where the GPU has it"
    return f"it skips the cells of the other {width - 1} branches" if width > 1 else "no slower for one branch"


def _rows_reason(width: int, most: int | None, *, gpu: bool) -> tuple[str, str]:
    if gpu:
        return "all", "one call for all branches fills the GPU"
    if most is None:
        return "all", "with keys and values in q8_0 a row skips the cells of other branches however many rows there are"
    parts = pieces(width, most)
    if len(parts) > 1:
        return (
            " + ".join(map(str, parts)),
            f"from {TILE} rows on the CPU's flash attention looks at cells of other branches too",
        )
    odd = -width % FOLD
    hint = f"; {width + odd} would cost little more" if odd and width > 1 else ""
    return str(width), f"all branches in one call; the fast kernels take them by fours{hint}"
