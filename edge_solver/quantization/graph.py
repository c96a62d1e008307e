"""A few lines over ``onnx.helper`` to write a graph by hand: nodes return names, large weights may lie in a file.

It knows operators and no models. Weights that would make the file larger than protobuf can hold go to a second file
beside it, a tensor at a time.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper

_ALIGNED = 4096
"""Where a tensor may begin in the second file, so that it can be mapped into memory."""
_KINDS = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int8): TensorProto.INT8,
}


class Graph:
    """Collects nodes and constants in order."""

    def __init__(self, data: IO[bytes] | None = None, location: str = "") -> None:
        """Start empty.

        Args:
            data: Takes the weights; ``None`` keeps them in the graph.
            location: The name that this file will have.
        """
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._data, self._location = data, location
        self._count = 0

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes: Any) -> str:  # noqa: ANN401 - ONNX's
        """Append a node and return the name of its first output (others end in ``.1``, ``.2``)."""
        first = name or self._fresh(kind.lower())
        names = [first, *(f"{first}.{index}" for index in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return first

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a small constant."""
        name = self._fresh("c")
        array = np.asarray(value, dtype)
        self.constants.append(helper.make_tensor(name, _KINDS[array.dtype], array.shape, array.tobytes(), raw=True))
        return name

    def weight(self, name: str, array: npt.NDArray[Any]) -> str:
        """Add a weight under its name."""
        data = np.ascontiguousarray(array)
        tensor = TensorProto(name=name, data_type=_KINDS[data.dtype], dims=data.shape)
        if self._data is None:
            tensor.raw_data = data.tobytes()
        else:
            self._data.write(bytes(-self._data.tell() % _ALIGNED))
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", self._location), ("offset", self._data.tell()), ("length", data.nbytes)):
                tensor.external_data.add(key=key, value=str(value))
            self._data.write(data.data)
        self.constants.append(tensor)
        return name

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"


def file_of(path: Path) -> Path:
    """Return where the weights of a graph lie that are too large for it."""
    return path.with_name(path.name + ".data")
