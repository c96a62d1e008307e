"""The llama.cpp that runs here: its version, its features, and the GPU that it would use."""

from __future__ import annotations

import ctypes
from pathlib import Path

import llama_cpp

_GPU = 1  # GGML_BACKEND_DEVICE_TYPE_GPU


def gpu_name() -> str | None:
    """Return the name of the GPU that llama.cpp would use, or ``None`` where its build can use none."""
    if not llama_cpp.llama_supports_gpu_offload():
        return None
    for file in sorted((Path(llama_cpp.__file__).parent / "lib").glob("*ggml[.-]*")):
        try:
            library = ctypes.CDLL(str(file))
            find, describe = library.ggml_backend_dev_by_type, library.ggml_backend_dev_description
        except (OSError, AttributeError):
            continue
        find.restype, describe.argtypes, describe.restype = ctypes.c_void_p, [ctypes.c_void_p], ctypes.c_char_p
        if device := find(_GPU):
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


def may_rearrange(features: str) -> bool:
    """Say whether weights may be rearranged for this processor.

    Rearranged for AMX (server processors since 2023) they end the process in the first call where the compiler lost the
    description of the tiles, as GCC 12 does (https://github.com/ggml-org/llama.cpp/issues/20824), and only such a call
    tells that build from a good one.
    """
    return "AMX_INT8 = 1" not in features


def _core_text(name: str) -> str | None:
    """Ask the core library, which the Python package does not wrap; older ones do not have these functions."""
    for file in sorted((Path(llama_cpp.__file__).parent / "lib").glob("*ggml-base*")):
        try:
            ask = getattr(ctypes.CDLL(str(file)), name)
        except (OSError, AttributeError):
            continue
        ask.restype = ctypes.c_char_p
        answer: bytes | None = ask()
        return answer.decode("utf-8", "replace") if answer else None
    return None
