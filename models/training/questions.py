"""Questions of the DeepMind Mathematics generator (Saxton et al. 2019, arXiv 1904.01557), drawn by itself.

Runs in an environment of its own (`questions-requirements.txt`: the generator needs old numpy and sympy), so it imports
nothing from this package. Levels: `easy` is the first third of the training entropy (the generator's `train-easy`),
`train` the whole of it, `interpolate` the published test range. One JSON Lines file a module and level, resumable.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MODULES = (
    "algebra__linear_1d", "algebra__linear_1d_composed", "algebra__linear_2d", "algebra__polynomial_roots",
    "algebra__sequence_next_term", "arithmetic__add_or_sub", "arithmetic__add_sub_multiple", "arithmetic__div",
    "arithmetic__mixed", "arithmetic__mul", "arithmetic__mul_div_multiple", "calculus__differentiate",
    "measurement__time", "numbers__div_remainder", "numbers__div_remainder_composed", "numbers__gcd",
    "numbers__gcd_composed", "numbers__is_prime", "numbers__lcm", "numbers__list_prime_factors",
    "polynomials__collect", "polynomials__evaluate", "polynomials__expand", "probability__swr_p_sequence",
)  # fmt: skip
LEVELS = ("easy", "train", "interpolate")
BATCH = 500


def narrowed(level: str) -> Callable[[tuple[float, float]], tuple[float, float]]:
    """Return what the level does to a module's range of training entropy."""
    if level == "train":
        return lambda bounds: bounds
    return lambda bounds: (bounds[0], bounds[0] + (bounds[1] - bounds[0]) / 3)


def flat(modules: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield `area__module` and its sampler from the generator's nested dictionary."""
    for name, entry in modules.items():
        if isinstance(entry, dict):
            yield from flat(entry, f"{prefix}{name}__")
        else:
            yield prefix + name, entry


def sampler(module: str, level: str) -> Callable[[], Any]:
    """Return the generator's function of one module at one level."""
    from mathematics_dataset.modules import modules  # type: ignore[import-not-found]

    tree = modules.test() if level == "interpolate" else modules.train(narrowed(level))
    return dict(flat(tree))[module]


def draw_file(task: tuple[str, str, int, int, Path]) -> str:
    """Fill one file up to its count; every batch has a seed of its own, so a run goes on where it stopped."""
    import numpy as np

    module, level, count, seed, folder = task
    path = folder / f"{module}.{level}.jsonl"
    have = len(path.read_bytes().splitlines()) if path.exists() else 0
    ask = sampler(module, level)
    while have < count:
        mixed = random.Random(f"{seed}/{module}/{level}/{have}").randrange(2**32)
        random.seed(mixed)
        np.random.seed(mixed)  # noqa: NPY002 - the generator draws from the global state
        rows: list[tuple[str, str]] = []
        while len(rows) < min(BATCH, count - have):
            with contextlib.suppress(AttributeError, ValueError):  # the generator fails on rare draws of its own
                problem = ask()
                rows.append((str(problem.question), str(problem.answer)))
        with path.open("a") as file:
            file.write("".join(json.dumps({"problem": q, "answer": a, "family": module}) + "\n" for q, a in rows))
        have += len(rows)
    return f"{module} {level}: {have}"


def main() -> None:
    """Draw questions of every module."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--easy", type=int, default=8000, help="questions a module, easy level")
    parser.add_argument("--train", type=int, default=4000, help="questions a module, whole training range")
    parser.add_argument("--interpolate", type=int, default=0, help="questions a module, published test range")
    parser.add_argument("--modules", nargs="*", default=MODULES, choices=MODULES, metavar="MODULE")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    counts = {"easy": args.easy, "train": args.train, "interpolate": args.interpolate}
    tasks = [(m, level, counts[level], args.seed, args.out) for level in LEVELS for m in args.modules if counts[level]]
    with multiprocessing.Pool(args.processes) as pool:
        for done in pool.imap_unordered(draw_file, tasks):
            print(done, flush=True)


if __name__ == "__main__":
    main()
