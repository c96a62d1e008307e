"""What importing costs and exposes: no heavy library before it is needed, and no name that is not there."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import edge_solver

HEAVY = {
    "gguf",
    "huggingface_hub",
    "llama_cpp",
    "math_verify",
    "numpy",
    "onnx",
    "onnxruntime",
    "sentencepiece",
    "sympy",
    "textual",
    "tokenizers",
    "torch",
}
CORE = Path(edge_solver.__file__).parent / "core"


def modules_after(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the top-level names of all that it loaded."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy_and_no_room() -> None:
    loaded = modules_after("import edge_solver")
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["solve", "--help"],
        ["replay", "--help"],
        ["advise", "--help"],
        ["history", "--help"],
        ["bench", "--help"],
        ["models", "--help"],
        ["models", "pull", "--help"],
        ["models", "list"],
        ["models", "show", "llemma-7b"],
        ["bench", "solve", "--help"],
        ["bench", "device", "--help"],
        ["bench", "compare", "--help"],
        ["quantize", "--help"],
    ],
)
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import contextlib, io, sys
from edge_solver.cli import main
sys.argv = ["edge-solver", *{arguments!r}]
with contextlib.redirect_stdout(io.StringIO()) as printed:
    try:
        code = main()
    except SystemExit as end:
        code = end.code
assert not code, code
assert printed.getvalue()
"""
    assert modules_after(code) & HEAVY == set()


@pytest.mark.parametrize("module", ["config", "paths", "quantities", "energy", "errors", "answers", "solver"])
def test_light_rooms_stay_light(module: str) -> None:
    assert modules_after(f"import edge_solver.{module}") & HEAVY == set()


def test_every_public_name_can_be_imported() -> None:
    namespace: dict[str, object] = {}
    exec("from edge_solver import *", namespace)  # noqa: S102 - the statement under test
    assert {name for name in namespace if name != "__builtins__"} == set(edge_solver.__all__)


def test_the_public_names_are_sorted_few_and_all_lazy_ones_are_public() -> None:
    assert edge_solver.__all__ == sorted(edge_solver.__all__)
    assert len(edge_solver.__all__) <= 15
    assert set(edge_solver._HOME_OF) | {"__version__"} == set(edge_solver.__all__)
    assert set(edge_solver.__all__) <= set(dir(edge_solver))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = edge_solver.nothing


@pytest.mark.parametrize("file", sorted(CORE.rglob("*.py")), ids=lambda file: str(file.relative_to(CORE)))
def test_core_imports_the_standard_library_and_errors_only(file: Path) -> None:
    """Import contracts can forbid names; that nothing else from outside comes in has to be read from the source."""
    imported = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "core imports absolutely"
            imported.add(node.module or "")
    foreign = {
        name
        for name in imported
        if name.partition(".")[0] not in sys.stdlib_module_names
        and name != "edge_solver.errors"
        and not name.startswith("edge_solver.core")
    }
    assert foreign == set()


@pytest.mark.parametrize("file", sorted(CORE.rglob("*.py")), ids=lambda file: str(file.relative_to(CORE)))
def test_core_draws_from_no_global_randomness_and_opens_no_file(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    used = {
        f"random.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random"
    }
    used |= {
        f"random.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "random"
        for alias in node.names
    }
    assert used <= {"random.Random"}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called & {"open", "print", "input", "exec", "eval", "__import__"} == set()
