"""Average two checkpoints of one shape, weight by weight.

A short stage on a few kinds of problems teaches those and forgets some of the rest. Half way between the weights before
and after it a policy kept what it knew and most of what it learned, for nothing at run time (Wortsman et al., *Model
soups*, arXiv 2203.05482, section 2).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor


def require_one_shape(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    """Refuse weights that do not belong to the same network.

    Raises:
        ValueError: They are not of one shape.
    """
    if one.keys() != other.keys() or any(one[name].shape != other[name].shape for name in one):
        raise ValueError("the checkpoints are not of one shape")


def averaged(one: Mapping[str, Tensor], other: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Return the weights that are `share` of the way from one to the other.

    Raises:
        ValueError: They are not of one shape.
    """
    require_one_shape(one, other)
    return {name: torch.lerp(weights, other[name], share) for name, weights in one.items()}


def main() -> None:
    """Write the average of two checkpoints."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoints", type=Path, nargs=2, help="of one shape, the later one second")
    parser.add_argument("--share", type=float, default=0.5, help="how far to go from the first to the second")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    one, other = (torch.load(path, weights_only=True) for path in args.checkpoints)
    torch.save(other | {"model": averaged(one["model"], other["model"], args.share)}, args.out)


if __name__ == "__main__":
    main()
