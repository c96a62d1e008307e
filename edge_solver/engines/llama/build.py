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
    features = llama_cpp.llama_print_system_info().decode("utf-8", "replace").strip(" |")
    return {"ggml_version": _core_text("ggml_version"), "ggml_commit": _core_text("ggml_commit"), "features": features}


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
