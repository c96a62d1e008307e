"""Read a policy back from its GGUF file, dequantized: what is evaluated is what is shipped."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import torch

from .export_gguf import gguf_name
from .policy import Shape, Transformer


def shape_of(reader: gguf.GGUFReader) -> Shape:
    """Read the shape from a file's metadata."""

    def number(key: str) -> int:
        field = reader.fields[f"llama.{key}"]
        return int(field.parts[field.data[0]][0])

    return Shape(
        vocabulary=number("vocab_size"),
        width=number("embedding_length"),
        layers=number("block_count"),
        head_dim=number("rope.dimension_count"),
        feed_forward=number("feed_forward_length"),
        context=number("context_length"),
    )


def read_policy(path: Path) -> Transformer:
    """Return the policy stored in a GGUF file written by `export_gguf`."""
    reader = gguf.GGUFReader(str(path))
    tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}
    model = Transformer(shape_of(reader))
    weights = {
        name: torch.from_numpy(np.array(tensors[gguf_name(name)], dtype=np.float32)).view_as(parameter)
        for name, parameter in model.state_dict().items()
    }
    model.load_state_dict(weights)
    return model.eval()
