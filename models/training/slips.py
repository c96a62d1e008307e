"""Where a policy first slips, without sampling the whole solution.

Canonical solutions are deterministic, so a sampled solution is the canonical one up to the first token drawn otherwise.
One pass over the canonical text gives the distribution at every place at once: a token is drawn at each of them, the
first that differs is the slip, and only the rest of its line has to be sampled one token after the other. Steps and
labels up to the first wrong step come out exactly as sampling would give them, for a fraction of its cost.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from .corpus import padded
from .corrupt import Labelled, clean
from .labels import holds
from .policy import Cache, Transformer
from .problems import Problem
from .sample import choose
from .template import END, STEP_END
from .tokenizer import encode_prompt, newline_id

LONGEST_TAIL = 40
"""Tokens drawn after a slip; a line that is not finished by then is dropped."""


def slipped(
    model: Transformer, tokenizer: Tokenizer, problems: list[Problem], temperature: float, generator: torch.Generator
) -> list[Labelled | None]:
    """Return each problem's solution as the policy writes it, up to its first wrong line.

    `None` where that line cannot be told wrong (another true equation) or is not a line (the end token, no end).
    """
    solutions = [clean(problem).lines for problem in problems]
    rows, prompts = [], []
    for problem, lines in zip(problems, solutions, strict=True):
        prompt = encode_prompt(tokenizer, problem.text)
        text = "".join(line + STEP_END for line in lines)
        rows.append([*prompt, *tokenizer.encode(text, add_special_tokens=False).ids, END])
        prompts.append(len(prompt))
    newline = newline_id(tokenizer)
    tokens, ends = draw(model, rows, prompts, newline, temperature, generator)
    found: list[Labelled | None] = []
    for lines, prompt, row, end in zip(solutions, prompts, tokens.tolist(), ends, strict=True):
        if end is None:
            found.append(Labelled(lines, None))
            continue
        drawn = row[prompt:end]
        if drawn[-1] != newline or END in drawn:
            found.append(None)
            continue
        *before, wrong = tokenizer.decode(drawn[:-1], skip_special_tokens=False).split(STEP_END)
        same = len(before) < len(lines) and wrong == lines[len(before)]  # in other tokens
        found.append(None if same or not wrong or holds(wrong) else Labelled((*before, wrong), len(before)))
    return found


@torch.inference_mode()
def draw(
    model: Transformer,
    rows: list[list[int]],
    prompts: list[int],
    newline: int,
    temperature: float,
    generator: torch.Generator,
) -> tuple[Tensor, list[int | None]]:
    """Return the rows `[N, T]` with the first slip and the rest of its line drawn, and where each now ends.

    `None`: no slip; the row is the canonical one. A row that reaches no line end ends after its last drawn token.
    """
    canonical = torch.from_numpy(padded([np.array(row, dtype=np.uint16) for row in rows]))
    lengths, width = torch.tensor([len(row) for row in rows]), canonical.shape[1]
    size = (len(rows), width + LONGEST_TAIL, model.shape.heads, model.shape.head_dim)
    caches = [Cache(torch.zeros(size), torch.zeros(size)) for _ in range(model.shape.layers)]
    logits = model.head(model.extended(canonical, caches, 0)[:, :-1])
    drawn = choose(logits.flatten(0, 1), temperature, generator).view(len(rows), width - 1)
    place = torch.arange(1, width)
    free = (place >= torch.tensor(prompts)[:, None]) & (place < lengths[:, None])
    differs = free & (drawn != canonical[:, 1:])
    slips = torch.where(differs.any(dim=1), differs.int().argmax(dim=1) + 1, 0)
    tokens = functional.pad(canonical, (0, LONGEST_TAIL))
    ends: list[int | None] = [int(slip) + 1 if slip else None for slip in slips]
    live = slips.nonzero()[:, 0]
    places = slips[live]
    tokens[live, places] = drawn[live, places - 1]
    for _ in range(LONGEST_TAIL - 1):
        last = tokens[live, places]
        going = (last != newline) & (last != END)
        live, places, last = live[going], places[going], last[going]
        if not len(live):
            break
        logits = model.next_at(last, caches, live, places)
        places = places + 1
        chosen = choose(logits, temperature, generator)
        tokens[live, places] = chosen
        for row, at in zip(live.tolist(), places.tolist(), strict=True):
            ends[row] = at + 1
    return tokens, ends


class Slips:
    """Solutions of fresh problems with the slips of several policies, at several temperatures, in turns."""

    def __init__(
        self, policies: list[Transformer], tokenizer: Tokenizer, seed: int, temperatures: tuple[float, ...] = (1.0,)
    ) -> None:
        """Keep the policies."""
        self.policies = policies
        self.turns = itertools.cycle(itertools.product(policies, temperatures))
        self.tokenizer, self.generator = tokenizer, torch.Generator().manual_seed(seed)

    def draw(self, problems: list[Problem], at_once: int = 24) -> list[tuple[Problem, Labelled]]:
        """Return the problems whose first slip, or having none, can be told."""
        found: list[tuple[Problem, Labelled]] = []
        ordered = sorted(problems, key=lambda problem: sum(map(len, clean(problem).lines), len(problem.text)))
        for begin in range(0, len(ordered), at_once):
            group = ordered[begin : begin + at_once]
            policy, temperature = next(self.turns)
            labelled = slipped(policy, self.tokenizer, group, temperature, self.generator)
            found += [(problem, told) for problem, told in zip(group, labelled, strict=True) if told is not None]
        return found
