"""Write a reward model as ONNX with past keys and values in and new ones out: standard operators, opset 18.

Inputs: `input_ids`, `position_ids` int64 [B, T]; `past_mask` float32 [B, P], 1 where a past cell is valid; `past_keys`,
`past_values` float32 [L, B, H, P, D]. Outputs: `scores` float32 [B, T] in [0, 1]; `present_keys`, `present_values`
float32 [L, B, H, T, D], the new tokens' only. P may be 0. New tokens see every valid past cell and, causally, each
other; padding on the right of T is therefore harmless. The last layer of the cache keeps the policy's states: past
cells must stand in the order of their tokens.
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
from .reward import (
    EVIDENCE,
    EVIDENCE_FLOOR,
    EVIDENCE_SCALE,
    JUDGE_LAYERS,
    RewardModel,
    judge_shape,
    load_reward,
)
from .template import SPECIAL_TOKENS, STEP_END

MASKED = -1e9


class RewardGraph:
    """Builds the graph of one model, a method per part of the transformer."""

    def __init__(self, model: RewardModel, *, int8: bool) -> None:
        """Take the model's weights as arrays."""
        self.shape = model.policy.shape
        self.int8 = int8
        self.weights: dict[str, FloatArray] = {k: v.detach().float().numpy() for k, v in model.state_dict().items()}
        self.graph = Graph()
        self.keys: list[str] = []
        self.values: list[str] = []

    def build(self) -> onnx.GraphProto:
        """Return the whole graph."""
        g, shape = self.graph, self.shape
        x = g.op("Gather", g.weight(self.weights["policy.embedding.weight"], "embedding", int8=self.int8), "input_ids")
        cos, sin = self.rotation()
        bias = self.mask()
        for layer in range(shape.layers):
            x = self.block(x, f"policy.blocks.{layer}", cos, sin, bias)
        states = self.normalised(x)
        x = g.op("Add", states, self.linear(self.surprise(states), "evidence", exact=True))
        for layer in range(JUDGE_LAYERS):
            x = self.block(x, f"blocks.{layer}", cos, sin, bias)
        self.remember(states)
        g.op("Concat", *self.keys, axis=0, name="present_keys")
        g.op("Concat", *self.values, axis=0, name="present_values")
        self.score(x)
        return self.finish()

    def keep(self, key: str, value: str) -> None:
        """Put new keys and values `[B, H, T, D]` out as the next layer of the cache."""
        g = self.graph
        axis = g.constant([0], np.int64)
        self.keys.append(g.op("Unsqueeze", key, axis))
        self.values.append(g.op("Unsqueeze", value, axis))

    def remember(self, states: str) -> None:
        """Keep the policy's states as the last layer of the cache: the next token's surprise is read from them."""
        g, shape = self.graph, self.shape
        sizes = g.constant([0, 0, shape.heads, shape.head_dim], np.int64)
        split = g.op("Transpose", g.op("Reshape", states, sizes), perm=[0, 2, 1, 3])
        self.keep(split, split)

    def before(self, states: str) -> str:
        """The states one token earlier `[B, T, width]`: the last valid past cell (zeros without one), then our own."""
        g, shape = self.graph, self.shape
        past = g.op("Gather", "past_values", g.constant(cache_layers(shape) - 1, np.int64), axis=0)
        past = g.op("Transpose", past, perm=[0, 2, 1, 3])
        past = g.op("Reshape", past, g.constant([0, 0, shape.width], np.int64))
        none = g.op("Mul", g.op("Slice", states, *(g.constant([i], np.int64) for i in (0, 1, 1))), g.constant(0.0))
        cells = g.op("Concat", none, past, axis=1)
        ones = g.op("Add", g.op("Mul", "past_mask", g.constant(0.0)), g.constant(1.0))
        place = g.op("Mul", "past_mask", g.op("CumSum", ones, g.constant(1, np.int64)))
        place = g.op("Concat", g.op("ReduceMean", none, g.constant([2], np.int64), keepdims=0), place, axis=1)
        last = g.op("Equal", place, g.op("ReduceMax", place, g.constant([1], np.int64), keepdims=1))
        row = g.op("Unsqueeze", g.op("Cast", last, to=TensorProto.FLOAT), g.constant([1], np.int64))
        own = g.op("Slice", states, *(g.constant([i], np.int64) for i in (0, -1, 1)))
        return g.op("Concat", g.op("MatMul", row, cells), own, axis=1)

    def surprise(self, states: str) -> str:
        """How the policy saw each token coming `[B, T, 4]`; see `RewardModel.surprise`."""
        g = self.graph
        last = g.constant([2], np.int64)
        logits = self.linear(self.before(states), "policy.head")
        top = g.op("ReduceMax", logits, last, keepdims=1)
        spread = g.op("ReduceSum", g.op("Exp", g.op("Sub", logits, top)), last, keepdims=1)
        total = g.op("Add", top, g.op("Log", spread))
        own = g.op("GatherElements", logits, g.op("Unsqueeze", "input_ids", last), axis=2)
        likely, gap, best = g.op("Sub", own, total), g.op("Sub", own, top), g.op("Sub", top, total)
        logs = g.op("Max", g.op("Concat", likely, gap, axis=2), g.constant(EVIDENCE_FLOOR))
        shares = g.op("Exp", g.op("Concat", likely, best, axis=2))
        return g.op("Concat", g.op("Mul", logs, g.constant(EVIDENCE_SCALE)), shares, axis=2)

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
        past_length = g.op("Slice", g.op("Shape", "past_mask"), g.constant([1], np.int64), g.constant([2], np.int64))
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

    def block(self, x: str, name: str, cos: str, sin: str, bias: str) -> str:
        """One layer; returns the residual and keeps the new keys and values."""
        g = self.graph
        query, key, value = self.project(self.normalised(x), name)
        query, key = self.rotated(query, cos, sin), self.rotated(key, cos, sin)
        index = g.constant(len(self.keys), np.int64)
        all_keys = g.op("Concat", g.op("Gather", "past_keys", index, axis=0), key, axis=2)
        all_values = g.op("Concat", g.op("Gather", "past_values", index, axis=0), value, axis=2)
        self.keep(key, value)
        scores = g.op("MatMul", query, g.op("Transpose", all_keys, perm=[0, 1, 3, 2]))
        weights = g.op("Softmax", g.op("Add", scores, bias), axis=-1)
        mixed = g.op("Transpose", g.op("MatMul", weights, all_values), perm=[0, 2, 1, 3])
        mixed = g.op("Reshape", mixed, g.constant([0, 0, self.shape.width], np.int64))
        x = g.op("Add", x, self.linear(mixed, f"{name}.output"))
        return g.op("Add", x, self.feed(self.normalised(x), name))

    def project(self, h: str, name: str) -> tuple[str, str, str]:
        """Queries (scaled), keys and values `[B, H, T, D]` from one multiplication."""
        g, shape = self.graph, self.shape
        parts = [self.weights[f"{name}.{part}.weight"] for part in ("query", "key", "value")]
        parts[0] = self.halves(parts[0]) / np.float32(np.sqrt(shape.head_dim))
        parts[1] = self.halves(parts[1])
        joined = g.linear(h, np.concatenate(parts), f"{name}.qkv", int8=self.int8)
        split = g.op("Split", joined, axis=2, num_outputs=3, outputs=3)
        sizes = g.constant([0, 0, shape.heads, shape.head_dim], np.int64)
        parts_of = (split, f"{split}.1", f"{split}.2")
        query, key, value = (g.op("Transpose", g.op("Reshape", n, sizes), perm=[0, 2, 1, 3]) for n in parts_of)
        return query, key, value

    def feed(self, h: str, name: str) -> str:
        """The SwiGLU update."""
        g = self.graph
        both = np.concatenate([self.weights[f"{name}.{part}.weight"] for part in ("gate", "up")])
        split = g.op("Split", g.linear(h, both, f"{name}.feed", int8=self.int8), axis=2, num_outputs=2, outputs=2)
        activated = g.op("Mul", g.op("Mul", split, g.op("Sigmoid", split)), f"{split}.1")
        return self.linear(activated, f"{name}.down")

    def linear(self, x: str, name: str, *, exact: bool = False) -> str:
        """Apply one of the model's matrices; an exact one is never quantized."""
        return self.graph.linear(x, self.weights[f"{name}.weight"], name, int8=self.int8 and not exact)

    def score(self, x: str) -> None:
        """The scalar head, kept in float32: 192 weights."""
        g = self.graph
        head = self.weights["head.weight"]
        logit = g.op(
            "Add", g.linear(self.normalised(x), head, "head", int8=False), g.constant(self.weights["head.bias"])
        )
        g.op("Sigmoid", g.op("Squeeze", logit, g.constant([2], np.int64)), name="scores")

    def finish(self) -> onnx.GraphProto:
        """Name inputs and outputs and their dynamic sizes."""
        shape = self.shape
        cache: list[str | int] = [cache_layers(shape), "batch", shape.heads, "past", shape.head_dim]
        new: list[str | int] = [cache_layers(shape), "batch", shape.heads, "tokens", shape.head_dim]
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


def cache_layers(shape: Shape) -> int:
    """Count the layers of the cache: the policy's, the judge's, and one that keeps the policy's states."""
    return shape.layers + JUDGE_LAYERS + 1


def parameters_multiplied(shape: Shape) -> int:
    """Count the weights a token is multiplied by."""
    judge = judge_shape(shape)
    blocks = parameters_per_token(judge) - judge.width * judge.vocabulary
    return parameters_per_token(shape) + blocks + (EVIDENCE + 1) * shape.width


def metadata(shape: Shape, name: str, problem_line: tuple[float, float]) -> dict[str, str]:
    """What the engine must know, stored in the file; `problem_line` is what `calibrate.py` fitted for problems."""
    slope, offset = problem_line
    facts: dict[str, Any] = {
        "kind": "prm",
        "interface": "1",
        "problem_score": "solvable",  # the score at the prompt's last token: the chance that a sample is right
        "problem_slope": slope,  # of that score's log-odds
        "problem_offset": offset,
        "name": name,
        "licence": "MIT",
        "template_prefix": SPECIAL_TOKENS[1],
        "template_suffix": SPECIAL_TOKENS[2],
        "step_end": STEP_END,
        "n_layers": cache_layers(shape),
        "n_heads": shape.heads,
        "head_dim": shape.head_dim,
        "d_attn": shape.heads * shape.head_dim,
        "params_matmul": parameters_multiplied(shape),
        "context": shape.context,
    }
    return {f"edge_solver.{key}": str(value) for key, value in facts.items()}


def export(
    model: RewardModel,
    path: Path,
    *,
    int8: bool = True,
    name: str = "edge-solver PRM",
    problem_line: tuple[float, float] = (1.0, 0.0),
) -> None:
    """Write the model to `path` after ONNX's own check."""
    proto = helper.make_model(
        RewardGraph(model, int8=int8).build(),
        opset_imports=[helper.make_opsetid("", 18)],
        producer_name="edge-solver",
        ir_version=9,
    )
    helper.set_model_props(proto, metadata(model.policy.shape, name, problem_line))
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, str(path))


def main() -> None:
    """Export a reward model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--checkpoint", type=Path, help="reward checkpoint; random weights when left out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true", help="keep float32 weights (to measure what int8 loses)")
    args = parser.parse_args()
    torch.manual_seed(0)
    model = load_reward(args.checkpoint) if args.checkpoint else RewardModel(Transformer(Shape())).eval()
    facts = torch.load(args.checkpoint, weights_only=True)["facts"] if args.checkpoint else {}
    line = (facts.get("problem_slope", 1.0), facts.get("problem_offset", 0.0))
    export(model, args.out, int8=not args.float, problem_line=line)
    print(f"{args.out}: {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
