"""Where an engine runs: what was asked for, what its build can do, and a line that says what came of it.

Pure: the libraries are asked in ``llama`` and ``onnx``. What cannot be had never stops a run, the CPU takes over.
"""

from __future__ import annotations

from collections.abc import Sequence

CPU = "CPUExecutionProvider"
"""The one provider that every build of onnxruntime has."""

_SHORT = {
    "cpu": CPU,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
    "nnapi": "NnapiExecutionProvider",
    "qnn": "QNNExecutionProvider",
}


def layers_line(asked: int, used: int, layers: int, gpu: str | None, failure: str = "") -> str:
    """Say where llama.cpp runs a model.

    Args:
        asked: Layers that were asked for on the GPU.
        used: Layers that are there.
        layers: Of the model.
        gpu: The GPU's name, or ``None`` where the build of llama.cpp has none.
        failure: Why loading onto the GPU failed, if it did.
    """
    if not asked:
        return "CPU"
    if gpu is None:
        return (
            f"CPU; {asked} layers were asked for on a GPU, which this build of llama.cpp cannot use. Build one that "
            "can: CMAKE_ARGS=-DGGML_CUDA=on (Apple: -DGGML_METAL=on) pip install --force-reinstall --no-binary "
            "llama-cpp-python llama-cpp-python"
        )
    if not used:
        return f"CPU; llama.cpp could not load {asked} layers onto {gpu}: {failure}"
    return f"{gpu}" if used >= layers else f"{gpu} ({used} of {layers} layers), the others on the CPU"


def wanted_providers(text: str) -> list[str]:
    """Read a comma-separated list of providers, short names or onnxruntime's own."""
    names = (name.strip() for name in text.split(","))
    return [_SHORT.get(name.lower(), name) for name in names if name]


def usable_providers(asked: Sequence[str], available: Sequence[str]) -> list[str]:
    """Return the providers of this build in the order asked for, the CPU last."""
    return [*(name for name in asked if name in available and name != CPU), CPU]


def providers_line(asked: Sequence[str], available: Sequence[str], running: Sequence[str], failure: str = "") -> str:
    """Say where onnxruntime runs a graph.

    Args:
        asked: Providers that were asked for.
        available: Those of the build.
        running: Those of the session that was made.
        failure: Why a session with those asked for failed, if it did.
    """
    where = ", then ".join(_plain(name) for name in running)
    lost = [_plain(name) for name in asked if name not in running]
    if not lost:
        return where
    if failure:
        return f"{where}; {', '.join(lost)} failed: {failure}"
    has = ", ".join(_plain(name) for name in available)
    return f"{where}; {', '.join(lost)} was asked for, and this build of onnxruntime has {has}"


def _plain(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider")
