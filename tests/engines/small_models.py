"""Small models in true formats: weights that say little, vocabularies with the real tokens at their real places.

A policy's hidden state always points along its first dimension, so that the output head's first column says how likely
each token is: a model of this kind writes what a test wants it to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SPACE = "\u2581"
"""What SentencePiece writes for a space."""
LLAMA_TOKENS = {
    717: "ки",
    718: f"{SPACE}+",
    448: f"{SPACE}-",
    8094: f"{SPACE}ки",
    29871: SPACE,
    29892: ",",
    29900: "0",
    29901: ":",
    29974: "+",
    29899: "-",
}
"""Tokens of the Llama vocabulary at their places; byte tokens from 3 on put the line feed at 13."""


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer as a GGUF holds it."""

    model: str
    tokens: list[str]
    kinds: list[int]
    scores: list[float] | None = None
    merges: list[str] | None = None
    pre: str | None = None
    bos: int = 1
    eos: int = 2
    add_bos: bool = True

    def id(self, token: str) -> int:
        return self.tokens.index(token)


def sentence_piece(extra: Sequence[str] = (), size: int = 32_016) -> Vocabulary:
    """Return a vocabulary of Llama's kind: bytes, letters, step marks (at their real places if they fit), ``extra``."""
    kinds = gguf.TokenType
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    types = [int(kinds.UNKNOWN), int(kinds.CONTROL), int(kinds.CONTROL), *[int(kinds.BYTE)] * 256]
    letters = [chr(code) for code in range(33, 127)] + ["к", "и", *(f"{SPACE}{chr(code)}" for code in range(97, 123))]
    placed = {at: token for at, token in LLAMA_TOKENS.items() if at < size}
    homeless = [token for at, token in LLAMA_TOKENS.items() if at >= size]
    letters = [letter for letter in letters if letter not in LLAMA_TOKENS.values()]
    free = iter([*homeless, *letters, *extra])
    for at in range(len(tokens), size):
        token = placed.get(at) or next(free, None)
        tokens.append(token or f"\u27e8{at}\u27e9")
        types.append(int(kinds.NORMAL if token else kinds.UNUSED))
    scores = [0.0] * 259 + [-float(len(token) == 1) * 100 - at / size for at, token in enumerate(tokens[259:])]
    return Vocabulary("llama", tokens, types, scores)


def byte_pairs(extra: Sequence[str] = ()) -> Vocabulary:
    """Return a vocabulary of Qwen2's kind: bytes in GPT-2's order, ``"\\n\\n"`` at its real place, and ``extra``."""
    kinds = gguf.TokenType
    tokens = [_letter(byte) for byte in _BYTES]
    tokens += [f"\u27e8{at}\u27e9" for at in range(256, 271)] + [_letters("\n\n")]
    tokens += [_letters(token) for token in extra]
    control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    types = [int(kinds.NORMAL)] * len(tokens) + [int(kinds.CONTROL)] * len(control)
    start = len(tokens)
    merges = [f"{_letters(chr(10))} {_letters(chr(10))}"]
    return Vocabulary("gpt2", tokens + control, types, None, merges, "qwen2", bos=start, eos=start + 2, add_bos=False)


def _letters(text: str) -> str:
    return "".join(_letter(byte) for byte in text.encode())


_PLAIN = [*range(33, 127), *range(161, 173), *range(174, 256)]
_BYTES = [*_PLAIN, *(byte for byte in range(256) if byte not in _PLAIN)]
"""The order of the bytes in the vocabulary of GPT-2, and of all that come after it."""


def _letter(byte: int) -> str:
    return chr(byte) if byte in _PLAIN else chr(256 + _BYTES.index(byte) - len(_PLAIN))


def write_vocabulary(path: Path, vocabulary: Vocabulary) -> Path:
    """Write a GGUF with a tokenizer and nothing else."""
    writer = gguf.GGUFWriter(str(path), "llama")
    _add_vocabulary(writer, vocabulary)
    return _finish(writer, path)


def write_policy(
    path: Path,
    vocabulary: Vocabulary,
    likely: Mapping[str, float],
    *,
    architecture: str = "llama",
    heads_kv: int = 4,
    name: str = "",
    template: str | None = None,
    seed: int = 0,
) -> Path:
    """Write a model that writes the tokens of ``likely``, each as often as its logit says, and no others."""
    width, heads, layers, feed_forward = 64, 4, 2, 96
    kv, dice, qwen = width // heads * heads_kv, np.random.default_rng(seed), architecture == "qwen2"
    writer = gguf.GGUFWriter(str(path), architecture)
    if name:
        writer.add_name(name)
    writer.add_block_count(layers)
    writer.add_context_length(2048)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads_kv)
    writer.add_layer_norm_rms_eps(1e-6 if qwen else 1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(vocabulary.tokens))
    if template is not None:
        writer.add_chat_template(template)
    _add_vocabulary(writer, vocabulary)
    table = dice.normal(0, 0.02, (len(vocabulary.tokens), width)).astype(np.float32)
    table[:, 0] = 1.0  # the state's first dimension, whatever the token
    head = table.copy()
    head[:, 0] = -20.0
    for token, logit in likely.items():
        head[vocabulary.id(_letters(token) if vocabulary.model == "gpt2" else token), 0] = logit
    if qwen:  # the embedding is the head: what is likely has the larger first dimension
        table[:, 0] = 1.0 + (head[:, 0] + 20.0) / 4
        head = table
    writer.add_tensor("token_embd.weight", table)
    if not qwen:
        writer.add_tensor("output.weight", head)
    gain = np.ones(width, np.float32)
    gain[0] = 4.0 / 8.0 if qwen else 1.0 / 8.0  # a state along one of 64 dimensions has length 8 after the norm
    writer.add_tensor("output_norm.weight", gain)
    sizes = {"attn_q": (width, width), "attn_k": (kv, width), "attn_v": (kv, width), "attn_output": (width, width)}
    sizes |= {"ffn_gate": (feed_forward, width), "ffn_up": (feed_forward, width), "ffn_down": (width, feed_forward)}
    biased = ("attn_q", "attn_k", "attn_v") if qwen else ()
    for at in (f"blk.{layer}." for layer in range(layers)):
        for part, shape in sizes.items():
            writer.add_tensor(f"{at}{part}.weight", dice.normal(0, 0.02, shape).astype(np.float32))
        for part in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{at}{part}.weight", np.ones(width, np.float32))
        for part in biased:
            writer.add_tensor(f"{at}{part}.bias", np.zeros(sizes[part][0], np.float32))
    return _finish(writer, path, tensors=True)


def write_reward_model(
    path: Path, table: NDArray[np.float32], *, output: str = "logits", metadata: Mapping[str, str] | None = None
) -> Path:
    """Write a graph whose logits are the token's row of ``table``, and a bit of all that was read; see ``expected``.

    Args:
        path: The file.
        table: ``[vocabulary, labels]``; with ``output="scores"`` one label.
        output: ``logits`` or ``scores``.
        metadata: Beside the sizes.
    """
    nodes, constants = [], [numpy_helper.from_array(table, "table")]

    def constant(name: str, value: object, kind: type[np.generic]) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def op(kind: str, inputs: list[str], out: str, **attributes: Any) -> str:  # noqa: ANN401 - onnx's own
        nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    last = constant("last", [2], np.int64)
    kept = op("Mod", ["input_ids", constant("most", _MOST, np.int64)], "kept")
    value = op("Cast", [kept], "value", to=TensorProto.FLOAT)
    own = op("CumSum", [value, constant("axis", 1, np.int64)], "own")
    cells = op("Squeeze", ["past_keys", constant("axes", [0, 2, 4], np.int64)], "cells")
    seen = op("ReduceSum", [op("Mul", [cells, "past_mask"], "masked"), "axis_list"], "seen", keepdims=1)
    constant("axis_list", [1], np.int64)
    column = op("Unsqueeze", [op("Add", [own, seen], "total"), last], "column")
    bits = op("Mul", [column, constant("bit", _bits(table.shape[1]), np.float32)], "bits")
    logits = op("Add", [op("Gather", ["table", "input_ids"], "rows"), bits], "sum")
    if output == "scores":
        op("Sigmoid", [op("Squeeze", [logits, last], "flat")], "scores")
    else:
        op("Identity", [logits], "logits")
    where = constant("where", [0, 2, 4], np.int64)
    for name in ("present_keys", "present_values"):
        op("Unsqueeze", [value, where], name)
    info = helper.make_tensor_value_info
    batch: list[str | int | None] = ["batch", "tokens"]
    cache: list[str | int | None] = [1, "batch", 1, "past", 1]
    new: list[str | int | None] = [1, "batch", 1, "tokens", 1]
    said: list[str | int | None] = batch if output == "scores" else [*batch, table.shape[1]]
    graph = helper.make_graph(
        nodes,
        "prm",
        [
            info("input_ids", TensorProto.INT64, batch),
            info("position_ids", TensorProto.INT64, batch),
            info("past_mask", TensorProto.FLOAT, ["batch", "past"]),
            info("past_keys", TensorProto.FLOAT, cache),
            info("past_values", TensorProto.FLOAT, cache),
        ],
        [
            info(output, TensorProto.FLOAT, said),
            info("present_keys", TensorProto.FLOAT, new),
            info("present_values", TensorProto.FLOAT, new),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    sizes = {"n_layers": "1", "n_heads": "1", "head_dim": "1", "d_attn": "1", "params_matmul": "10", "context": "2000"}
    helper.set_model_props(model, {f"edge_solver.{key}": v for key, v in {**sizes, **(metadata or {})}.items()})
    onnx.save(model, str(path))
    return path


_MOST = 16


def _bits(labels: int) -> NDArray[np.float64]:
    return np.linspace(1e-3, labels * 1e-3, labels, dtype=np.float64)


def expected(table: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float64]:
    """Return what ``write_reward_model``'s graph says at the last of the tokens: ``[labels]``."""
    read: NDArray[np.float64] = table[tokens[-1]].astype(np.float64)
    return read + _bits(table.shape[1]) * sum(token % _MOST for token in tokens)


def _add_vocabulary(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    writer.add_tokenizer_model(vocabulary.model)
    if vocabulary.pre is not None:
        writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.kinds)
    if vocabulary.scores is not None:
        writer.add_token_scores(vocabulary.scores)
    if vocabulary.merges is not None:
        writer.add_token_merges(vocabulary.merges)
    writer.add_bos_token_id(vocabulary.bos)
    writer.add_eos_token_id(vocabulary.eos)
    writer.add_add_bos_token(vocabulary.add_bos)


def _finish(writer: gguf.GGUFWriter, path: Path, *, tensors: bool = False) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    if tensors:
        writer.write_tensors_to_file()
    writer.close()
    return path
