"""The room of a search's key/value cache in tokens and sequences: the rules that engine and estimate share."""

from __future__ import annotations

CELL_STEP = 256
"""llama.cpp pads a context to this many cells."""
ROWS = 256
"""Tokens in one call; more take several."""
MAX_SEQUENCES = 256
"""``LLAMA_MAX_SEQ``: live sequences of one context."""
LEAST_SEQUENCES = 16
SPARE_CELLS = 2.0
"""Room in the cache, as a multiple of what the profile lets expect: solutions vary, and so do problems."""
CHEAP_BYTES = 2**27
"""Up to this size a cache is made for the longest solutions, where expected ones need less: to evaluate branches again
costs more than memory that nobody misses."""

SCORED_BYTES = 2**26
"""Keys and values that the rows of one call of a reward model stand on, at most; more rows take several calls."""
SCORING_COPIES = 3
"""What such a call takes of memory, in that unit: laid out, taken apart by layer, joined with the new (measured)."""


def cells(prompt: int, width: int, solution_tokens: float, context: int, bytes_per_cell: int) -> int:
    """Return the cells for one problem, before padding: for expected solutions, or for longer ones where that is cheap.

    Args:
        prompt: Tokens before the first step; all branches share them.
        width: Branches side by side.
        solution_tokens: What a solution is expected to have.
        context: Most positions of a path.
        bytes_per_cell: Of keys and values.
    """
    longest, beside = context - prompt, prompt + ROWS
    expected = beside + int(width * min(solution_tokens * SPARE_CELLS, longest))
    return max(expected, min(beside + width * longest, CHEAP_BYTES // max(1, bytes_per_cell)))


def scoring_bytes(tokens: int, per_token: int) -> int:
    """Return what a reward model keeps of a tree, and what a call on all of its branches takes.

    Args:
        tokens: Of the tree.
        per_token: Bytes of keys and values that the reward model keeps of one.
    """
    kept = tokens * per_token
    return kept + SCORING_COPIES * min(kept, SCORED_BYTES)


def sequences_of(width: int) -> int:
    """Return the sequences that one problem may hold: its prompt, the steps that may be continued, and the written."""
    return 1 + 2 * width


def open_problems(at_once: int) -> int:
    """Return how many problems a cache has cells for where the branches of ``at_once`` are to fill every call.

    A problem whose first branches have ended leaves places in the call that its next layer cannot take yet: half as
    many problems again fill them (measured: ``assets/measurements/engine.md``). One alone, as where time counts, stays
    alone.
    """
    return at_once + at_once // 2


def most_problems(width: int) -> int:
    """Return how many problems there are sequences for: their prompts, and all branches that they may write at once.

    What could be continued gives its sequence up where they are scarce, and is read again.
    """
    return max(1, MAX_SEQUENCES // (1 + width))


def sequences(width: int, problems: int = 1) -> int:
    """Return how many sequences a cache has names for: a power of two, no larger than needed.

    llama.cpp's work at every call grows with it. There is half as much again as problems may hold, for where sequences
    are scarce a step gives up what others could be continued from.
    """
    needed = problems * sequences_of(width) * 3 // 2
    return min(MAX_SEQUENCES, max(LEAST_SEQUENCES, 1 << (needed - 1).bit_length()))


def padded(count: int) -> int:
    """Return a number of cells as llama.cpp allocates them."""
    return -(-count // CELL_STEP) * CELL_STEP
