"""The reward model: the policy, what it thinks of each token it reads, and two small layers that judge.

The trunk is a policy. At each token the model knows how likely the policy held that token (from the state of the token
before); this evidence joins the policy's own state, and two further causal layers gather it along the solution. The
score at a step's last token says whether everything up to there is right.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .fused import normalise
from .policy import Block, Shape, Transformer, turns

EVIDENCE = 4
EVIDENCE_FLOOR, EVIDENCE_SCALE = -8.0, 0.25
JUDGE_LAYERS = 2
JUDGE_FEED_FORWARD = 256


class RewardModel(nn.Module):
    """A policy with a judge on top."""

    def __init__(self, policy: Transformer) -> None:
        """Take the policy as it is; draw the judge's weights."""
        super().__init__()
        self.policy = policy
        shape = judge_shape(policy.shape)
        self.evidence = nn.Linear(EVIDENCE, shape.width, bias=False)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.head = nn.Linear(shape.width, 1)
        for block in self.blocks:
            for name, parameter in block.named_parameters():
                small = 0.2 if "output" in name or "down" in name else 1.0
                nn.init.normal_(parameter, std=small * shape.width**-0.5)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return judged states `[B, T, width]` (for `head`) and the policy's states, of token ids `[B, T]`."""
        states = self.policy.trunk(tokens)
        x = states + self.evidence(self.surprise(tokens, states.detach()))
        turn = turns(torch.arange(tokens.shape[1]), self.policy.shape)
        for block in self.blocks:
            x = block(x, turn)
        return normalise(x, self.policy.shape.norm_epsilon), states

    def hasten(self) -> RewardModel:
        """Make training faster on processors with units for bfloat16 (AMX), as a policy's."""
        self.policy.hasten()
        for block in self.blocks:
            assert isinstance(block, Block)
            block.hasten()
        return self

    def surprise(self, tokens: Tensor, states: Tensor) -> Tensor:
        """Return how the policy saw each token coming `[B, T, 4]`, from the states of the tokens before."""
        with torch.no_grad():
            before = torch.cat((torch.zeros_like(states[:, :1]), states[:, :-1]), dim=1)
            logits = self.policy.head(before)
            total = logits.logsumexp(dim=-1)
            top = logits.amax(dim=-1)
            own = logits.gather(2, tokens.unsqueeze(-1))[..., 0]
            logs = (torch.stack((own - total, own - top), dim=-1)).clamp(min=EVIDENCE_FLOOR) * EVIDENCE_SCALE
            shares = torch.stack((own - total, top - total), dim=-1).exp()
            return torch.cat((logs, shares), dim=-1)


def judge_shape(shape: Shape) -> Shape:
    """Return the shape of the judging layers on a policy of some shape."""
    return dataclasses.replace(shape, layers=JUDGE_LAYERS, feed_forward=JUDGE_FEED_FORWARD)


def load_reward(checkpoint: Path) -> RewardModel:
    """Rebuild a reward model from a training checkpoint."""
    saved: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = RewardModel(Transformer(Shape(**saved["shape"])))
    model.load_state_dict(saved["model"])
    return model.eval()
