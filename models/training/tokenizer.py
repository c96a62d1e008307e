"""A small byte-level BPE whose token ids equal llama.cpp's for the same text.

The pre-tokenizer is llama.cpp's `smollm`: every digit stands alone, then GPT-2's split. All 256 bytes are in the
vocabulary, so any UTF-8 problem can be read, and a newline is always a token of its own: it ends a step, and its place
is where the reward model is read.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .problems import solution_of
from .problems.source import benchmark_problems, own_problems
from .template import PROBLEM, SOLUTION, SPECIAL_TOKENS

VOCABULARY = 512


def train_tokenizer(texts: list[str]) -> Tokenizer:
    """Learn the merges from plain texts; special tokens take the first ids, then the 256 bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.encode_special_tokens = True  # text that spells a special token is read as plain text
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a saved tokenizer, reading every text as plain text."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


def encode_prompt(tokenizer: Tokenizer, problem: str) -> list[int]:
    """Return the ids of the prompt template around a problem."""
    return [PROBLEM, *tokenizer.encode(problem, add_special_tokens=False).ids, SOLUTION]


def newline_id(tokenizer: Tokenizer) -> int:
    """Return the id of the token that ends a step."""
    (token,) = tokenizer.encode("\n", add_special_tokens=False).ids
    return int(token)


def merges_of(tokenizer: Tokenizer) -> list[str]:
    """Return the merges in the form GGUF stores: two pieces with a space between."""
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]


def main() -> None:
    """Train on generated problems and save the tokenizer."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="tokenizer.json to write")
    parser.add_argument("--questions", type=Path, required=True, help="folder that questions.py filled")
    parser.add_argument("--problems", type=int, default=15_000, help="problems of our own generators")
    parser.add_argument("--one-in", type=int, default=10, help="use every n-th question of the benchmark")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    asked = itertools.islice(benchmark_problems(args.questions, ("easy",), "train"), 0, None, args.one_in)
    texts: list[str] = []
    for problem in itertools.chain(asked, own_problems(args.problems, args.seed, "train")):
        texts += [problem.text, solution_of(problem)]
    tokenizer = train_tokenizer(texts)
    tokenizer.save(str(args.out))
    print(f"{tokenizer.get_vocab_size()} tokens, newline is {newline_id(tokenizer)}")


if __name__ == "__main__":
    main()
