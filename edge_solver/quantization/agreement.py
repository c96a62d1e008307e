"""Whether a converted tokenizer cuts text as the checkpoint's own does, by the libraries that made both.

The checkpoint's own is SentencePiece for ``tokenizer.model`` and the tokenizers library for ``tokenizer.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_solver.errors import ModelMissingError, UsageError

Cut = Callable[[str], Sequence[int]]
"""From text to token ids, without start and end."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A text that is cut in two ways."""

    text: str
    expected: tuple[int, ...]
    found: tuple[int, ...]


def checkpoint_tokenizer(folder: Path) -> Cut:
    """Return the checkpoint's own tokenizer.

    Raises:
        ModelMissingError: The folder has none.
        UsageError: The library that reads it is not installed.
    """
    try:
        if (folder / "tokenizer.model").is_file():
            import sentencepiece

            pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
            return lambda text: list(pieces.encode(text))
        if (folder / "tokenizer.json").is_file():
            import tokenizers

            fast = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            return lambda text: list(fast.encode(text, add_special_tokens=False).ids)
    except ImportError as error:
        raise UsageError(f"comparing needs {error.name}: pip install 'edge-solver[quantize]'") from None
    raise ModelMissingError(f"{folder} has no tokenizer: neither tokenizer.model nor tokenizer.json")


def disagreements(expected: Cut, found: Cut, texts: Iterable[str]) -> list[Disagreement]:
    """Return the texts that two tokenizers cut differently."""
    pairs = ((text, tuple(expected(text)), tuple(found(text))) for text in texts)
    return [Disagreement(text, one, other) for text, one, other in pairs if one != other]
