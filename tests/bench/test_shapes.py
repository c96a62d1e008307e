"""Models with made-up weights are real models to llama.cpp."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("gguf")

from edge_solver.bench import shapes
from edge_solver.engines.llama import LlamaModel
from edge_solver.errors import UnknownNameError


def test_a_made_up_model_loads_with_the_shape_it_was_made_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = shapes.ModelShape(2, 128, 256, 4, 2, 512, 256)
    monkeypatch.setattr(shapes, "SHAPES", {"small": small})
    shapes.write_gguf("small", tmp_path / "small.gguf")
    with LlamaModel(tmp_path / "small.gguf") as model:
        shape = model.shape()
        assert "made-up" in model.name
        text = b"".join(model.piece(token) for token in model.tokenize("3 + 4")).decode()
        assert text.replace("\u2581", " ").strip() == "3 + 4"
    assert (shape.n_layers, shape.d_attn, shape.params_head) == (2, 128, 512 * 128)
    attention, feed_forward = 2 * 128 * 128 + 2 * 64 * 128, 3 * 128 * 256
    assert shape.params_matmul == 2 * (attention + feed_forward)
    assert not list(tmp_path.glob("*.part"))


def test_an_unknown_shape_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'llemma-7b'"):
        shapes.write_gguf("lemma-7b", tmp_path / "x.gguf")
