"""Models with made-up weights: true sizes, real files to llama.cpp, and a cache that never holds half of one."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("gguf")

from edge_solver.assembly import Assembly
from edge_solver.bench import shape_files, shapes, weights
from edge_solver.bench.shapes import QUANTS, ModelShape, tensors, weight_bytes
from edge_solver.config import resolve
from edge_solver.engines.llama import LlamaModel
from edge_solver.errors import EdgeSolverError, ModelMemoryError, UnknownNameError, UsageError

SMALL = ModelShape(2, 256, 512, 4, 2, 512, 256)
TIED = ModelShape(2, 128, 256, 4, 2, 512, 256, tied=True, biased=True)
GIB = 2**30


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Shapes that are written at once, and a cache folder of their own."""
    known = {"small": SMALL, "tied": TIED}
    for module in (shapes, shape_files):
        monkeypatch.setattr(module, "SHAPES", known)
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "quant", "mebibytes"),
    [
        # What llama.cpp's own tables print as the size of real files.
        ("llama-2-7b", "q4_0", 3.56 * 1024),
        ("llama-2-7b", "q4_k_m", 3.80 * 1024),
        ("tinyllama-1.1b", "q4_0", 606.54),
        ("qwen2.5-1.5b", "q4_0", 885.97),
    ],
)
def test_weights_take_the_bytes_of_the_real_file(name: str, quant: str, mebibytes: float) -> None:
    assert weight_bytes(shapes.SHAPES[name], quant) / 2**20 == pytest.approx(mebibytes, rel=2e-3)


@pytest.mark.parametrize("quant", QUANTS)
@pytest.mark.parametrize("name", ["small", "tied"])
def test_a_made_up_model_is_real_to_llama_cpp_and_says_what_it_is(small: Path, name: str, quant: str) -> None:
    weights.write_gguf(name, small / "model.gguf", quant)
    shape = SMALL if name == "small" else TIED
    with LlamaModel(small / "model.gguf") as model:
        read = model.shape()
        assert "made-up" in model.name
        assert model.metadata(weights.MARK) == {weights.MARK: "true"}
        assert model.weight_bytes == weight_bytes(shape, quant)
        text = b"".join(model.piece(token) for token in model.tokenize("3 + 4")).decode()
        assert text.replace("\u2581", " ").strip() == "3 + 4"
        context = model.context(256, max_rows=256, branches=1)
        logits = context.decode([5, 6, 7], [0, 1, 2], [0, 0, 0], [False, False, True]).copy()
        context.close()
    assert logits.std() > 0  # the weights carry a signal through all layers
    assert abs(logits).max() < 1e4
    assert (read.n_layers, read.d_attn, read.params_head) == (2, shape.width, 512 * shape.width)
    assert read.kv_bytes_per_token == 2 * 2 * model.cache.bytes_of(shape.width // 2)
    assert sorted(path.name for path in small.iterdir()) == ["model.gguf"]


def test_the_same_shape_gives_the_same_file(small: Path) -> None:
    for name in ("a", "b"):
        weights.write_gguf("small", small / f"{name}.gguf")
    assert (small / "a.gguf").read_bytes() == (small / "b.gguf").read_bytes()


def test_a_search_with_made_up_weights_runs_to_finished_solutions(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "SHAPES", {"wide": ModelShape(2, 128, 256, 4, 2, 8000, 4096)})
    weights.write_gguf("wide", small / "wide.gguf")
    choices = {"model": str(small / "wide.gguf"), "strategy": "rebase", "width": 16, "format": "plain"}
    with Assembly(resolve(choices)) as assembly:
        search = assembly.search("What is 3 + 4?")
        for _ in search:
            pass
        solution = search.solution()
    assert solution.stopped_by == "complete"
    assert sum(candidate.votes for candidate in solution.candidates) == 16
    assert {candidate.answer for candidate in solution.candidates} <= set("0123456789")
    assert weights.STEP_TOKENS / 2 < solution.spent.tokens_generated / solution.tree.nodes < 2 * weights.STEP_TOKENS


def test_a_shape_is_made_once_and_found_again(small: Path) -> None:
    told: list[tuple[int, int]] = []
    path = shape_files.find_or_make("small", "q4_0", cells=256, free_memory=GIB, progress=lambda *x: told.append(x))
    stamp = path.stat().st_mtime_ns
    assert told[-1] == (weight_bytes(SMALL, "q4_0"),) * 2
    assert len(told) == 1 + len(list(tensors(SMALL, "q4_0")))
    assert shape_files.find_or_make("small", "q4_0", cells=256, free_memory=GIB).stat().st_mtime_ns == stamp
    assert path.parent == small / "cache" / "shapes"


def test_writing_that_is_interrupted_leaves_nothing(small: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shape_files.find_or_make("small", "q4_0", cells=256, free_memory=GIB, progress=stop)
    assert list((small / "cache" / "shapes").iterdir()) == []


def test_removing_takes_files_and_leftovers(small: Path) -> None:
    path = shape_files.find_or_make("small", "q4_0", cells=256, free_memory=GIB)
    left = path.with_name("small.q4_0.17.part")
    left.write_bytes(b"half of a model")
    (path.parent / "notes.txt").write_text("the user's own")
    assert {found.name for found, _ in shape_files.remove_all()} == {path.name, left.name}
    assert [found.name for found in path.parent.iterdir()] == ["notes.txt"]
    assert shape_files.remove_all() == []
    del small


def test_too_little_memory_is_refused_with_what_would_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    with pytest.raises(ModelMemoryError, match=r"needs 19\.9 GB of memory and 4\.3 GB are free; --shape .* would fit"):
        shape_files.find_or_make("llemma-34b", "q4_0", cells=1536, free_memory=4 * GIB)
    with pytest.raises(ModelMemoryError, match="no known shape would fit"):
        shape_files.find_or_make("llemma-34b", "q4_0", cells=1536, free_memory=GIB // 2)
    assert not (tmp_path / "cache").exists()


def test_a_full_disk_is_refused_before_anything_is_written(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=300 * 2**20))
    with pytest.raises(UsageError, match="EDGE_SOLVER_HOME to a folder on another disk"):
        shape_files.find_or_make("small", "q4_0", cells=256, free_memory=None)
    assert list((small / "cache" / "shapes").iterdir()) == []


def test_a_disk_that_fails_while_writing_is_named(small: Path) -> None:
    def fail(_done: int, _total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(EdgeSolverError, match="No space left"):
        shape_files.find_or_make("small", "q4_0", cells=256, free_memory=None, progress=fail)
    assert list((small / "cache" / "shapes").iterdir()) == []


def test_an_unknown_shape_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'llemma-7b'"):
        weights.write_gguf("lemma-7b", tmp_path / "x.gguf")
