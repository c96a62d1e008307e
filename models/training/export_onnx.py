"""Write a reward model as ONNX with past keys and values in and new ones out: standard operators, opset 18.

Inputs: `input_ids`, `position_ids` int64 [B, T]; `past_mask` float32 [B, P], 1 where a past cell is valid; `past_keys`,
`past_values` float32 [L, B, H, P, D]. Outputs: `scores` float32 [B, T] in [0, 1]; `present_keys`, `present_values`
float32 [L, B, H, T, D], the new tokens' only. P may be 0. New tokens see every valid past cell and, causally, each
other; padding on the right of T is therefore harmless.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from .graph import FloatArray, Graph
from .policy import Shape, Transformer, parameters_per_token
from .template import SPECIAL_TOKENS, STEP_END

MASKED = -1e9


class RewardGraph:
    """Builds the graph of one model, a method per part of the transformer."""

    def __init__(self, model: Transformer, *, int8: bool) -> None:
        self.shape = model.shape
        self.int8 = int8
        self.weights: dict[str, FloatArray] = {k: v.detach().float().numpy() for k, v in model.state_dict().items()}
        self.graph = Graph()

    def build(self) -> onnx.GraphProto:
        """Return the whole graph."""
        g, shape = self.graph, self.shape
        x = g.op("Gather", g.weight(self.weights["embedding.weight"], "embedding", int8=self.int8), "input_ids")
        cos, sin = self.rotation()
        bias = self.mask()
        keys: list[str] = []
        values: list[str] = []
        for layer in range(shape.layers):
            x, key, value = self.block(x, layer, cos, sin, bias)
            axis = g.constant([0], np.int64)
            keys.append(g.op("Unsqueeze", key, axis))
            values.append(g.op("Unsqueeze", value, axis))
        g.op("Concat", *keys, axis=0, name="present_keys")
        g.op("Concat", *values, axis=0, name="present_values")
        self.score(x)
        return self.finish()

    def normalised(self, x: str) -> str:
        """RMS-normalise, without a gain."""
        g = self.graph
        mean = g.op("ReduceMean", g.op("Mul", x, x), g.constant([-1], np.int64), keepdims=1)
        root = g.op("Sqrt", g.op("Add", mean, g.constant(self.shape.norm_epsilon)))
        return g.op("Div", x, root)

    def rotation(self) -> tuple[str, str]:
        """Cosine and sine `[B, 1, T, D / 2]` of the positions."""
        g, shape = self.graph, self.shape
        frequencies = shape.rope_base ** -(np.arange(0, shape.head_dim, 2) / shape.head_dim)
        positions = g.op("Cast", "position_ids", to=TensorProto.FLOAT)
        column = g.op("Unsqueeze", positions, g.constant([1, 3], np.int64))
        angle = g.op("Mul", column, g.constant(frequencies))
        return g.op("Cos", angle), g.op("Sin", angle)

    def mask(self) -> str:
        """Additive mask `[B, 1, T, P + T]`: valid past cells, then the causal triangle."""
        g = self.graph
        size = g.op("Shape", "input_ids")
        batch = g.op("Slice", size, g.constant([0], np.int64), g.constant([1], np.int64))
        length = g.op("Slice", size, g.constant([1], np.int64), g.constant([2], np.int64))
        one = g.constant([1], np.int64)
        steps = g.op("Range", g.constant(0, np.int64), g.op("Squeeze", length), g.constant(1, np.int64))
        row, column = (g.op("Unsqueeze", steps, g.constant([axis], np.int64)) for axis in (1, 0))
        future = g.op("Cast", g.op("Greater", column, row), to=TensorProto.FLOAT)
        triangle = g.op("Mul", future, g.constant(MASKED))
        own = g.op("Expand", triangle, g.op("Concat", batch, one, length, length, axis=0))
        missing = g.op("Mul", g.op("Sub", g.constant(1.0), "past_mask"), g.constant(MASKED))
        past = g.op("Unsqueeze", missing, g.constant([1, 2], np.int64))
        past_length = g.op(
            "Slice", g.op("Shape", "past_mask"), g.constant([1], np.int64), g.constant([2], np.int64)
        )
        past = g.op("Expand", past, g.op("Concat", batch, one, length, past_length, axis=0))
        return g.op("Concat", past, own, axis=3)

    def rotated(self, x: str, cos: str, sin: str) -> str:
        """Rotate `[B, H, T, D]` whose pairs lie half a head apart (see `halves`)."""
        g = self.graph
        even = g.op("Split", x, axis=3, num_outputs=2, outputs=2)
        odd = f"{even}.1"
        return g.op(
            "Concat",
            g.op("Sub", g.op("Mul", even, cos), g.op("Mul", odd, sin)),
            g.op("Add", g.op("Mul", even, sin), g.op("Mul", odd, cos)),
            axis=3,
        )

    def halves(self, matrix: FloatArray) -> FloatArray:
        """Reorder a head's rows, even ones first: rotation needs no interleaving and dot products stay the same."""
        heads = matrix.reshape(self.shape.heads, self.shape.head_dim, -1)
        return np.concatenate((heads[:, 0::2], heads[:, 1::2]), axis=1).reshape(matrix.shape)

    def block(self, x: str, layer: int, cos: str, sin: str, bias: str) -> tuple[str, str, str]:
        """One layer; returns the residual and the new keys and values `[B, H, T, D]`."""
        g = self.graph
        query, key, value = self.project(self.normalised(x), layer)
        query, key = self.rotated(query, cos, sin), self.rotated(key, cos, sin)
        index = g.constant(layer, np.int64)
        all_keys = g.op("Concat", g.op("Gather", "past_keys", index, axis=0), key, axis=2)
        all_values = g.op("Concat", g.op("Gather", "past_values", index, axis=0), value, axis=2)
        scores = g.op("MatMul", query, g.op("Transpose", all_keys, perm=[0, 1, 3, 2]))
        weights = g.op("Softmax", g.op("Add", scores, bias), axis=-1)
        mixed = g.op("Transpose", g.op("MatMul", weights, all_values), perm=[0, 2, 1, 3])
        mixed = g.op("Reshape", mixed, g.constant([0, 0, self.shape.width], np.int64))
        x = g.op("Add", x, self.linear(mixed, f"blocks.{layer}.output"))
        return g.op("Add", x, self.feed(self.normalised(x), layer)), key, value

    def project(self, h: str, layer: int) -> tuple[str, str, str]:
        """Queries (scaled), keys and values `[B, H, T, D]` from one multiplication."""
        g, shape = self.graph, self.shape
        parts = [self.weights[f"blocks.{layer}.{part}.weight"] for part in ("query", "key", "value")]
        parts[0] = self.halves(parts[0]) / np.float32(np.sqrt(shape.head_dim))
        parts[1] = self.halves(parts[1])
        joined = g.linear(h, np.concatenate(parts), f"qkv{layer}", int8=self.int8)
        split = g.op("Split", joined, axis=2, num_outputs=3, outputs=3)
        sizes = g.constant([0, 0, shape.heads, shape.head_dim], np.int64)
        names = (split, f"{split}.1", f"{split}.2")
        query, key, value = (g.op("Transpose", g.op("Reshape", n, sizes), perm=[0, 2, 1, 3]) for n in names)
        return query, key, value

    def feed(self, h: str, layer: int) -> str:
        """The SwiGLU update."""
        g = self.graph
        both = np.concatenate([self.weights[f"blocks.{layer}.{part}.weight"] for part in ("gate", "up")])
        split = g.op("Split", g.linear(h, both, f"feed{layer}", int8=self.int8), axis=2, num_outputs=2, outputs=2)
        activated = g.op("Mul", g.op("Mul", split, g.op("Sigmoid", split)), f"{split}.1")
        return self.linear(activated, f"blocks.{layer}.down")

    def linear(self, x: str, name: str) -> str:
        """Apply one of the model's matrices as it is."""
        return self.graph.linear(x, self.weights[f"{name}.weight"], name.replace(".", "_"), int8=self.int8)

    def score(self, x: str) -> None:
        """The scalar head, kept in float32: 192 weights."""
        g = self.graph
        head = self.weights["head.weight"]
        logit = g.op("Add", g.linear(self.normalised(x), head, "head", int8=False), g.constant(self.weights["head.bias"]))
        g.op("Sigmoid", g.op("Squeeze", logit, g.constant([2], np.int64)), name="scores")

    def finish(self) -> onnx.GraphProto:
        """Name inputs and outputs and their dynamic sizes."""
        shape = self.shape
        cache: list[str | int] = [shape.layers, "batch", shape.heads, "past", shape.head_dim]
        new: list[str | int] = [shape.layers, "batch", shape.heads, "tokens", shape.head_dim]
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
        return helper.make_graph(self.graph.nodes, "prm", inputs, outputs, self.graph.constants)


def metadata(shape: Shape, name: str) -> dict[str, str]:
    """What the engine must know, stored in the file."""
    facts: dict[str, Any] = {
        "kind": "prm",
        "interface": "1",
        "name": name,
        "licence": "MIT",
        "template_prefix": SPECIAL_TOKENS[1],
        "template_suffix": SPECIAL_TOKENS[2],
        "step_end": STEP_END,
        "n_layers": shape.layers,
        "n_heads": shape.heads,
        "head_dim": shape.head_dim,
        "d_attn": shape.heads * shape.head_dim,
        "params_matmul": parameters_per_token(shape, scalar_head=True),
        "context": shape.context,
    }
    return {f"edge_solver.{key}": str(value) for key, value in facts.items()}


def export(model: Transformer, path: Path, *, int8: bool = True, name: str = "edge-solver micro PRM") -> None:
    """Write the model to `path` after ONNX's own check."""
    proto = helper.make_model(
        RewardGraph(model, int8=int8).build(),
        opset_imports=[helper.make_opsetid("", 18)],
        producer_name="edge-solver",
        ir_version=9,
    )
    helper.set_model_props(proto, metadata(model.shape, name))
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, str(path))


def load_reward(checkpoint: Path) -> Transformer:
    """Rebuild a reward model from a training checkpoint."""
    saved: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = Transformer(Shape(**saved["shape"]), scalar_head=True)
    model.load_state_dict(saved["model"])
    return model.eval()


def main() -> None:
    """Export a reward model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--checkpoint", type=Path, help="reward checkpoint; random weights when left out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true", help="keep float32 weights (to measure what int8 loses)")
    args = parser.parse_args()
    torch.manual_seed(0)
    model = load_reward(args.checkpoint) if args.checkpoint else Transformer(Shape(), scalar_head=True).eval()
    export(model, args.out, int8=not args.float)
    print(f"{args.out}: {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
