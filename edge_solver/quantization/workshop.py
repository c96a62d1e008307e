"""The whole way from a checkpoint to a file that runs: what is made on the way, and in which order.

A policy goes through half precision, is read over calibration text where there is one, and is quantized by llama.cpp.
A reward model is written in one go, with its tokenizer beside it.
"""

from __future__ import annotations

from pathlib import Path

from edge_solver.errors import UsageError
from edge_solver.quantization.architecture import read_architecture
from edge_solver.quantization.checkpoint import Checkpoint
from edge_solver.quantization.output import Report, need_room, silent, unfinished
from edge_solver.quantization.recipes import POLICY_KINDS, REWARD_KINDS, Recipe

CHUNK = 512
"""Tokens of calibration text that are read as one."""
MOST_CHUNKS = 200
_BITS = {"f16": 16.0, "q8_0": 8.5, "q4_k_m": 4.9, "q4_k_s": 4.6, "q4_0": 4.6}
"""Of a weight, about: to see beforehand whether the disk has room."""


def make(
    checkpoint: Checkpoint, kind: str, path: Path, recipe: Recipe, text: str | None, report: Report = silent
) -> list[Path]:
    """Make one artifact and return the files that were written, the artifact first.

    Args:
        checkpoint: The weights.
        kind: One of ``KINDS``.
        path: The artifact.
        recipe: How it is asked.
        text: Calibration text for an importance matrix; ``None`` for none.
        report: Told of every step.

    Raises:
        EdgeSolverError: The checkpoint or its tokenizer cannot be converted, or the disk is full.
    """
    if kind in POLICY_KINDS:
        return _policy(checkpoint, kind, path, recipe.name, text, report)
    return _reward(checkpoint, kind, path, recipe, report)


def _policy(checkpoint: Checkpoint, kind: str, path: Path, name: str, text: str | None, report: Report) -> list[Path]:
    from edge_solver.quantization.policy import write_policy

    _refuse_score_heads(checkpoint)
    half = checkpoint.values * 2
    if kind == "f16":
        need_room(path.parent, half)
        write_policy(checkpoint, path, name, report)
        return [path]
    need_room(path.parent, half + int(checkpoint.values * _BITS[kind] / 8))
    with unfinished(path) as partial:
        between = partial.with_name(f"{partial.stem}.f16.part")
        try:
            write_policy(checkpoint, between, name, report)
            _quantize(between, partial, kind, text, report)
        finally:
            between.unlink(missing_ok=True)
    return [path]


def make_from_gguf(source: Path, kind: str, path: Path, text: str | None, report: Report = silent) -> list[Path]:
    """Quantize a GGUF that is there already, and return the file that was written; see ``make``."""
    if kind not in POLICY_KINDS or kind == "f16":
        raise UsageError(f"{source} is a GGUF, which becomes {', '.join(POLICY_KINDS[:-1])}; {kind} needs a checkpoint")
    if path.exists() and path.samefile(source):
        raise UsageError(f"{path} is what is read; choose another place with --out")
    need_room(path.parent, source.stat().st_size)
    with unfinished(path) as partial:
        _quantize(source, partial, kind, text, report)
    return [path]


def _quantize(source: Path, target: Path, kind: str, text: str | None, report: Report) -> None:
    from edge_solver.quantization.native import measure_importance, quantize_gguf

    importance = None
    if text is not None:
        importance = measure_importance(source, text, chunk=CHUNK, most=MOST_CHUNKS, report=report)
    quantize_gguf(source, target, kind, importance, report)


def _reward(checkpoint: Checkpoint, kind: str, path: Path, recipe: Recipe, report: Report) -> list[Path]:
    from edge_solver.quantization.graph import file_of
    from edge_solver.quantization.heads import kind_of, read_head
    from edge_solver.quantization.policy import write_tokenizer
    from edge_solver.quantization.reward import Reading, weight_bytes, write_reward

    bits = REWARD_KINDS[kind]
    architecture = read_architecture(checkpoint.config)
    need_room(path.parent, weight_bytes(architecture, bits))
    head = read_head(checkpoint, recipe.head or kind_of(checkpoint), good=recipe.good, bad=recipe.bad)
    reading = Reading(recipe.name, recipe.licence, recipe.prefix, recipe.suffix, recipe.step_end)
    tokenizer = path.with_suffix(".gguf")  # where the engine looks for it
    write_tokenizer(checkpoint.folder, tokenizer, architecture, recipe.name)
    write_reward(checkpoint, architecture, head, reading, path, bits, report)
    return [file for file in (path, file_of(path), tokenizer) if file.exists()]


def _refuse_score_heads(checkpoint: Checkpoint) -> None:
    if any(name.startswith(("score.", "v_head.")) for name in checkpoint.tensors):
        raise UsageError(
            f"{checkpoint.folder} is a reward model, which becomes ONNX: use --to {' or --to '.join(REWARD_KINDS)}"
        )
