"""``python -m edge_solver.bench.tokens CHECKPOINT GGUF FILE.jsonl…``: do both cut the same text into the same tokens?

The checkpoint's own tokenizer is the judge; every string in every line of the files is a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from edge_solver.errors import EdgeSolverError, UsageError
from edge_solver.quantization.agreement import Disagreement

_SHOWN = 5


def texts(path: Path) -> Iterator[str]:
    """Yield every string of a JSON Lines file.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from (value for value in json.loads(line).values() if isinstance(value, str))
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} cannot be read as JSON Lines: {error}") from None


def _difference(one: Disagreement) -> str:
    """Say where two cuts part."""
    for at, (expected, found) in enumerate(zip(one.expected, one.found, strict=False)):
        if expected != found:
            return f"token {at} is {found}, not {expected}"
    return f"{len(one.found)} tokens, not {len(one.expected)}"


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("gguf", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(checkpoint: Path, gguf: Path, files: tuple[Path, ...]) -> None:
    """Count the texts that are cut differently, and show some; exit code 1 if there are any."""
    from edge_solver.engines.llama import LlamaModel
    from edge_solver.quantization.agreement import checkpoint_tokenizer, disagreements

    total = 0
    try:
        expected = checkpoint_tokenizer(checkpoint)
        with LlamaModel(gguf, vocab_only=True) as model:
            for file in files:
                read = list(texts(file))
                found = disagreements(expected, model.tokenize, read)
                total += len(found)
                click.echo(f"{file}: {len(read) - len(found)} of {len(read)} texts are cut alike")
                for one in found[:_SHOWN]:
                    click.echo(f"  {one.text!r}: {_difference(one)}")
    except EdgeSolverError as error:
        raise SystemExit(f"error: {error}") from error
    raise SystemExit(1 if total else 0)


if __name__ == "__main__":
    main()
