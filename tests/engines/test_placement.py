"""What a user is told of where the models run, on builds that nobody here has."""

from __future__ import annotations

from edge_solver.engines.placement import CPU, layers_line, providers_line, usable_providers, wanted_providers

CUDA, COREML = "CUDAExecutionProvider", "CoreMLExecutionProvider"


def test_llama_cpp_says_where_its_layers_are() -> None:
    assert layers_line(0, 0, 33, None) == "CPU"
    assert layers_line(99, 99, 33, "Apple M2") == "Apple M2"
    assert layers_line(20, 20, 33, "NVIDIA A2") == "NVIDIA A2 (20 of 33 layers), the others on the CPU"


def test_layers_that_cannot_be_had_are_explained() -> None:
    assert "GGML_CUDA" in layers_line(20, 0, 33, None)
    assert layers_line(20, 0, 33, "NVIDIA A2", "out of memory").endswith("onto NVIDIA A2: out of memory")


def test_providers_have_short_names_and_their_own() -> None:
    assert wanted_providers("cuda, CoreML,cpu") == [CUDA, COREML, CPU]
    assert wanted_providers("MyExecutionProvider") == ["MyExecutionProvider"]


def test_the_cpu_always_comes_last() -> None:
    assert usable_providers([CPU, CUDA, COREML], [CUDA, CPU]) == [CUDA, CPU]
    assert usable_providers([CUDA], [CPU]) == [CPU]


def test_onnxruntime_says_what_it_runs_on_and_what_was_lost() -> None:
    assert providers_line([CPU], [CPU], [CPU]) == "CPU"
    assert providers_line([CUDA], [CUDA, CPU], [CUDA, CPU]) == "CUDA, then CPU"
    assert providers_line([CUDA], [CPU], [CPU]) == ("CPU; CUDA was asked for, and this build of onnxruntime has CPU")
    assert providers_line([CUDA], [CUDA, CPU], [CPU], "no driver") == "CPU; CUDA failed: no driver"
