"""The wheel as a user gets it: built from the sdist, installed into a fresh environment, run from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import edge_solver

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = {
    "models/registry.toml",
    "models/hub.toml",
    "models/formats.toml",
    "models/prompts/few-shot.txt",
    "models/builtin/nano.gguf",
    "models/builtin/nano-q4_0.gguf",
    "models/builtin/micro.gguf",
    "models/builtin/micro-q4_0.gguf",
    "models/builtin/mini.gguf",
    "models/builtin/mini-q4_0.gguf",
    "models/builtin/prm.onnx",
    "models/cards/nano.md",
    "models/cards/micro.md",
    "models/cards/mini.md",
    "models/cards/prm.md",
    "quantize/calibration.txt",
    *(f"quantize/{recipe.name}" for recipe in (CHECKOUT / "quantize").glob("*.toml")),
    "assets/suites/builtin.jsonl",
    "assets/suites/deepmind-easy.jsonl",
    "assets/suites/deepmind-interpolate.jsonl",
}
LARGEST_WHEEL = 40 * 2**20  # bytes; only small built-in models ship


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an sdist, and the wheel from that sdist: the way on which ignored files silently get lost."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into a fresh environment and return its folder of programs.

    The dependencies are lent by the environment that runs the tests: compiling llama.cpp again would take minutes.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)],
        capture_output=True,
        check=True,
    )
    (site,) = (folder / "lib").glob("python*/site-packages")
    # A folder named in a .pth file comes after the environment's own, and its own .pth files (an editable install of
    # this checkout may be among them) are not read.
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "lent.pth").write_text("\n".join(sorted(lent)) + "\n")
    return folder / "bin"


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as a user would: without our checkout in any variable, in a home that is empty."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "EDGE_SOLVER"))}
    environment["EDGE_SOLVER_HOME"] = str(cwd / "home")
    return subprocess.run(
        [str(program), *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_wheel_holds_the_package_the_shipped_files_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    shipped = {name.removeprefix("edge_solver/_shipped/") for name in names if "/_shipped/" in name}
    assert shipped == SHIPPED
    code = {name for name in names if "/_shipped/" not in name}
    assert "edge_solver/py.typed" in code
    source = CHECKOUT / "edge_solver"
    kept = {path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert code == {f"edge_solver/{path.relative_to(source).as_posix()}" for path in kept}


def test_the_wheel_carries_the_files_of_the_checkout_unchanged(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in SHIPPED:
            assert archive.read(f"edge_solver/_shipped/{name}") == (CHECKOUT / name).read_bytes(), name


def test_the_wheel_is_small_enough_for_an_index(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST_WHEEL


def test_the_wheel_names_version_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        text = archive.read(metadata).decode()
        assert f"\nVersion: {edge_solver.__version__}\n" in text
        assert "\nLicense-Expression: MIT\n" in text
        assert "edge-solver = edge_solver.cli:main" in archive.read(entry_points).decode()


def test_the_sdist_holds_what_the_wheel_needs_and_the_tests(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= SHIPPED | {"pyproject.toml", "README.md", "LICENSE", "tests/packaging/test_wheel.py"}


def test_the_installed_program_solves_a_problem_from_another_folder(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "edge-solver", "solve", "What is 12 + 30?", "--json", "--max-seconds", "60", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["schema"] == 1
    assert result["answer"] is not None
    assert result["spent"]["tokens_generated"] > 0


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "python", "-c", "import edge_solver; print(edge_solver.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)


@pytest.mark.parametrize("name", ["models", "quantize", "tests", "assets"])
def test_the_wheel_claims_no_other_name(installed: Path, tmp_path: Path, name: str) -> None:
    code = f"import importlib.util; print(importlib.util.find_spec({name!r}))"
    assert run(installed / "python", "-c", code, cwd=tmp_path).stdout.strip() == "None"


def test_the_installed_program_lists_its_models_and_runs_as_a_module(installed: Path, tmp_path: Path) -> None:
    by_name = run(installed / "edge-solver", "models", "list", "--json", cwd=tmp_path)
    as_module = run(installed / "python", "-m", "edge_solver", "models", "list", "--json", cwd=tmp_path)
    assert by_name.returncode == as_module.returncode == 0, by_name.stderr
    assert by_name.stdout == as_module.stdout
    assert {"micro", "micro-prm"} <= {entry["name"] for entry in json.loads(by_name.stdout)}
