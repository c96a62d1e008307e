"""Checkpoints as GGUF: llama.cpp computes what transformers computes, and cuts text into the same tokens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_solver.engines.llama import LlamaModel
from edge_solver.quantization.checkpoint import Checkpoint
from edge_solver.quantization.policy import write_policy
from edge_solver.quantization.vocabulary import read_vocabulary
from tests.quantization.tiny import LENGTH, POLICIES, POSITIONS, Tiny, tokens, write

GOLDENS = Path(__file__).parent / "goldens"
TOKENS = json.loads((GOLDENS / "tokens.json").read_text(encoding="utf-8"))
WORST = 0.012
"""Of the logits' standard deviation; llama.cpp rounds activations, keys and values to float16. Measured: 0.0101 with
flash attention, which also adds up values in float16, and 0.0076 without."""


def logits(path: Path) -> NDArray[np.float32]:
    """Read the goldens' tokens with llama.cpp: ``[2, positions, vocabulary]``."""
    with LlamaModel(path) as model:
        context = model.context(256, max_rows=256, branches=1)
        read = []
        for row in tokens():
            context.clear()
            read.append(context.decode(row.tolist(), range(LENGTH), [0] * LENGTH, [True] * LENGTH).copy())
        context.close()
    return np.stack(read)[:, POSITIONS]


def difference(found: NDArray[np.float32], name: str) -> float:
    """Return the largest difference from transformers' logits, in their standard deviations."""
    expected = np.load(GOLDENS / "logits.npz")[name]
    return float(np.abs(found - expected).max() / expected.std())


def converted(tiny: Tiny, folder: Path) -> Path:
    path = folder / f"{tiny.name}.gguf"
    write_policy(Checkpoint(write(tiny, folder / tiny.name)), path, tiny.name)
    return path


@pytest.mark.parametrize("tiny", POLICIES, ids=lambda tiny: tiny.name)
def test_llama_cpp_computes_what_transformers_does(tiny: Tiny, tmp_path: Path) -> None:
    assert difference(logits(converted(tiny, tmp_path)), tiny.name) < WORST


@pytest.mark.parametrize("name", ["llama-scaled", "llama-linear", "qwen2-yarn"])
def test_the_goldens_notice_a_rotation_that_is_not_scaled(name: str, tmp_path: Path) -> None:
    tiny = next(tiny for tiny in POLICIES if tiny.name == name)
    folder = write(tiny, tmp_path / name)
    config = {key: value for key, value in tiny.settings.items() if key != "rope_scaling"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_policy(Checkpoint(folder), tmp_path / "plain.gguf", name)
    assert difference(logits(tmp_path / "plain.gguf"), name) > 10 * WORST


@pytest.mark.parametrize(("kind", "name"), [("spm", "llama"), ("llama3", "llama-scaled"), ("qwen2", "qwen2")])
def test_text_is_cut_into_the_same_tokens(kind: str, name: str, tmp_path: Path) -> None:
    path = converted(next(tiny for tiny in POLICIES if tiny.name == name), tmp_path)
    with LlamaModel(path, vocab_only=True) as model:
        cut = [model.tokenize(text) for text in TOKENS["texts"]]
    assert dict(zip(TOKENS["texts"], cut, strict=True)) == dict(zip(TOKENS["texts"], TOKENS[kind], strict=True))


def test_a_sentencepiece_tokenizer_in_its_fast_form_cuts_alike(tmp_path: Path) -> None:
    tiny = POLICIES[0]
    folder = write(tiny, tmp_path / tiny.name)
    own = read_vocabulary(folder, 512)
    scores = {token.decode(): score for token, score in zip(own.tokens, own.scores, strict=True) if score > -1000}
    merges = [
        [token[:cut], token[cut:]]
        for token, _ in sorted(scores.items(), key=lambda item: -item[1])
        for cut in range(1, len(token))
        if token[:cut] in scores and token[cut:] in scores and not token.startswith("<")
    ]
    vocab = {token: index for index, token in enumerate(scores)}
    table = {
        "model": {"type": "BPE", "byte_fallback": True, "unk_token": "<unk>", "vocab": vocab, "merges": merges},
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}]},
        "added_tokens": [{"id": index, "content": text, "special": True} for index, text in ((1, "<s>"), (2, "</s>"))],
    }
    (folder / "tokenizer.model").unlink()
    (folder / "tokenizer.json").write_text(json.dumps(table), encoding="utf-8")
    write_policy(Checkpoint(folder), tmp_path / "fast.gguf", "fast")
    with LlamaModel(tmp_path / "fast.gguf", vocab_only=True) as model:
        assert [model.tokenize(text) for text in TOKENS["texts"]] == TOKENS["spm"]


def test_special_tokens_and_the_chat_template_come_along(tmp_path: Path) -> None:
    path = converted(next(tiny for tiny in POLICIES if tiny.name == "qwen2"), tmp_path)
    with LlamaModel(path, vocab_only=True) as model:
        (end,) = model.tokenize("<|im_end|>", special=True)
        assert model.piece(end) == b""
        assert model.is_end(end)
    assert b"tokenizer.chat_template" in path.read_bytes()
