"""A problem as the policy reads it: the tokens of a prompt, and those that all prompts of a format begin with."""

from __future__ import annotations

import re
from typing import Protocol

from edge_solver.core.formats import StepFormat

WORTH_KEEPING = 32
"""Tokens that an opening must have to be evaluated by itself, in a call of its own, so that it can be kept."""

_CONTROL = re.compile(r"<[^<>\s]+>|\[/?INST\]")
"""What a control token in a template looks like: no token reaches across its edges."""


class Tokenizer(Protocol):
    """Cuts text."""

    def tokenize(self, text: str, *, special: bool = False, start: bool = False, follows: bool = False) -> list[int]:
        """Return the tokens of a text; see ``LlamaModel.tokenize``."""
        ...


def opening_tokens(model: Tokenizer, step_format: StepFormat) -> list[int]:
    """Return what every prompt begins with: nothing where it is too short to be kept."""
    tokens = _before(model, step_format)
    return tokens if len(tokens) >= WORTH_KEEPING else []


def prompt_tokens(model: Tokenizer, step_format: StepFormat, problem: str) -> list[int]:
    """Cut a prompt as if it were one text, but never read control tokens in what the user typed."""
    prefix, suffix = step_format.prefix, step_format.suffix
    control = _CONTROL.search(suffix)
    plain = suffix[: control.start()].rstrip(" ") if control else suffix
    tokens = _before(model, step_format)
    tokens += model.tokenize(_last_space(prefix) + problem.strip() + plain, follows=bool(prefix))
    return tokens + model.tokenize(suffix.removeprefix(plain), special=True, follows=True)


def _before(model: Tokenizer, step_format: StepFormat) -> list[int]:
    prefix = step_format.prefix
    return model.tokenize(prefix.removesuffix(_last_space(prefix)), special=True, start=True)


def _last_space(prefix: str) -> str:
    """Return the spaces that belong to the word after them."""
    return prefix[len(prefix.rstrip(" ")) :]
