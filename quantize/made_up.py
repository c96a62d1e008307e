"""Write a checkpoint of a known shape with made-up weights, in three shards: for measuring what converting it takes.

The weights are one block of random numbers again and again, so that it is written as fast as the disk takes it. With
``--prm`` it is a reward model, with two labels a token. Run from the checkout:

    python quantize/made_up.py llemma-7b FOLDER [LAYERS] [--prm]
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from math import prod
from pathlib import Path

import numpy as np

from edge_solver.bench.shapes import ModelShape, shape_named
from edge_solver.quantization.architecture import read_architecture
from edge_solver.quantization.policy import expected_shapes

TOKENIZERS = Path(__file__).parents[1] / "tests" / "quantization" / "goldens" / "tokenizers"
SHARDS = 3
BLOCK = 1 << 22


def settings(shape: ModelShape, layers: int, *, prm: bool) -> dict[str, object]:
    """Return what stands in ``config.json``."""
    family, task = "Qwen2" if shape.biased else "Llama", "TokenClassification" if prm else "CausalLM"
    return {
        "architectures": [f"{family}For{task}"],
        "model_type": "qwen2" if shape.biased else "llama",
        "hidden_act": "silu",
        "hidden_size": shape.width,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads_kv,
        "max_position_embeddings": shape.context,
        "rms_norm_eps": 1e-5,
        "rope_theta": shape.rope_base,
        "tie_word_embeddings": shape.tied,
        "vocab_size": shape.vocabulary,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "bfloat16",
    }


def write_shard(path: Path, tensors: Mapping[str, tuple[int, ...]], block: bytes) -> None:
    """Write tensors into one safetensors file (https://github.com/huggingface/safetensors#format)."""
    table, end = {}, 0
    for name, shape in tensors.items():
        begin, end = end, end + 2 * prod(shape)
        table[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    header = json.dumps(table).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for begin in range(0, end, len(block)):
            file.write(block[: end - begin])


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", help="of a shape, as in edge_solver/bench/shapes.py")
    parser.add_argument("folder", type=Path, help="that it makes")
    parser.add_argument("layers", type=int, nargs="?", help="fewer than the shape has")
    parser.add_argument("--prm", action="store_true", help="a reward model")
    args = parser.parse_args()
    shape, folder = shape_named(args.name), args.folder
    config = settings(shape, args.layers or shape.layers, prm=args.prm)
    shutil.copytree(TOKENIZERS / ("qwen2" if shape.biased else "spm"), folder)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    values = np.random.default_rng(0).standard_normal(BLOCK).astype("<f4") * np.float32(0.02)
    block = (values.view("<u4") >> 16).astype("<u2").tobytes()  # the upper half of a float32 is a bfloat16
    tensors = expected_shapes(read_architecture(config))
    if args.prm:
        tensors |= {"score.weight": (2, shape.width), "score.bias": (2,)}
    total, done = sum(map(prod, tensors.values())), 0
    shards: list[dict[str, tuple[int, ...]]] = [{} for _ in range(SHARDS)]
    for tensor, sizes in tensors.items():
        shards[done * SHARDS // total][tensor] = sizes
        done += prod(sizes)
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05}-of-{SHARDS:05}.safetensors"
        write_shard(folder / file, shard, block)
        places |= dict.fromkeys(shard, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}), encoding="utf-8")
    print(f"{total:,} weights in {folder}")


if __name__ == "__main__":
    main()
