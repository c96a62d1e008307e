"""Read a policy back from its GGUF file, dequantized: what is evaluated is what is shipped."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import torch

from .export_gguf import gguf_name
from .policy import Shape, Transformer


def read_policy(path: Path) -> Transformer:
    """Return the policy stored in a GGUF file written by `export_gguf`."""
    reader = gguf.GGUFReader(str(path))
    tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}
    model = Transformer(Shape())
    weights = {
        name: torch.from_numpy(np.array(tensors[gguf_name(name)], dtype=np.float32)).view_as(parameter)
        for name, parameter in model.state_dict().items()
    }
    model.load_state_dict(weights)
    return model.eval()
