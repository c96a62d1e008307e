"""Whether a line says of two numbers that they are equal, and they are not.

A line is read as claims with commas between, each behind a label if it has one (``b: 12/4=3, 3-5=-2``), each a chain
of equalities. Where two parts of a chain are plain arithmetic their exact values are compared; letters, words and
whatever else cannot be evaluated are passed over. So ``False`` says nothing of a line, and ``True`` is a proof, unless
the writer rounds (``1/3 = 0.33``) or counts in another base.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from edge_solver.answers.arithmetic import TooLargeError, UnreadableError, evaluate

_PLAIN = re.compile(r"[-+*/^()\d.]+")
_AROUND_SIGNS = re.compile(r" *([-+*/^()]) *")


@lru_cache(maxsize=4096)
def is_refuted(line: str) -> bool:
    """Say whether exact arithmetic contradicts a line."""
    return any(len(_values(claim.rpartition(": ")[2])) > 1 for claim in line.split(", "))


def _values(chain: str) -> set[Fraction]:
    """Return the different values of the parts of a chain that have one."""
    values: set[Fraction] = set()
    for part in chain.split("="):
        text = _AROUND_SIGNS.sub(r"\1", part.strip()).replace("**", "^")
        if _PLAIN.fullmatch(text):
            try:
                values.add(evaluate(text))
            except (UnreadableError, TooLargeError):
                continue
    return values
