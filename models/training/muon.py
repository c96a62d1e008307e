"""Muon for hidden matrices (momentum orthogonalised by Newton-Schulz), AdamW for the rest.

PyTorch has a Muon that works matrix by matrix in bfloat16; this one stacks matrices of one shape and stays in float32
unless told otherwise, which is faster on CPUs without bfloat16 units.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from .parallel import average_gradients, rank, spread, world

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Keller Jordan's quintic, https://kellerjordan.github.io/posts/muon/."""


def orthogonalised(matrices: Tensor, steps: int = 5) -> Tensor:
    """Push the singular values of a stack `[N, rows, columns]`, rows <= columns, towards one."""
    a, b, c = COEFFICIENTS
    x: Tensor = matrices / (matrices.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.add(a * x, (b * gram + c * gram @ gram) @ x)
    return x


class Muon:
    """Momentum, orthogonalised, with decoupled weight decay."""

    def __init__(
        self,
        parameters: list[nn.Parameter],
        *,
        rate: float,
        momentum: float = 0.95,
        decay: float = 0.01,
        kind: torch.dtype = torch.float32,
    ) -> None:
        """Group the matrices by shape; `kind` is that of the numbers they are orthogonalised in."""
        self.kind = kind
        self.rate, self.momentum, self.decay = rate, momentum, decay
        self.groups: dict[tuple[int, ...], list[nn.Parameter]] = defaultdict(list)
        for parameter in parameters:
            self.groups[tuple(sorted(parameter.shape))].append(parameter)
        self.buffers = {id(p): torch.zeros_like(p) for p in parameters}

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """Update every matrix once, at `factor` times the base rate; each process orthogonalises its share."""
        stacks: list[Tensor] = []
        for number, parameters in enumerate(self.halved()):
            updates = torch.stack([self.update(p) for p in parameters])
            mine = number % world() == rank()
            stacks.append(orthogonalised(updates.to(self.kind)).float() if mine else updates)
        if world() > 1:
            spread(stacks)
        rate = self.rate * factor
        for parameters, stack in zip(self.halved(), stacks, strict=True):
            for p, update in zip(parameters, stack, strict=True):
                scale = max(1.0, p.shape[0] / p.shape[1]) ** 0.5
                p.mul_(1 - rate * self.decay)
                p.add_(update if update.shape == p.shape else update.mT, alpha=-rate * scale)

    def halved(self) -> list[list[nn.Parameter]]:
        """Return the groups of one shape, each in two halves: work that two processes can share."""
        return [half for group in self.groups.values() for half in (group[::2], group[1::2])]

    def update(self, p: nn.Parameter) -> Tensor:
        """Return the Nesterov momentum of a matrix, turned so that it is not taller than wide."""
        assert p.grad is not None
        buffer = self.buffers[id(p)].lerp_(p.grad, 1 - self.momentum)
        update = p.grad.lerp(buffer, self.momentum)
        return update if update.shape[0] <= update.shape[1] else update.mT


class Optimizer:
    """Muon and AdamW behind one `step`, with clipped gradients."""

    def __init__(
        self, model: nn.Module, *, matrix_rate: float, other_rate: float, kind: torch.dtype = torch.float32
    ) -> None:
        """Give hidden matrices to Muon and the rest to AdamW."""
        trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        hidden = [p for name, p in trained if p.ndim == 2 and "blocks." in name]
        rest = [p for name, p in trained if p.ndim != 2 or "blocks." not in name]
        self.model = model
        self.muon = Muon(hidden, rate=matrix_rate, kind=kind)
        self.adam = torch.optim.AdamW(rest, lr=other_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
        self.other_rate = other_rate

    def step(self, factor: float) -> None:
        """Average over processes, clip, update everything at `factor` times its base rate, clear the gradients."""
        if world() > 1:
            average_gradients(self.model)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.adam.param_groups:
            group["lr"] = self.other_rate * factor
        self.muon.step(factor)
        self.adam.step()
        self.model.zero_grad(set_to_none=True)
