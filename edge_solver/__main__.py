"""``python -m edge_solver``: the same program as the ``edge-solver`` command."""

from __future__ import annotations

import sys

from edge_solver.cli import main

if __name__ == "__main__":
    sys.exit(main())
