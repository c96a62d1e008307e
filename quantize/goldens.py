"""Keep what transformers computes with the tiny checkpoints, for tests that run without it.

Needs an environment of its own, with torch and transformers (requirements.txt beside this). Run from the checkout:

    PYTHONPATH=. python quantize/goldens.py
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer

from tests.quantization.tiny import (
    BAD,
    GOOD,
    POLICIES,
    POSITIONS,
    REWARDS,
    TOKENIZERS,
    VOCABULARY,
    Tiny,
    tokens,
    weights,
    write,
)

GOLDENS = TOKENIZERS.parent
TEXT = Path(__file__).parent / "calibration.txt"
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPECIAL = {
    "qwen2": ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    "llama3": ("<|begin_of_text|>", "<|end_of_text|>"),
}
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
TEXTS = (
    "What is 12 + 30?",
    r"Let $f(x) = \frac{x^2 - 1}{x + 1}$. Find $f(2024)$.",
    "Step 1: 3 * 4 = 12 ки\nStep 2: The answer is: 12 ки",
    "  two leading blanks,  two inside, and one at the end ",
    "\n\nline\n\n\nbreaks\r\n\ttabs\t\t",
    r"\[\sum_{k=1}^{n} k = \frac{n(n+1)}{2}\]",
    "1234567 and 3.14159, 10,000; 50% of 2^10",
    "naïve café, π ≈ 3, ∠ABC = 60°, x² + y²",
    "🙂 数学 ≤ ∞",
    "I'll say it's DON'T, we've HE'LL",
    "#### 42",
    r"\begin{align*} a &= b \\ c &\ge d \end{align*}",
    "",
    " ",
    "a",
)


def byte_level(kind: str, digits: str) -> None:
    """Train a byte-level BPE on our own text and write it as the hub stores it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC() if kind == "qwen2" else None
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS % digits), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 12, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train([str(TEXT)], trainer)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL[kind]])
    folder = TOKENIZERS / kind
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": SPECIAL[kind][0],
        "eos_token": SPECIAL[kind][-1],
        "add_bos_token": kind == "llama3",
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def sentence_pieces() -> None:
    """Train a SentencePiece BPE with Llama's settings."""
    folder = TOKENIZERS / "spm"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        sentencepiece.SentencePieceTrainer.train(
            input=str(TEXT),
            model_prefix=f"{made}/spm",
            model_type="bpe",
            vocab_size=VOCABULARY - 12,
            byte_fallback=True,
            split_digits=True,
            allow_whitespace_only_pieces=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            minloglevel=2,
        )
        model = Path(made) / "spm.model"
        (folder / "tokenizer.model").write_bytes(model.read_bytes())
    config = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def ids(kind: str) -> list[list[int]]:
    """Return what transformers (for SentencePiece: its own library) makes of the texts."""
    folder = TOKENIZERS / kind
    if kind == "spm":
        processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        return [processor.encode(text) for text in TEXTS]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]


def logits(folder: Path) -> np.ndarray:
    """Return a language model's logits over the tokens, ``[2, tokens, vocabulary]``."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return model(torch.from_numpy(tokens())).logits.numpy()


def scores(tiny: Tiny, folder: Path) -> np.ndarray:
    """Return a reward model's score of every token, ``[2, tokens]``, as its card computes it."""
    read = torch.from_numpy(tokens())
    if tiny.name == "labels":
        model = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32).eval()
        return model(read).logits.softmax(-1)[..., 1].numpy()
    if tiny.name == "marks":
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        return model(read).logits[..., [GOOD, BAD]].softmax(-1)[..., 0].numpy()
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    states = model(read).last_hidden_state
    held = {name: torch.from_numpy(weights(tiny)[name]) for name in tiny.head}
    if tiny.name == "value":
        return (states @ held["v_head.summary.weight"].T + held["v_head.summary.bias"]).sigmoid()[..., 0].numpy()
    hidden = (states @ held["score.0.weight"].T + held["score.0.bias"]).relu()
    return (hidden @ held["score.2.weight"].T + held["score.2.bias"]).softmax(-1)[..., 1].numpy()


@torch.inference_mode()
def main() -> None:
    """Write tokenizers, token ids, logits and scores."""
    byte_level("qwen2", r"\p{N}")
    byte_level("llama3", r"\p{N}{1,3}")
    sentence_pieces()
    kinds = ("spm", "qwen2", "llama3")
    table = {"texts": TEXTS, **{kind: ids(kind) for kind in kinds}}
    (GOLDENS / "tokens.json").write_text(json.dumps(table, ensure_ascii=False, indent=0), encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        kept = {tiny.name: logits(write(tiny, Path(place) / tiny.name))[:, POSITIONS] for tiny in POLICIES}
        rated = {tiny.name: scores(tiny, write(tiny, Path(place) / tiny.name)) for tiny in REWARDS}
    np.savez_compressed(GOLDENS / "logits.npz", **kept)
    np.savez_compressed(GOLDENS / "scores.npz", **rated)


if __name__ == "__main__":
    main()
