"""How many tokens the key/value cache of a search has room for: the rule that the engine and the estimate share."""

from __future__ import annotations

CELL_STEP = 256
"""llama.cpp pads a context to this many cells."""
ROWS = 256
"""Tokens in one call; more take several."""
SPARE_CELLS = 2.0
"""Room in the cache, as a multiple of what the profile lets expect: solutions vary, and so do problems."""
CHEAP_BYTES = 2**27
"""Up to this size a cache is made for the longest solutions, where expected ones need less: to evaluate branches again
costs more than memory that nobody misses."""


def cells(prompt: int, width: int, solution_tokens: float, context: int) -> int:
    """Return the cells for one problem, before padding.

    Args:
        prompt: Tokens before the first step; all branches share them.
        width: Branches side by side.
        solution_tokens: What a solution is expected to have.
        context: Most positions of a path.
    """
    return prompt + int(width * min(solution_tokens * SPARE_CELLS, context - prompt)) + ROWS


def cheap(wanted: int, most: int, bytes_per_cell: int) -> int:
    """Return a number of cells between what is wanted and the most that can be used, as far as they are cheap."""
    return max(wanted, min(most, CHEAP_BYTES // bytes_per_cell))


def padded(count: int) -> int:
    """Return a number of cells as llama.cpp allocates them."""
    return -(-count // CELL_STEP) * CELL_STEP
