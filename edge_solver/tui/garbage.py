"""When Python looks for garbage: not before the first paint, and not among what is loaded once and stays.

A full collection looks at every object there is, and nothing else runs meanwhile, the search neither. With the app and
the models loaded it took 60 to 80 ms (`gc.callbacks`, two busy cores), about once in a search of 3,000 tokens.
"""

from __future__ import annotations

import gc


def hold() -> None:
    """Collect nothing for now; what is imported is no garbage."""
    gc.disable()


def resume() -> None:
    """Collect again."""
    gc.enable()


def set_aside() -> None:
    """Let collections pass over all that is there now; it takes a full one first, so that no garbage is kept."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
