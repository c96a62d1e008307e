"""A reward model's checkpoint as the ONNX graph that our scorer runs, built from its tensors by hand.

Inputs and outputs are those of ``engines/graph.py``: new tokens with their positions, past keys and values with a mask,
a score per token and the new keys and values. New tokens see every valid past cell and, causally, each other. Matrices
are float32, or blocks of 8 or 4 bits that are multiplied with activations rounded to 8 bits row by row, so that a score
does not depend on what else is in the batch.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from edge_solver.errors import ModelBrokenError
from edge_solver.quantization.architecture import Architecture
from edge_solver.quantization.blocks import BLOCK, pack, pack_rows
from edge_solver.quantization.checkpoint import Checkpoint, FloatArray
from edge_solver.quantization.graph import Graph, file_of
from edge_solver.quantization.heads import Head
from edge_solver.quantization.output import Progress, Report, silent, unfinished

MASKED = -1e9
INLINE = 1 << 30
"""Bytes of weights that stay in the graph's own file: protobuf holds 2 GiB, and keeps three copies on the way."""
_ROUNDED = 4
"""``accuracy_level`` of MatMulNBits: activations become int8."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a reward model wants to be asked."""

    name: str
    licence: str = "see the model's card"
    prefix: str = ""
    """Before the problem; may hold control tokens."""
    suffix: str = ""
    """After the problem; may hold control tokens."""
    step_end: str = "\n\n"
    """What ends a step; its last token carries the score."""


def write_reward(
    checkpoint: Checkpoint,
    architecture: Architecture,
    head: Head,
    reading: Reading,
    path: Path,
    bits: int | None,
    report: Report = silent,
) -> None:
    """Write a graph.

    Args:
        checkpoint: The weights.
        architecture: Their sizes.
        head: What makes a score of a state.
        reading: Goes into the graph's metadata.
        path: The graph; weights that are too large for it go beside it, see ``graph.file_of``.
        bits: Of a weight: 8, 4, or ``None`` for float32.
        report: Told of every layer.

    Raises:
        EdgeSolverError: The checkpoint is not whole, or the disk is full.
    """
    apart = weight_bytes(architecture, bits) > INLINE
    with ExitStack() as stack:
        partial = stack.enter_context(unfinished(path))
        data = None
        if apart:  # left last: the graph must not be there before what it points to
            partial_data = stack.enter_context(unfinished(file_of(path)))
            data = stack.enter_context(partial_data.open("wb"))
        builder = _Builder(checkpoint, architecture, Graph(data, file_of(path).name), bits)
        graph = builder.build(head, report)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)],
            producer_name="edge-solver",
            ir_version=9,
        )
        helper.set_model_props(model, metadata(architecture, head, reading))
        onnx.checker.check_model(helper.make_model(_skeleton(graph), opset_imports=model.opset_import, ir_version=9))
        with partial.open("wb") as file:
            file.write(model.SerializeToString())


def weight_bytes(architecture: Architecture, bits: int | None) -> int:
    """Return about how many bytes a graph's weights take."""
    embedding = architecture.vocabulary * architecture.width
    per_value = 4.0 if bits is None else bits / 8 + 4 / BLOCK
    return int(embedding * (4 if bits is None else 1) + matrix_values(architecture) * per_value)


def matrix_values(architecture: Architecture) -> int:
    """Return the number of weights that a token is multiplied by, without the head."""
    a = architecture
    attention = a.width * a.head * (2 * a.heads + 2 * a.heads_kv)
    return a.layers * (attention + 3 * a.width * a.feed_forward)


def metadata(architecture: Architecture, head: Head, reading: Reading) -> dict[str, str]:
    """Return what the engine must know, as it stands in the file."""
    a = architecture
    facts = {
        "kind": "prm",
        "interface": "1",
        "name": reading.name,
        "licence": reading.licence,
        "template_prefix": reading.prefix,
        "template_suffix": reading.suffix,
        "step_end": reading.step_end,
        "step_end_apart": "true",  # trained with the step's end as tokens of its own, not merged with the step's text
        "n_layers": a.layers,
        "n_heads": a.heads_kv,
        "head_dim": a.head,
        "d_attn": a.heads * a.head,
        "params_matmul": matrix_values(a) + head.weight.size + (0 if head.layer is None else head.layer.size),
        "context": a.context,
    }
    return {f"edge_solver.{key}": str(value) for key, value in facts.items()}


def _skeleton(graph: onnx.GraphProto) -> onnx.GraphProto:
    """Return a graph whose nodes can be checked without its weights, which may be larger than the checker takes."""
    inputs = [helper.make_tensor_value_info(w.name, w.data_type, list(w.dims)) for w in graph.initializer]
    return helper.make_graph(list(graph.node), graph.name, [*graph.input, *inputs], list(graph.output))


class _Builder:
    """Builds the graph of one model, a method per part of the transformer."""

    def __init__(self, checkpoint: Checkpoint, architecture: Architecture, graph: Graph, bits: int | None) -> None:
        self.checkpoint, self.a, self.g, self.bits = checkpoint, architecture, graph, bits
        self.prefix = "pretrained_model." if "pretrained_model.model.norm.weight" in checkpoint.tensors else ""
        self.keys: list[str] = []
        self.values: list[str] = []

    def build(self, head: Head, report: Report) -> onnx.GraphProto:
        """Return the whole graph."""
        g = self.g
        x = self.embed()
        cos, sin = self.rotation()
        bias = self.mask()
        for layer in range(self.a.layers):
            report(Progress("converting", layer, self.a.layers))
            x = self.block(x, layer, cos, sin, bias)
        report(Progress("converting", self.a.layers, self.a.layers))
        g.op("Concat", *self.keys, axis=0, name="present_keys")
        g.op("Concat", *self.values, axis=0, name="present_values")
        self.score(self.normalised(x, "model.norm.weight"), head)
        return self.finish()

    def read(self, name: str, shape: tuple[int, ...]) -> FloatArray:
        """Return a small tensor of the shape that the configuration calls for."""
        tensor = self.checkpoint[self.prefix + name]
        if tensor.shape != shape:
            raise ModelBrokenError(f"{name} is of shape {tensor.shape}, not {shape} as config.json calls for")
        return tensor.read()

    def embed(self) -> str:
        """Look up the embedding ``[B, T, width]``, row by row out of int8 where weights are small."""
        g, name = self.g, "model.embed_tokens.weight"
        tensor = self.checkpoint[self.prefix + name]
        if self.bits is None:
            return g.op("Gather", g.weight(name, tensor.read()), "input_ids")
        packed = [pack_rows(slab) for slab in tensor.slabs()]
        codes = g.weight(name, np.concatenate([part for part, _ in packed]))
        scales = g.weight(f"{name}.scale", np.concatenate([part for _, part in packed]))
        rows = g.op("Cast", g.op("Gather", codes, "input_ids"), to=TensorProto.FLOAT)
        return g.op("Mul", rows, g.op("Gather", scales, "input_ids"))

    def linear(self, x: str, name: str) -> str:
        """Multiply by a matrix of the checkpoint, and add its bias if it has one."""
        g = self.g
        tensor = self.checkpoint[f"{self.prefix}{name}.weight"]
        rows, columns = tensor.shape
        if self.bits is None:
            product = g.op("MatMul", x, g.weight(f"{name}.weight", tensor.read().T))
        else:
            packed = [pack(slab, self.bits) for slab in tensor.slabs()]
            codes = g.weight(f"{name}.weight", np.concatenate([part for part, _ in packed]))
            scales = g.weight(f"{name}.scale", np.concatenate([part for _, part in packed]).reshape(-1))
            product = g.op(
                "MatMulNBits",
                x,
                codes,
                scales,
                domain="com.microsoft",
                N=rows,
                K=columns,
                bits=self.bits,
                block_size=BLOCK,
                accuracy_level=_ROUNDED,
            )
        if f"{self.prefix}{name}.bias" not in self.checkpoint.tensors:
            return product
        return g.op("Add", product, g.constant(self.read(f"{name}.bias", (rows,))))

    def normalised(self, x: str, name: str) -> str:
        """RMS-normalise and multiply by the gain."""
        g = self.g
        mean = g.op("ReduceMean", g.op("Mul", x, x), g.constant([-1], np.int64), keepdims=1)
        root = g.op("Sqrt", g.op("Add", mean, g.constant(self.a.epsilon)))
        return g.op("Mul", g.op("Div", x, root), g.constant(self.read(name, (self.a.width,))))

    def rotation(self) -> tuple[str, str]:
        """Cosine and sine ``[B, 1, T, head]`` of the positions, both halves alike."""
        g, rope = self.g, self.a.rope
        positions = g.op("Cast", "position_ids", to=TensorProto.FLOAT)
        column = g.op("Unsqueeze", positions, g.constant([1, 3], np.int64))
        angle = g.op("Mul", column, g.constant(np.tile(rope.frequencies(self.a.head), 2)))
        size = g.constant(rope.magnitude)
        return g.op("Mul", g.op("Cos", angle), size), g.op("Mul", g.op("Sin", angle), size)

    def mask(self) -> str:
        """Additive mask ``[B, 1, 1, T, P + T]``: valid past cells, then the causal triangle."""
        g = self.g
        one = g.constant([1], np.int64)
        size = g.op("Shape", "input_ids")
        batch, length = (g.op("Slice", size, *(g.constant([i], np.int64) for i in (at, at + 1))) for at in (0, 1))
        steps = g.op("Range", g.constant(0, np.int64), g.op("Squeeze", length), g.constant(1, np.int64))
        row, column = (g.op("Unsqueeze", steps, g.constant([axis], np.int64)) for axis in (1, 0))
        future = g.op("Cast", g.op("Greater", column, row), to=TensorProto.FLOAT)
        triangle = g.op("Mul", future, g.constant(MASKED))
        own = g.op("Expand", triangle, g.op("Concat", batch, one, one, length, length, axis=0))
        missing = g.op("Mul", g.op("Sub", g.constant(1.0), "past_mask"), g.constant(MASKED))
        past = g.op("Unsqueeze", missing, g.constant([1, 2, 3], np.int64))
        cells = g.op("Slice", g.op("Shape", "past_mask"), g.constant([1], np.int64), g.constant([2], np.int64))
        past = g.op("Expand", past, g.op("Concat", batch, one, one, length, cells, axis=0))
        return g.op("Concat", past, own, axis=4)

    def rotated(self, x: str, cos: str, sin: str) -> str:
        """Rotate ``[B, H, T, head]`` whose pairs lie half a head apart."""
        g = self.g
        first = g.op("Split", x, axis=3, num_outputs=2, outputs=2)
        turned = g.op("Concat", g.op("Neg", f"{first}.1"), first, axis=3)
        return g.op("Add", g.op("Mul", x, cos), g.op("Mul", turned, sin))

    def heads(self, x: str, count: int) -> str:
        """Split ``[B, T, count * head]`` into heads ``[B, count, T, head]``."""
        sizes = self.g.constant([0, 0, count, self.a.head], np.int64)
        return self.g.op("Transpose", self.g.op("Reshape", x, sizes), perm=[0, 2, 1, 3])

    def block(self, x: str, layer: int, cos: str, sin: str, bias: str) -> str:
        """One layer; returns the residual and keeps the new keys and values."""
        g, a, name = self.g, self.a, f"model.layers.{layer}"
        h = self.normalised(x, f"{name}.input_layernorm.weight")
        query = self.rotated(self.heads(self.linear(h, f"{name}.self_attn.q_proj"), a.heads), cos, sin)
        key = self.rotated(self.heads(self.linear(h, f"{name}.self_attn.k_proj"), a.heads_kv), cos, sin)
        value = self.heads(self.linear(h, f"{name}.self_attn.v_proj"), a.heads_kv)
        mixed = self.attended(query, self.remembered("keys", key), self.remembered("values", value), bias)
        x = g.op("Add", x, self.linear(mixed, f"{name}.self_attn.o_proj"))
        h = self.normalised(x, f"{name}.post_attention_layernorm.weight")
        gate, up = (self.linear(h, f"{name}.mlp.{part}_proj") for part in ("gate", "up"))
        activated = g.op("Mul", g.op("Mul", gate, g.op("Sigmoid", gate)), up)
        return g.op("Add", x, self.linear(activated, f"{name}.mlp.down_proj"))

    def remembered(self, which: str, new: str) -> str:
        """Put a layer's new keys or values out, and return them behind the past ones."""
        g, kept = self.g, self.keys if which == "keys" else self.values
        past = g.op("Gather", f"past_{which}", g.constant(len(kept), np.int64), axis=0)
        kept.append(g.op("Unsqueeze", new, g.constant([0], np.int64)))
        return g.op("Concat", past, new, axis=2)

    def attended(self, query: str, keys: str, values: str, bias: str) -> str:
        """Attend; query heads that share a key head stand in an axis of their own."""
        g, a = self.g, self.a
        grouped = g.constant([0, a.heads_kv, a.heads // a.heads_kv, -1, a.head], np.int64)
        query = g.op("Mul", g.op("Reshape", query, grouped), g.constant(a.head**-0.5))
        shared = g.constant([2], np.int64)
        keys, values = g.op("Unsqueeze", keys, shared), g.op("Unsqueeze", values, shared)
        scores = g.op("MatMul", query, g.op("Transpose", keys, perm=[0, 1, 2, 4, 3]))
        weights = g.op("Softmax", g.op("Add", scores, bias), axis=-1)
        mixed = g.op("Transpose", g.op("MatMul", weights, values), perm=[0, 3, 1, 2, 4])
        return g.op("Reshape", mixed, g.constant([0, 0, a.heads * a.head], np.int64))

    def score(self, x: str, head: Head) -> None:
        """The head, in float32: it is small."""
        g = self.g
        if head.layer is not None and head.layer_bias is not None:
            hidden = g.op("MatMul", x, g.weight("head.layer", head.layer.T))
            x = g.op("Relu", g.op("Add", hidden, g.constant(head.layer_bias)))
        logit = g.op("MatMul", x, g.weight("head.weight", head.weight[:, None]))
        flat = g.op("Squeeze", g.op("Add", logit, g.constant(head.bias)), g.constant([2], np.int64))
        g.op("Sigmoid", flat, name="scores")

    def finish(self) -> onnx.GraphProto:
        """Name inputs and outputs and their dynamic sizes."""
        a, g = self.a, self.g
        cache: list[str | int] = [a.layers, "batch", a.heads_kv, "past", a.head]
        new: list[str | int] = [a.layers, "batch", a.heads_kv, "tokens", a.head]
        tokens: list[str | int] = ["batch", "tokens"]
        value = helper.make_tensor_value_info
        inputs = [
            value("input_ids", TensorProto.INT64, tokens),
            value("position_ids", TensorProto.INT64, tokens),
            value("past_mask", TensorProto.FLOAT, ["batch", "past"]),
            value("past_keys", TensorProto.FLOAT, cache),
            value("past_values", TensorProto.FLOAT, cache),
        ]
        outputs = [
            value("scores", TensorProto.FLOAT, tokens),
            value("present_keys", TensorProto.FLOAT, new),
            value("present_values", TensorProto.FLOAT, new),
        ]
        return helper.make_graph(g.nodes, "prm", inputs, outputs, g.constants)
