"""Element-wise parts of the transformer with hand-written gradients.

On two CPU cores the passes over memory between matrix products cost more than the products; these forms make about
half as many as autograd's. A compiler fuses the plain forms further, so it gets those.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Saved(Protocol):
    """What autograd hands to both passes."""

    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors for the backward pass."""


class _Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Saved, x: Tensor, epsilon: float) -> Tensor:
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        scale = norm.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        y = torch.mul(x, scale)
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx: Saved, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        y, scale = ctx.saved_tensors
        along = (gradient * y).sum(dim=-1, keepdim=True).div_(-y.shape[-1])
        return torch.addcmul(gradient, y, along).mul_(scale), None


class _Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Saved, joined: Tensor) -> Tensor:
        gate, up = joined.chunk(2, dim=-1)
        activated = functional.silu(gate)
        ctx.save_for_backward(joined, activated)
        return activated * up

    @staticmethod
    def backward(ctx: Saved, *gradients: Tensor) -> Tensor:
        (gradient,) = gradients
        joined, activated = ctx.saved_tensors
        gate, up = joined.chunk(2, dim=-1)
        out = torch.empty_like(joined)
        half = joined.shape[-1] // 2
        torch.mul(gradient, activated, out=out[..., half:])
        out[..., :half] = torch.ops.aten.silu_backward(gradient * up, gate)
        return out


def normalise(x: Tensor, epsilon: float) -> Tensor:
    """RMS-normalise the last dimension, without a gain (the next matrix has it)."""
    if torch.compiler.is_compiling():
        return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + epsilon)
    result: Tensor = _Normalise.apply(x, epsilon)  # type: ignore[no-untyped-call]
    return result


def gated(joined: Tensor) -> Tensor:
    """Return `silu(gate) * up` of the two halves of the last dimension."""
    if torch.compiler.is_compiling():
        gate, up = joined.chunk(2, dim=-1)
        return functional.silu(gate) * up
    result: Tensor = _Gated.apply(joined)  # type: ignore[no-untyped-call]
    return result


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Rotate neighbouring pairs of `x [..., T, heads, head_dim]` by cosines and sines `[T, 1, head_dim / 2, 2]`."""
    if torch.compiler.is_compiling():
        first, second = x.unflatten(-1, (-1, 2)).unbind(-1)
        cosine, sine = turn.unbind(-1)
        return torch.stack((first * cosine - second * sine, first * sine + second * cosine), dim=-1).flatten(-2)
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * torch.view_as_complex(turn)).flatten(-2)


def product(x: Tensor, weight: Tensor, kind: torch.dtype) -> Tensor:
    """Return `x @ weight.T`, multiplied in numbers of `kind`, as float32."""
    return functional.linear(x.to(kind), weight.to(kind)).float()
