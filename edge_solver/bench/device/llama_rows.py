"""The same figures as ``llama-bench -o json`` prints them, for tools that read its rows.

Field names and types are those of llama.cpp's ``tools/llama-bench/llama-bench.cpp`` (``test::get_fields``). Ours are a
search's own calls with sampling, which llama-bench leaves out, so they are a little lower; what has no counterpart here
has the value that means "not used".
"""

from __future__ import annotations

import statistics
from typing import Any

from edge_solver.bench.device.document import Document, rows, text

Row = dict[str, Any]


def llama_rows(document: Document) -> list[Row]:
    """Return a row for the prompt and one for decoding with one branch; more branches have no place there."""
    speed, found = document["speed"], []
    prompt = speed.get("prompt")
    if prompt:
        found.append(_row(document, prompt["tokens"], 0, 0, prompt["seconds"]["samples"]))
    single = next((row for row in rows(document, "speed", "decode") if row["branches"] == 1), None)
    if single:
        seconds = [single["tokens"] / rate for rate in single["tokens_per_second"]["samples"]]
        found.append(_row(document, 0, single["tokens"], single["prompt_tokens"], seconds))
    return found


def _row(document: Document, prompt: int, written: int, depth: int, seconds: list[float]) -> Row:
    model, workload = document["model"], document["workload"]
    nanoseconds = [round(1e9 * sample) for sample in seconds]
    rates = [1e9 * (prompt + written) / sample for sample in nanoseconds]
    return {
        "build_commit": text(document, "build", "ggml_commit") or "unknown",
        "build_number": 0,
        "cpu_info": text(document, "device", "name") or "",
        "gpu_info": "",
        "backends": "CPU",
        "model_filename": model["file"],
        "model_type": model.get("description") or "",
        "model_size": model.get("weight_bytes") or model["bytes"],
        "model_n_params": model.get("n_params") or 0,
        "n_batch": workload["n_batch"],
        "n_ubatch": workload["n_batch"],
        "n_threads": workload["threads"],
        "cpu_mask": "0x0",
        "cpu_strict": False,
        "poll": 50,
        "type_k": workload["type_k"],
        "type_v": workload["type_v"],
        "n_gpu_layers": 0,
        "n_cpu_moe": 0,
        "split_mode": "layer",
        "main_gpu": 0,
        "no_kv_offload": False,
        "flash_attn": workload["flash_attn"],
        "devices": "auto",
        "tensor_split": "0.00",
        "tensor_buft_overrides": "none",
        "load_mode": "mmap",
        "embeddings": False,
        "no_op_offload": 0,
        "no_host": False,
        "fit_target": 0,
        "fit_min_ctx": 0,
        "n_prompt": prompt,
        "n_gen": written,
        "n_depth": depth,
        "test_time": document["provenance"]["ended"],
        "avg_ns": round(statistics.mean(nanoseconds)),
        "stddev_ns": _deviation(nanoseconds),
        "avg_ts": statistics.mean(rates),
        "stddev_ts": statistics.stdev(rates) if len(rates) > 1 else 0.0,
        "samples_ns": nanoseconds,
        "samples_ts": rates,
    }


def _deviation(nanoseconds: list[int]) -> int:
    return round(statistics.stdev(nanoseconds)) if len(nanoseconds) > 1 else 0
