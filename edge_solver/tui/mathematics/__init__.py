"""Mathematics as a terminal can show it: in two dimensions where there is room, on one line where there is not.

``draw`` and ``inline`` read the LaTeX and the plain formulas that models write. What they do not understand to the last
sign they give back as it is, so that no reader is ever shown something else than what was written. ``pieces`` finds the
formulas in a step. Standard library alone; knows nothing of Textual.

The libraries that could have done this lose meaning: pylatexenc 2.11 writes ``\\frac{a+b}{c}`` as ``a+b/c``, TeXicode
1.0.5 shows ``?`` for commands that it does not know, flatlatex 0.15 and unicodeit 0.7.5 have no second dimension, and
sympy's printer needs an expression that it could parse.
"""  # noqa: D301 - the example has one backslash

from __future__ import annotations

from edge_solver.tui.mathematics.pieces import Formula, Prose, pieces
from edge_solver.tui.mathematics.show import draw, drawn, inline, inlined

__all__ = ["Formula", "Prose", "draw", "drawn", "inline", "inlined", "pieces"]
