"""The transformer both built-in models use: Llama's shape, small enough for two CPU cores.

RMSNorm (its gain is left to the matrix that follows: exports write ones), rotary positions in the interleaved
convention (pairs 2i, 2i+1: llama.cpp's "NORM" rope for this architecture, so that weights are exported without
permutation), SwiGLU, no biases. The reward model (`reward.py`) stands on the same trunk.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch._dynamo import config as compiler
from torch.nn import functional

from .fused import gated, normalise, product, rotate


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers that fix the network."""

    vocabulary: int = 512
    width: int = 192
    layers: int = 6
    head_dim: int = 32
    feed_forward: int = 512
    context: int = 1024
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def heads(self) -> int:
        """Number of attention heads."""
        return self.width // self.head_dim


FAMILY = {
    "nano": Shape(width=96, layers=4, feed_forward=256),
    "micro": Shape(width=192, layers=6, feed_forward=512),
    "mini": Shape(width=384, layers=6, feed_forward=1024),
}
"""The built-in policies: each is twice as wide as the one before, and grows out of it."""


COMPILED_FORMS = 64
"""A process may hold a judge and the policies whose slips it reads, each with and without gradients: beyond PyTorch's
eight forms of a function what comes later would not be compiled."""


@dataclass(slots=True)
class Cache:
    """Keys and values of one layer, `[B, T, H, head_dim]`, filled up to a length kept by the caller."""

    keys: Tensor
    values: Tensor


def turns(positions: Tensor, shape: Shape) -> Tensor:
    """Return the rotations `[T, 1, head_dim / 2, 2]` of integer positions `[T]`: cosines and sines."""
    exponent = torch.arange(0, shape.head_dim, 2, dtype=torch.float32) / shape.head_dim
    angle = positions.float()[:, None, None] * shape.rope_base**-exponent
    return torch.stack((angle.cos(), angle.sin()), dim=-1)


class Block(nn.Module):
    """One layer: attention, then feed-forward, each on a normalised residual."""

    def __init__(self, shape: Shape) -> None:
        """Make the matrices of one layer."""
        super().__init__()
        width = shape.width
        self.shape = shape
        self.kind = torch.float32
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, shape.feed_forward, bias=False)
        self.up = nn.Linear(width, shape.feed_forward, bias=False)
        self.down = nn.Linear(shape.feed_forward, width, bias=False)

    def projected(self, x: Tensor, turn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values `[B, T, H, head_dim]`, the first two rotated."""
        shape = self.shape
        weight = torch.cat((self.query.weight, self.key.weight, self.value.weight))
        joined = product(normalise(x, shape.norm_epsilon), weight, self.kind)
        both, value = joined.split((2 * shape.width, shape.width), dim=-1)
        rotated = rotate(both.unflatten(-1, (2 * shape.heads, shape.head_dim)), turn)
        query, key = rotated.chunk(2, dim=2)
        return query, key, value.unflatten(-1, (shape.heads, shape.head_dim))

    def forward(self, x: Tensor, turn: Tensor) -> Tensor:
        """Run the layer causally over whole sequences."""
        query, key, value = (part.transpose(1, 2) for part in self.projected(x, turn))
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.closed(x, mixed)

    def closed(self, x: Tensor, mixed: Tensor) -> Tensor:
        """Add to the residual what attention mixed `[B, H, T, head_dim]`, then the feed-forward update."""
        x = x + product(mixed.transpose(1, 2).flatten(-2), self.output.weight, self.kind)
        weight = torch.cat((self.gate.weight, self.up.weight))
        joined = product(normalise(x, self.shape.norm_epsilon), weight, self.kind)
        return x + product(gated(joined), self.down.weight, self.kind)

    def hasten(self) -> None:
        """Multiply matrices in bfloat16 and compile what lies between; attention stays as it is, in float32."""
        self.kind = torch.bfloat16
        compiler.recompile_limit = COMPILED_FORMS
        self.projected = torch.compile(self.projected, dynamic=True)  # type: ignore[method-assign]
        self.closed = torch.compile(self.closed, dynamic=True)  # type: ignore[method-assign]

    def step_at(self, x: Tensor, turn: Tensor, cache: Cache, rows: Tensor, places: Tensor) -> Tensor:
        """Run the layer on one new token `[N, 1, width]` of some rows, each at a place of its own."""
        query, key, value = self.projected(x, turn)
        cache.keys[rows, places] = key[:, 0]
        cache.values[rows, places] = value[:, 0]
        end = int(places.max()) + 1
        keys, values = (part[rows, :end].transpose(1, 2) for part in (cache.keys, cache.values))
        seen = (torch.arange(end) <= places[:, None])[:, None, None]
        mixed = functional.scaled_dot_product_attention(query.transpose(1, 2), keys, values, attn_mask=seen)
        return self.closed(x, mixed)

    def step(self, x: Tensor, turn: Tensor, cache: Cache, length: int) -> Tensor:
        """Run the layer on new tokens `[B, T, width]` at `length`: a prompt (`length` 0) or one token a row."""
        query, key, value = self.projected(x, turn)
        end = length + x.shape[1]
        cache.keys[:, length:end] = key
        cache.values[:, length:end] = value
        keys, values = (part[:, :end].transpose(1, 2) for part in (cache.keys, cache.values))
        mixed = functional.scaled_dot_product_attention(query.transpose(1, 2), keys, values, is_causal=length == 0)
        return self.closed(x, mixed)


class Transformer(nn.Module):
    """Embedding, blocks, final norm, and a head of next-token logits."""

    def __init__(self, shape: Shape) -> None:
        """Make the network and draw its weights."""
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.reset()

    def reset(self) -> None:
        """Draw initial weights; projections back into the residual start small."""
        for name, parameter in self.named_parameters():
            scale = 0.5 if "embedding" in name else 0.02 if "head" in name else self.shape.width**-0.5
            if "output" in name or "down" in name:
                scale *= 0.2
            nn.init.normal_(parameter, std=scale)

    def hasten(self) -> Transformer:
        """Make training faster on processors with units for bfloat16 (AMX); weights and residual stay float32."""
        for block in self.blocks:
            assert isinstance(block, Block)
            block.hasten()
        return self

    def trunk(self, tokens: Tensor) -> Tensor:
        """Return the normalised states `[B, T, width]` of token ids `[B, T]`."""
        turn = turns(torch.arange(tokens.shape[1]), self.shape)
        x: Tensor = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, turn)
        return normalise(x, self.shape.norm_epsilon)

    def extended(self, tokens: Tensor, caches: list[Cache], length: int) -> Tensor:
        """Return the normalised states `[B, T, width]` of new tokens `[B, T]` at `length`, extending the caches."""
        turn = turns(torch.arange(length, length + tokens.shape[1]), self.shape)
        x: Tensor = self.embedding(tokens)
        for block, cache in zip(self.blocks, caches, strict=True):
            assert isinstance(block, Block)
            x = block.step(x, turn, cache, length)
        return normalise(x, self.shape.norm_epsilon)

    def continued(self, tokens: Tensor, caches: list[Cache], length: int) -> Tensor:
        """Return the head's output `[B, out]` at the last of some new tokens `[B, T]`, extending the caches."""
        last: Tensor = self.head(self.extended(tokens, caches, length)[:, -1])
        return last

    def next_at(self, tokens: Tensor, caches: list[Cache], rows: Tensor, places: Tensor) -> Tensor:
        """Return the head's output `[N, out]` after one more token `[N]` of some rows, each at a place of its own."""
        turn = turns(places, self.shape)[:, None]
        x: Tensor = self.embedding(tokens[:, None])
        for block, cache in zip(self.blocks, caches, strict=True):
            assert isinstance(block, Block)
            x = block.step_at(x, turn, cache, rows, places)
        logits: Tensor = self.head(normalise(x[:, 0], self.shape.norm_epsilon))
        return logits

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits `[B, T, vocabulary]`."""
        logits: Tensor = self.head(self.trunk(tokens))
        return logits


def parameters_per_token(shape: Shape) -> int:
    """Count the weights a token is multiplied by: all linear layers and the head, not the embedding."""
    block = 4 * shape.width**2 + 3 * shape.width * shape.feed_forward
    return shape.layers * block + shape.width * shape.vocabulary


def save(model: nn.Module, shape: Shape, path: Path, **facts: float) -> None:
    """Write a checkpoint, of a policy or a reward model, in one move."""
    draft = path.with_suffix(".tmp")
    torch.save({"model": model.state_dict(), "shape": dataclasses.asdict(shape), "facts": facts}, draft)
    draft.replace(path)


def load_policy(checkpoint: Path) -> Transformer:
    """Rebuild a policy from a training checkpoint; a reward model's checkpoint holds one too."""
    saved: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = saved["model"]
    if "policy.head.weight" in weights:
        prefix = "policy."
        weights = {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
    model = Transformer(Shape(**saved["shape"]))
    model.load_state_dict(weights)
    return model.eval()
