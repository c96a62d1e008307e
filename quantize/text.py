"""Write the texts of this folder: mathematics as policies and reward models see it.

``calibration.txt`` is for importance matrices; ``heldout.txt``, ``builtin.jsonl`` (in the template of the built-in
policies) and ``solutions.jsonl`` are for measuring what was lost.

Two of three passages of ``passages.txt`` go to one, the third to the other; solved problems come from the generators
that the built-in models were trained with, from sides that never share a text. Run from the checkout:

    PYTHONPATH=models python quantize/text.py
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

from training.problems import Problem, Split, draw, solution_of

HERE = Path(__file__).parent
SIZES: dict[Split, int] = {"train": 220, "test": 90}
"""Solved problems in each."""
SOLUTIONS = 120


def question_and_solution(problem: Problem) -> str:
    """Write the headings that Llemma's reward models were trained with."""
    steps, answer = problem.canonical()
    return f"# Question\n\n{problem.text}\n\n# Solution\n\n" + "\n\n".join(steps) + f"\n\nThe answer is: {answer}"


def marked_steps(problem: Problem) -> str:
    """Write numbered steps that end with the mark of Math-Shepherd's data."""
    steps, answer = problem.canonical()
    lines = [f"Step {number}: {step} ки" for number, step in enumerate(steps, start=1)]
    return f"{problem.text} " + "\n".join([*lines, f"Step {len(steps) + 1}: The answer is: {answer} ки"])


def boxed(problem: Problem) -> str:
    """Write it as a model does that is asked to put its answer into a box."""
    steps, answer = problem.canonical()
    lines = [
        f"Problem: {problem.text}",
        "Solution: " + ".\n".join(steps) + ".",
        rf"The answer is $\boxed{{{answer}}}$.",
    ]
    return "\n".join(lines)


FORMS: tuple[Callable[[Problem], str], ...] = (question_and_solution, marked_steps, boxed)


def text(split: Split) -> str:
    """Return one side's text."""
    passages = (HERE / "passages.txt").read_text(encoding="utf-8").split("\n%%\n")
    mine = [passage.strip() for index, passage in enumerate(passages) if (index % 3 == 2) == (split == "test")]
    rng = random.Random(8)
    solved = [rng.choice(FORMS)(draw(rng, split=split)) for _ in range(SIZES[split])]
    parts = mine + solved
    rng.shuffle(parts)
    return "\n\n".join(parts) + "\n"


def builtin() -> str:
    """Return held-out problems in the template of the built-in policies."""
    rng = random.Random(9)
    problems = [draw(rng, split="test") for _ in range(SIZES["test"])]
    rows = [{"before": f"<|problem|>{one.text}<|solution|>", "text": f"{solution_of(one)}<|end|>"} for one in problems]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def solution(index: int) -> str:
    """Return a held-out solution as a line of JSON; every other one has a wrong digit in one of its steps."""
    rng = random.Random(index)
    problem = draw(rng, split="test")
    steps, answer = problem.canonical()
    lines = [*steps, f"The answer is: {answer}"]
    if index % 2:
        at = rng.choice([at for at, line in enumerate(lines) if any(map(str.isdecimal, line))])
        digit = rng.choice([place for place, sign in enumerate(lines[at]) if sign.isdecimal()])
        other = str((int(lines[at][digit]) + rng.randint(1, 9)) % 10)
        lines[at] = lines[at][:digit] + other + lines[at][digit + 1 :]
    return json.dumps({"problem": problem.text, "solution": "\n".join(lines)}, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all of them."""
    (HERE / "calibration.txt").write_text(text("train"), encoding="utf-8")
    (HERE / "heldout.txt").write_text(text("test"), encoding="utf-8")
    (HERE / "builtin.jsonl").write_text(builtin(), encoding="utf-8")
    (HERE / "solutions.jsonl").write_text("".join(map(solution, range(SOLUTIONS))), encoding="utf-8")


if __name__ == "__main__":
    main()
