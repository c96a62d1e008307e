"""Compare llama.cpp with PyTorch on an exported policy: token ids, logits, greedy text. Needs llama-cpp-python."""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

import llama_cpp
import numpy as np
import torch
from tokenizers import Tokenizer

from .export_gguf import export
from .policy import Transformer, load_policy
from .problems import draw, solution_of
from .sample import generate
from .template import PROBLEM, SOLUTION
from .tokenizer import encode_prompt, load_tokenizer

ODD = (
    "naïve café – 3½ × 2",
    "  two  spaces\n\nand\tlines ",
    "数学 12 Ω≈7",
    "<|end|> is text",
    "it's 5'7\"",
    "x=-3.14e10;",
    "",
)


def texts(rng: random.Random, count: int) -> list[str]:
    """Return problems, solutions and odd strings."""
    found = list(ODD)
    alphabet = "0123456789 +-*/=()^.,?abcxyzXYZ\n\t'éΩ½€"
    while len(found) < count:
        problem = draw(rng, split="test")
        found += [problem.text, solution_of(problem), "".join(rng.choices(alphabet, k=rng.randint(1, 40)))]
    return found[:count]


def different_tokens(llama: llama_cpp.Llama, tokenizer: Tokenizer, samples: list[str]) -> list[str]:
    """Return the texts that the two tokenizers read differently."""
    return [
        text
        for text in samples
        if llama.tokenize(text.encode(), add_bos=False, special=False)
        != tokenizer.encode(text, add_special_tokens=False).ids
    ]


def largest_difference(llama: llama_cpp.Llama, model: Transformer, rows: list[list[int]]) -> float:
    """Return the largest difference of a logit."""
    worst = 0.0
    for row in rows:
        llama.reset()
        llama.eval(row)
        theirs = np.array(llama.scores[: len(row)])
        with torch.inference_mode():
            ours = model(torch.tensor([row]))[0].numpy()
        worst = max(worst, float(np.abs(theirs - ours).max()))
    return worst


def greedy(llama: llama_cpp.Llama, prompt: list[int], limit: int = 200) -> list[int]:
    """Return llama.cpp's greedy continuation."""
    llama.reset()
    llama.eval(prompt)
    out: list[int] = []
    while len(out) < limit:
        token = int(np.argmax(llama.scores[llama.n_tokens - 1]))
        if token == llama.token_eos():
            break
        out.append(token)
        llama.eval([token])
    return out


def main() -> None:
    """Export to a temporary file and compare."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    args = parser.parse_args()
    model, tokenizer, rng = load_policy(args.checkpoint), load_tokenizer(args.tokenizer), random.Random(0)
    problems = [draw(rng, split="test") for _ in range(20)]
    rows = [encode_prompt(tokenizer, p.text) + tokenizer.encode(solution_of(p)).ids for p in problems]
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("f32", "q8_0"):
            path = Path(folder) / f"{kind}.gguf"
            export(model, tokenizer, path, kind=kind, name="check")
            llama = llama_cpp.Llama(str(path), n_ctx=512, logits_all=True, n_threads=1, verbose=False)
            if kind == "f32":
                different = different_tokens(llama, tokenizer, texts(rng, 2000))
                print(f"texts read differently: {len(different)} of 2000 {different[:3]}")
                marked = llama.tokenize(b"<|problem|>1+1<|solution|>", add_bos=False, special=True)
                assert (marked[0], marked[-1]) == (PROBLEM, SOLUTION)
            print(f"{kind}: largest logit difference {largest_difference(llama, model, rows):.5f}")
            prompts = [encode_prompt(tokenizer, p.text) for p in problems]
            ours = [generate(model, [prompt], 0.0, torch.Generator())[0] for prompt in prompts]
            same = sum(greedy(llama, prompt) == mine[:200] for prompt, mine in zip(prompts, ours, strict=True))
            print(f"{kind}: greedy text equal on {same} of {len(prompts)}")


if __name__ == "__main__":
    main()
