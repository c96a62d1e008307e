"""How many tokens the key/value cache of a search has room for: the rule that the engine and the estimate share."""

from __future__ import annotations

CELL_STEP = 256
"""llama.cpp pads a context to this many cells."""
ROWS = 256
"""Tokens in one call; more take several."""
SPARE_CELLS = 2.0
"""Room in the cache, as a multiple of what the profile lets expect: solutions vary, and so do problems."""


def cells(prompt: int, width: int, solution_tokens: float, context: int) -> int:
    """Return the cells for one problem, before padding.

    Args:
        prompt: Tokens before the first step; all branches share them.
        width: Branches side by side.
        solution_tokens: What a solution is expected to have.
        context: Most positions of a path.
    """
    return prompt + int(width * min(solution_tokens * SPARE_CELLS, context - prompt)) + ROWS


def padded(count: int) -> int:
    """Return a number of cells as llama.cpp allocates them."""
    return -(-count // CELL_STEP) * CELL_STEP
