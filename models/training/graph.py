"""A few lines over `onnx.helper` to write a graph by hand: nodes return names, weights are int8 with a scale per row.

Weights are stored as int8 and turned into float32 by Cast and Mul on constants, which onnxruntime folds when it loads
the file: nothing is quantized at run time, so a score does not depend on its neighbours in the batch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

FloatArray = npt.NDArray[np.float32]


class Graph:
    """Collects nodes and constants in order."""

    def __init__(self) -> None:
        """Start empty."""
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._count = 0

    def fresh(self, stem: str) -> str:
        """Return a name not used before."""
        self._count += 1
        return f"{stem}_{self._count}"

    def op(
        self, kind: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes: int | list[int]
    ) -> str:
        """Append a node and return the name of its first output (others end in `.1`, `.2`)."""
        first = name or self.fresh(kind.lower())
        names = [first, *(f"{first}.{i}" for i in range(1, outputs))]
        node = helper.make_node(kind, list(inputs), names)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return first

    def constant(self, value: npt.ArrayLike, dtype: type[np.generic] = np.float32, stem: str = "c") -> str:
        """Add an initializer and return its name."""
        name = self.fresh(stem)
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def weight(self, matrix: FloatArray, stem: str, *, int8: bool) -> str:
        """Add a matrix `[out, in]`; int8 keeps one scale per row."""
        if not int8:
            return self.constant(matrix, stem=stem)
        codes, scale = quantize_rows(matrix)
        as_float = self.op("Cast", self.constant(codes, np.int8, stem), to=TensorProto.FLOAT)
        return self.op("Mul", as_float, self.constant(scale, stem=f"{stem}_scale"))

    def linear(self, x: str, matrix: FloatArray, stem: str, *, int8: bool) -> str:
        """Multiply `x [..., in]` by a matrix `[out, in]`."""
        turned = self.op("Transpose", self.weight(matrix, stem, int8=int8), perm=[1, 0])
        return self.op("MatMul", x, turned)


def quantize_rows(matrix: FloatArray) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Return int8 codes and one scale per row `[out, 1]`, symmetric."""
    scale = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-12) / 127.0
    return np.rint(matrix / scale).astype(np.int8), scale.astype(np.float32)
