"""``edge-solver quantize``: from a checkpoint folder to a file for --model or --prm.

The work is ``edge_solver.quantization``'s; this reads the request, draws progress and prints where the file is.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_solver.cli import output
from edge_solver.cli.interrupts import Interrupts
from edge_solver.cli.status import StatusLine
from edge_solver.errors import ExitCode, UsageError
from edge_solver.quantities import Kind, show

if TYPE_CHECKING:
    from edge_solver.quantization.output import Progress
    from edge_solver.quantization.recipes import Recipe

_KINDS = ("q4_0", "q4_k_s", "q4_k_m", "q8_0", "f16", "onnx-int8", "onnx-int4", "onnx-f32")
_INTERVAL = 0.2  # seconds between two drawings


@click.command("quantize")
@click.argument("source", metavar="RECIPE|DIR|GGUF", type=click.Path(path_type=Path))
@click.option("--to", "kind", type=click.Choice(_KINDS), help="What to make; a recipe names its own.")
@click.option("--from", "folder", metavar="DIR", type=click.Path(path_type=Path), help="The recipe's checkpoint.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Where to.  [default: NAME-KIND here]")
@click.option(
    "--imatrix",
    metavar="TEXT",
    type=click.Path(path_type=Path),
    help="Weigh errors by what the model computes on this text (GGUF below 8 bits).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: files, bytes, seconds.")
def command(
    source: Path, kind: str | None, folder: Path | None, out: Path | None, imatrix: Path | None, *, as_json: bool
) -> int:
    """Make a GGUF (policies) or ONNX (reward models) out of a Hugging Face checkpoint.

    DIR is a folder with config.json, weights and tokenizer; RECIPE is a TOML file, or the name of one that ships (such
    as llemma-7b-q4_0), and --from names the folder of its checkpoint; a GGUF in half precision can be quantized again
    and again. Needs: pip install 'edge-solver[quantize]'.

    \b
    edge-solver quantize llemma-7b-q4_0 --from DIR
    edge-solver quantize DIR --to q4_k_m --imatrix quantize/calibration.txt
    edge-solver quantize some-prm --to onnx-int8
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    recipe, checkpoint, text = _request(source, folder, imatrix)
    chosen = kind or recipe.to
    if chosen is None:
        raise UsageError(f"say what to make of {source}: --to {'|'.join(_KINDS)}")
    if text is not None and chosen not in {"q4_0", "q4_k_s", "q4_k_m"}:
        if imatrix is not None:
            raise UsageError(f"--imatrix is of no use for {chosen}: it weighs the errors of 4 bits in a GGUF")
        text = None
    path = out or Path(f"{recipe.name}-{chosen}.{'onnx' if chosen.startswith('onnx') else 'gguf'}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the file to write to --out")
    start = time.monotonic()
    files = _made(checkpoint, chosen, path, recipe, text)
    seconds = time.monotonic() - start
    if as_json:
        sizes = {str(file): file.stat().st_size for file in files}
        output.emit_json({"kind": chosen, "files": sizes, "seconds": seconds, "imatrix": text is not None})
        return ExitCode.ANSWERED
    size = show(sum(file.stat().st_size for file in files), Kind.BYTES)
    output.say(f"{size} in {show(seconds, Kind.SECONDS)}: {', '.join(map(str, files))}")
    output.emit(str(path))
    return ExitCode.ANSWERED


def _request(source: Path, folder: Path | None, imatrix: Path | None) -> tuple[Recipe, Path, str | None]:
    """Return the recipe, the checkpoint's folder and the calibration text."""
    _need_libraries()
    from edge_solver.quantization.recipes import Recipe, find_recipe, read_recipe

    source = source if source.exists() else find_recipe(source) or source
    if source.suffix == ".toml":
        recipe = read_recipe(source)
        text = imatrix or (source.parent / recipe.imatrix if recipe.imatrix else None)
        if folder is None:
            raise UsageError(
                f"name the folder of {recipe.repository or recipe.name} with --from DIR; to download it: "
                f"hf download {recipe.repository} --local-dir DIR"
            )
        if recipe.note:
            output.say(f"{recipe.name}: {recipe.note}")
    else:
        given = source.resolve()
        recipe, text = Recipe(given.stem if given.is_file() else given.name), imatrix
    return recipe, folder or source, _read(text) if text else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"the calibration text {path} cannot be read: {error}") from None


def _need_libraries() -> None:
    missing = [name for name in ("gguf", "onnx", "sentencepiece") if find_spec(name) is None]
    if missing:
        raise UsageError(f"quantizing needs {', '.join(missing)}: pip install 'edge-solver[quantize]'")


def _made(folder: Path, kind: str, path: Path, recipe: Recipe, text: str | None) -> list[Path]:
    from edge_solver.quantization.checkpoint import Checkpoint
    from edge_solver.quantization.output import remove_unfinished
    from edge_solver.quantization.workshop import make, make_from_gguf

    def leave() -> None:  # a native call may hold the main thread for minutes
        remove_unfinished(path.parent)
        output.say("\ninterrupted; nothing was left behind")
        os._exit(ExitCode.INTERRUPTED)

    with Interrupts() as interrupts, _progress() as report:
        interrupts.call(leave)
        if folder.is_file() and folder.suffix == ".gguf":
            return make_from_gguf(folder, kind, path, text, report)
        return make(Checkpoint(folder), kind, path, recipe, text, report)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Yield what draws a line on a terminal, or says nothing where there is none."""
    if not output.is_terminal(sys.stderr):
        yield lambda _: None
        return
    line = StatusLine(sys.stderr, colour=output.colours(sys.stderr))
    try:
        yield _Drawing(line)
    finally:
        line.clear()


class _Drawing:
    """Shows the stage, how many of its steps are done, and how long the rest will take at the pace so far."""

    def __init__(self, line: StatusLine, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._clock = line, clock
        self._stage, self._start, self._drawn = "", 0.0, 0.0

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if progress.stage != self._stage:
            self._stage, self._start, self._drawn = progress.stage, now, -_INTERVAL
        if now - self._drawn < _INTERVAL and progress.done < progress.total:
            return
        self._drawn = now
        pieces: list[tuple[str, str | None]] = [(f"{progress.stage} {progress.done}/{progress.total}", None)]
        if 0 < progress.done < progress.total:
            left = (now - self._start) / progress.done * (progress.total - progress.done)
            pieces.append((f"{show(left, Kind.SECONDS)} left", None))
        self._line.draw(pieces)
