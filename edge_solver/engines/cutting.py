"""Problems and steps cut into the tokens that a reward model was trained to read them as.

Knows how a text is framed and marked, and nothing of scores.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from edge_solver.core.formats import ScoreFormat
from edge_solver.errors import ModelBrokenError


class Tokenizer(Protocol):
    """Cuts text into the tokens that a model was trained with."""

    def tokenize(self, text: str, *, special: bool = False, follows: bool = False) -> list[int]:
        """Return token ids.

        With ``special``, marks such as ``<|…|>`` become control tokens; with ``follows``, the text stands after other
        text.
        """
        ...

    def start_token(self) -> int | None:
        """Return the token that a text begins with, or ``None`` where there is none."""
        ...


class Cutter:
    """Cuts the texts of one reward model."""

    def __init__(self, tokenizer: Tokenizer, score_format: ScoreFormat, marks: Collection[str], path: Path) -> None:
        """Prepare.

        Args:
            tokenizer: The one that the model was trained with.
            score_format: How the model reads a solution.
            marks: What the policy ends a step with; a model with a step mark of its own does not read them.
            path: The graph, for a message.

        Raises:
            ModelBrokenError: The tokenizer does not know the model's step mark.
        """
        self._tokenizer, self._format = tokenizer, score_format
        self._marks = tuple(mark.strip() for mark in marks if mark.strip())
        self._end = self._end_tokens(path)

    def problem(self, text: str) -> list[int]:
        """Cut a problem, with what the model wants to read before and after it."""
        how, cut = self._format, self._tokenizer.tokenize
        start = self._tokenizer.start_token() if how.start_token else None
        tokens = [] if start is None else [start]
        tokens += cut(how.prefix, special=True) + cut(text.strip(), follows=bool(how.prefix))
        return tokens + cut(how.suffix, special=True, follows=True)

    def step(self, text: str, *, first: bool) -> list[int]:
        """Cut a step into tokens, the last of which is the one where its reward is read."""
        how, cut = self._format, self._tokenizer.tokenize
        if how.verbatim:
            return cut(text) or self._end
        body = text.strip()
        for mark in self._marks:
            body = body.removesuffix(mark).rstrip()
        before = how.first if first else how.between
        return cut(before + body, follows=True) + self._end

    def _end_tokens(self, path: Path) -> list[int]:
        """Return the tokens of the step mark, which must be those that the model was trained with."""
        end, expected = self._format.end, self._format.end_token
        tokens = self._tokenizer.tokenize(end, follows=True)
        if not tokens or (expected is not None and tokens != [expected]):
            raise ModelBrokenError(
                f"{path} was trained to judge at {end!r}, token {expected}, which the tokenizer at hand cuts into "
                f"{tokens}; put a GGUF with the reward model's own tokenizer beside it, as "
                f"{path.with_suffix('.gguf').name}"
            )
        return tokens
