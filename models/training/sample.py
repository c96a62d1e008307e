"""Sample solutions from a policy: many rows at once, one cache, rows of similar prompt length together."""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from .corrupt import Labelled, clean
from .labels import first_wrong, outcome
from .parallel import launch, rank, world
from .policy import Cache, Transformer, load_policy
from .problems import Problem
from .problems.source import Source
from .template import ANSWER_PREFIX, END, STEP_END
from .tokenizer import encode_prompt, load_tokenizer

MAX_NEW_TOKENS = 480
COMPACT_BELOW = 0.6


@dataclass(frozen=True, slots=True)
class Sampled:
    """A problem, its right lines (answer line last), and what the policy wrote."""

    problem: str
    family: str
    canonical: tuple[str, ...]
    solutions: tuple[tuple[str, ...], ...]
    also_right: tuple[int, ...] = ()
    """Solutions that are right in other lines, as far as completions can tell (`completions.py`)."""

    @property
    def right_share(self) -> float:
        """Share of the solutions that end with the right answer."""
        return sum(outcome(self.canonical, lines) for lines in self.solutions) / len(self.solutions)

    def labelled(self, solution: int) -> Labelled:
        """Return a solution with its first wrong line."""
        lines = self.solutions[solution]
        return Labelled(lines, None if solution in self.also_right else first_wrong(self.canonical, lines))


@torch.inference_mode()
def generate(
    model: Transformer,
    prompts: list[list[int]],
    temperature: float,
    generator: torch.Generator,
    answer: tuple[list[int], int] | None = None,
) -> list[list[int]]:
    """Return the new tokens of every prompt, up to the end token; temperature 0 is greedy.

    `answer` holds the tokens that begin an answer line and the one that ends every line: a row also ends with its
    answer line, as it does in a search.

    The rows share positions: while a row's own prompt lasts its tokens are fed instead of sampled ones.
    """
    shortest, longest = min(map(len, prompts)), max(map(len, prompts))
    limit = min(model.shape.context, longest + MAX_NEW_TOKENS)
    rows = torch.arange(len(prompts))
    tokens = torch.zeros(len(prompts), limit, dtype=torch.int64)
    ends = torch.tensor([len(p) for p in prompts])
    for i, prompt in enumerate(prompts):
        tokens[i, : len(prompt)] = torch.tensor(prompt)
    size = (len(prompts), limit, model.shape.heads, model.shape.head_dim)
    caches = [Cache(torch.zeros(size), torch.zeros(size)) for _ in range(model.shape.layers)]
    alive = torch.ones(len(rows), dtype=torch.bool)
    logits = model.continued(tokens[:, :shortest], caches, 0)
    for length in range(shortest, limit):
        chosen = choose(logits, temperature, generator)
        free = ends[rows] <= length
        chosen = torch.where(free, chosen, tokens[rows, length])
        tokens[rows, length] = chosen
        alive &= ~(free & (chosen == END))
        if answer is not None:
            for i in (free & (chosen == answer[1])).nonzero()[:, 0].tolist():
                line = tokens[rows[i], ends[rows[i]] : length].tolist()
                begin = max((k + 1 for k, token in enumerate(line) if token == answer[1]), default=0)
                alive[i] &= line[begin : begin + len(answer[0])] != answer[0]
        if not alive.any():
            break
        if alive.float().mean() < COMPACT_BELOW:
            rows, chosen = rows[alive], chosen[alive]
            caches = [Cache(cache.keys[alive], cache.values[alive]) for cache in caches]
            alive = torch.ones(len(rows), dtype=torch.bool)
        logits = model.continued(chosen[:, None], caches, length)
    return [cut_at_end(row[len(prompt) :].tolist()) for row, prompt in zip(tokens, prompts, strict=True)]


def choose(logits: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Draw one token a row `[B]` from logits `[B, vocabulary]`."""
    if temperature == 0:
        return logits.argmax(dim=-1)
    return torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=generator)[:, 0]


def cut_at_end(tokens: list[int]) -> list[int]:
    """Return the tokens before the end token."""
    return tokens[: tokens.index(END)] if END in tokens else tokens


def split_lines(text: str) -> tuple[str, ...]:
    """Return the finished lines of a solution."""
    lines = text.split(STEP_END)
    return tuple(lines[:-1]) if lines[-1] == "" else tuple(lines)


def cut_at_answer(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines up to the first answer line."""
    at = next((i for i, line in enumerate(lines) if line.startswith(ANSWER_PREFIX)), len(lines))
    return lines[: at + 1]


def sampled(
    model: Transformer,
    tokenizer: Tokenizer,
    problems: list[Problem],
    samples: int,
    temperature: float,
    generator: torch.Generator,
) -> list[Sampled]:
    """Return `samples` solutions of each problem."""
    prompts = [encode_prompt(tokenizer, p.text) for p in problems for _ in range(samples)]
    solutions = written(model, tokenizer, prompts, temperature, generator)
    found: list[Sampled] = []
    for i, problem in enumerate(problems):
        own = tuple(solutions[i * samples : (i + 1) * samples])
        found.append(Sampled(problem.text, problem.family, clean(problem).lines, own))
    return found


def written(
    model: Transformer, tokenizer: Tokenizer, prompts: list[list[int]], temperature: float, generator: torch.Generator
) -> list[tuple[str, ...]]:
    """Return the lines that the policy writes below each prompt, up to its first answer line."""
    begin = tokenizer.encode(ANSWER_PREFIX.rstrip(), add_special_tokens=False).ids
    (step_end,) = tokenizer.encode(STEP_END, add_special_tokens=False).ids
    rows = generate(model, prompts, temperature, generator, (begin, step_end))
    texts = tokenizer.decode_batch(rows, skip_special_tokens=False)
    return [cut_at_answer(split_lines(text)) for text in texts]


def groups(tokenizer: Tokenizer, problems: list[Problem], size: int) -> Iterator[list[Problem]]:
    """Yield groups of problems of similar prompt length."""
    ordered = sorted(problems, key=lambda p: len(tokenizer.encode(p.text).ids))
    for begin in range(0, len(ordered), size):
        yield ordered[begin : begin + size]


def read_samples(path: Path) -> list[Sampled]:
    """Read a file of samples."""
    with path.open() as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Sampled(
            r["problem"],
            r["family"],
            tuple(r["canonical"]),
            tuple(cut_at_answer(tuple(s)) for s in r["solutions"]),
            tuple(r.get("also_right", ())),
        )
        for r in rows
    ]


def main() -> None:
    """Sample training problems for a number of minutes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--questions", type=Path, help="folder that questions.py filled")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for one JSON Lines file a process")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--samples", type=int, default=4, help="solutions a problem")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    if launch(args.processes):
        return
    seed = args.seed * world() + rank()
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    model, tokenizer = load_policy(args.checkpoint), load_tokenizer(args.tokenizer)
    source = Source(args.questions, "train")
    args.out.mkdir(parents=True, exist_ok=True)
    deadline, count = time.monotonic() + 60 * args.minutes, 0
    with (args.out / f"samples-{rank()}.jsonl").open("w") as out:
        while True:
            by_length = list(groups(tokenizer, source.different(rng, 480), 48))
            rng.shuffle(by_length)  # the end of the minutes cuts long problems no more often than short ones
            for group in by_length:
                for row in sampled(model, tokenizer, group, args.samples, args.temperature, generator):
                    out.write(json.dumps(asdict(row)) + "\n")
                count += len(group) * args.samples
                if time.monotonic() > deadline:
                    print(f"process {rank()}: {count:,} solutions", flush=True)
                    return


if __name__ == "__main__":
    main()
