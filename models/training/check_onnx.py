"""Compare an exported reward model with PyTorch, and scoring in pieces (padded past cells) with scoring at once."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from .export_onnx import cache_layers, export
from .reward import load_reward

Array = npt.NDArray[np.float32]


def run(
    session: onnxruntime.InferenceSession,
    tokens: npt.NDArray[np.int64],
    start: int,
    mask: Array,
    keys: Array,
    values: Array,
) -> tuple[Array, Array, Array]:
    """Return scores and the new keys and values."""
    positions = np.tile(np.arange(start, start + tokens.shape[1]), (len(tokens), 1))
    feeds = {
        "input_ids": tokens,
        "position_ids": positions,
        "past_mask": mask,
        "past_keys": keys,
        "past_values": values,
    }
    scores, new_keys, new_values = session.run(None, feeds)
    return scores, new_keys, new_values


def main() -> None:
    """Export with int8 and float32 weights to a temporary folder and compare."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    args = parser.parse_args()
    model = load_reward(args.checkpoint)
    shape = model.policy.shape
    tokens = np.random.default_rng(0).integers(4, shape.vocabulary, (4, 60))
    whole, none = (
        np.zeros((4, 0), np.float32),
        np.zeros((cache_layers(shape), 4, shape.heads, 0, shape.head_dim), np.float32),
    )
    with torch.inference_mode():
        wanted = model.head(model(torch.from_numpy(tokens))[0])[..., 0].sigmoid().numpy()
    with tempfile.TemporaryDirectory() as folder:
        for int8 in (False, True):
            path = Path(folder) / "prm.onnx"
            export(model, path, int8=int8)
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            scores, _, _ = run(session, tokens, 0, whole, none, none)
            print(f"{'int8' if int8 else 'float32'}: against PyTorch {np.abs(scores - wanted).max():.2e}")
            _, keys, values = run(session, tokens[:, :35], 0, whole, none, none)
            padding = ((0, 0), (0, 0), (0, 0), (0, 9), (0, 0))
            mask = np.concatenate((np.ones((4, 35)), np.zeros((4, 9))), axis=1).astype(np.float32)
            pieces = [np.pad(part, padding, constant_values=3.0) for part in (keys, values)]
            later, _, _ = run(session, tokens[:, 35:], 35, mask, pieces[0], pieces[1])
            print(f"  in two pieces {np.abs(later - scores[:, 35:]).max():.2e}")
            alone, _, _ = run(session, tokens[:1], 0, whole[:1], none[:, :1], none[:, :1])
            print(f"  one row alone {np.abs(alone - scores[:1]).max():.2e}")


if __name__ == "__main__":
    main()
