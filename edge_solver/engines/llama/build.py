"""The llama.cpp that runs here: its version, its features, and the GPU that it would use."""

from __future__ import annotations

import ctypes

import llama_cpp

from edge_solver.engines.llama import ggml

_GPU = 1  # GGML_BACKEND_DEVICE_TYPE_GPU


def gpu_name() -> str | None:
    """Return the name of the GPU that llama.cpp would use, or ``None`` where its build can use none."""
    if not llama_cpp.llama_supports_gpu_offload():
        return None
    find = ggml.function("ggml_backend_dev_by_type", ctypes.c_void_p, [ctypes.c_int])
    describe = ggml.function("ggml_backend_dev_description", ctypes.c_char_p, [ctypes.c_void_p])
    if find is not None and describe is not None and (device := find(_GPU)):
        return str(describe(device).decode("utf-8", "replace"))
    return "the GPU"


def build_facts() -> dict[str, str | None]:
    """Return what is known of the llama.cpp that runs here: version and commit of its core, and its features."""
    return {
        "ggml_version": _core_text("ggml_version"),
        "ggml_commit": _core_text("ggml_commit"),
        "features": compiled_features(),
    }


def compiled_features() -> str:
    """Return what of this processor's llama.cpp was compiled to use, in its own words."""
    text: bytes = llama_cpp.llama_print_system_info()
    return text.decode("utf-8", "replace").strip(" |")


def f16_step(features: str) -> int:
    """Return how many numbers llama.cpp multiplies at a time in a product of vectors in half precision.

    Where a head is shorter than that, it takes its numbers one by one (ggml-cpu: ``GGML_F16_STEP``). With AVX-512 it is
    64, and 128 where the processor counts in half precision itself; llama.cpp does not name that feature, which came
    with AMX.
    """
    if "AVX512 = 1" not in features:
        return 32
    return 128 if has_amx(features) else 64


def has_amx(features: str) -> bool:
    """Say whether llama.cpp was compiled for AMX, from its own words."""
    return "AMX_INT8 = 1" in features


def _core_text(name: str) -> str | None:
    """Ask the core library; older ones do not have these functions."""
    ask = ggml.function(name, ctypes.c_char_p)
    answer: bytes | None = None if ask is None else ask()
    return answer.decode("utf-8", "replace") if answer else None
