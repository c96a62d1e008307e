"""Write a policy as a GGUF file that stock llama.cpp runs: architecture `llama`, tokenizer `gpt2` / `smollm`.

Matrices are stored as Q8_0, F16 or F32, norms always as F32. `--check` compares llama.cpp's logits and greedy text with
PyTorch's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer

from .policy import Shape, Transformer, load_policy
from .template import END, PAD, PROBLEM, SPECIAL_TOKENS
from .tokenizer import load_tokenizer, merges_of

TYPES = {
    "q4_0": gguf.GGMLQuantizationType.Q4_0,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
    "f16": gguf.GGMLQuantizationType.F16,
    "f32": gguf.GGMLQuantizationType.F32,
}
FILE_TYPES = {
    "q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "f32": gguf.LlamaFileType.ALL_F32,
}
BLOCK_NAMES = {
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "output": "attn_output",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def gguf_name(name: str) -> str:
    """Translate a parameter's name to llama.cpp's."""
    match name.split("."):
        case ["embedding", "weight"]:
            return "token_embd.weight"
        case ["head", "weight"]:
            return "output.weight"
        case ["blocks", layer, part, "weight"]:
            return f"blk.{layer}.{BLOCK_NAMES[part]}.weight"
        case _:
            raise ValueError(f"no GGUF name for parameter {name!r}")


def export(model: Transformer, tokenizer: Tokenizer, path: Path, *, kind: str, name: str) -> None:
    """Write the model and its tokenizer to `path`."""
    shape = model.shape
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(name)
    writer.add_license("MIT")
    writer.add_file_type(FILE_TYPES[kind])
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_base)
    add_tokenizer(writer, tokenizer, shape)
    for parameter_name, parameter in model.state_dict().items():
        array = parameter.detach().float().numpy()
        writer.add_tensor(gguf_name(parameter_name), gguf.quants.quantize(array, TYPES[kind]), raw_dtype=TYPES[kind])
    ones = np.ones(shape.width, dtype=np.float32)
    norms = [f"blk.{layer}.{part}_norm.weight" for layer in range(shape.layers) for part in ("attn", "ffn")]
    for norm in [*norms, "output_norm.weight"]:
        writer.add_tensor(norm, ones)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer, shape: Shape) -> None:
    """Store vocabulary, merges and special tokens; unused ids become named padding."""
    vocabulary = tokenizer.get_vocab()
    by_id = {token_id: token for token, token_id in vocabulary.items()}
    tokens = [by_id.get(i, f"<|unused{i}|>") for i in range(shape.vocabulary)]
    special = set(SPECIAL_TOKENS)
    kinds = [
        gguf.TokenType.CONTROL if t in special else gguf.TokenType.NORMAL if t in vocabulary else gguf.TokenType.UNUSED
        for t in tokens
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges_of(tokenizer))
    writer.add_bos_token_id(PROBLEM)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(value=False)
    writer.add_add_eos_token(value=False)


def main() -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--checkpoint", type=Path, help="policy checkpoint; random weights when left out")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kind", choices=sorted(TYPES), default="q8_0")
    parser.add_argument("--name", default="edge-solver micro")
    args = parser.parse_args()
    torch.manual_seed(0)
    model = load_policy(args.checkpoint) if args.checkpoint else Transformer(Shape())
    export(model, load_tokenizer(args.tokenizer), args.out, kind=args.kind, name=args.name)
    print(f"{args.out}: {args.out.stat().st_size:,} bytes, {sum(p.numel() for p in model.parameters()):,} parameters")


if __name__ == "__main__":
    main()
