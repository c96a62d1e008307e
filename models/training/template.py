"""The text both models read: where a problem ends, where a step ends, how an answer is given.

The policy and the reward model share this template. It is the contract with the engine: special tokens are written by
id, and the text of a problem is never parsed for them.
"""

from __future__ import annotations

PAD, PROBLEM, SOLUTION, END = 0, 1, 2, 3
SPECIAL_TOKENS = ("<|pad|>", "<|problem|>", "<|solution|>", "<|end|>")

STEP_END = "\n"
ANSWER_PREFIX = "The answer is: "


def solution_text(steps: tuple[str, ...], answer: str) -> str:
    """Join steps, one a line, and close with the answer line."""
    return "".join(step + STEP_END for step in steps) + ANSWER_PREFIX + answer + STEP_END
