"""``edge-solver quantize`` as a user calls it: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge_solver.cli import main
from edge_solver.cli.quantize import _KINDS
from edge_solver.engines.llama import LlamaModel
from edge_solver.engines.onnx import OnnxScorer
from edge_solver.errors import ExitCode
from edge_solver.paths import shipped
from edge_solver.quantization.recipes import KINDS, read_recipe
from tests.quantization.tiny import POLICIES, REWARDS, write

RECIPES = sorted((Path(__file__).parents[2] / "quantize").glob("*.toml"))


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_checkpoint_becomes_a_gguf_named_after_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(POLICIES[0], tmp_path / "some-llama")
    assert main(["quantize", "some-llama", "--to", "f16"]) == ExitCode.ANSWERED
    assert capsys.readouterr().out == "some-llama-f16.gguf\n"
    with LlamaModel(tmp_path / "some-llama-f16.gguf", vocab_only=True) as model:
        assert model.name == "some-llama"


def test_a_reward_model_comes_with_its_tokenizer_and_scores(tmp_path: Path) -> None:
    write(REWARDS[0], tmp_path / "prm")
    assert main(["quantize", "prm", "--to", "onnx-int8", "--out", "out/prm.onnx"]) == ExitCode.ANSWERED
    with LlamaModel(tmp_path / "out" / "prm.gguf", vocab_only=True) as tokenizer:
        scorer = OnnxScorer(tmp_path / "out" / "prm.onnx", tokenizer)
        assert scorer.open(0, "1 + 1") > 1
        assert scorer.profile.name == "prm"


@pytest.mark.parametrize("written", ["llemma-7b-q4_0", "quantize/llemma-7b-q4_0.toml"])
def test_a_recipe_that_ships_is_found_by_name(written: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(POLICIES[0], tmp_path / "llemma")
    assert main(["quantize", written, "--from", "llemma", "--to", "f16"]) == ExitCode.ANSWERED
    assert capsys.readouterr().out == "llemma-7b-f16.gguf\n"


def test_a_recipe_says_how_a_model_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(REWARDS[2], tmp_path / "marks")
    recipe = (
        'name = "judge"\nto = "onnx-int4"\nhead = "marks"\ngood = 20\nbad = 30\nstep_end = " x"\nnote = "take care"\n'
    )
    (tmp_path / "judge.toml").write_text(recipe, encoding="utf-8")
    assert main(["quantize", "judge.toml", "--from", "marks", "--json"]) == ExitCode.ANSWERED
    printed = capsys.readouterr()
    assert set(json.loads(printed.out)["files"]) == {"judge-onnx-int4.onnx", "judge-onnx-int4.gguf"}
    assert "take care" in printed.err


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_that_ships_can_be_read(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.to in KINDS
    assert "/" in recipe.repository
    assert recipe.imatrix is None or (path.parent / recipe.imatrix).is_file()


def test_the_commands_kinds_are_the_workshops() -> None:
    assert _KINDS == KINDS


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere", "--to", "q4_0"], ExitCode.MODEL, "nowhere is not a folder"),
        (["llama"], ExitCode.USAGE, "say what to make of llama"),
        (["llama", "--to", "q8_0", "--imatrix", "text"], ExitCode.USAGE, "of no use for q8_0"),
        (["llama", "--to", "q4_0", "--imatrix", "nowhere"], ExitCode.USAGE, "nowhere cannot be read"),
        (["llama", "--to", "onnx-int8"], ExitCode.USAGE, "no head of a reward model"),
        (["labels", "--to", "q4_0"], ExitCode.USAGE, "is a reward model"),
        (["llama", "--to", "f16", "--out", "labels"], ExitCode.USAGE, "labels is a folder"),
        (["llama", "--to", "f16", "--out", "text/out.gguf"], ExitCode.USAGE, "out.gguf cannot be written"),
        (["bare.toml"], ExitCode.USAGE, "hf download some/where --local-dir DIR"),
        (["wrong.toml"], ExitCode.USAGE, "did you mean 'licence'"),
        (["policy.gguf", "--to", "f16"], ExitCode.USAGE, "f16 needs a checkpoint"),
        (["policy.gguf", "--to", "q4_0", "--out", "policy.gguf"], ExitCode.USAGE, "is what is read"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_next_step(
    arguments: list[str], code: ExitCode, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(POLICIES[0], tmp_path / "llama")
    write(REWARDS[0], tmp_path / "labels")
    (tmp_path / "text").write_text("1 + 1", encoding="utf-8")
    (tmp_path / "bare.toml").write_text('repository = "some/where"\nto = "q4_0"\n', encoding="utf-8")
    (tmp_path / "wrong.toml").write_text('license = "MIT"\n', encoding="utf-8")
    (tmp_path / "policy.gguf").symlink_to(shipped("models/builtin/micro.gguf"))
    before = sorted(tmp_path.rglob("*"))
    assert main(["quantize", *arguments]) == code
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_an_interrupt_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("What is 12 + 30? The answer is: 42\n" * 20_000, encoding="utf-8")
    write(replace(POLICIES[0], config={"max_position_embeddings": 512, "num_hidden_layers": 8}), tmp_path / "llama")
    command = [sys.executable, "-m", "edge_solver", "quantize", "llama", "--to", "q4_0", "--out", "out.gguf"]
    with subprocess.Popen([*command, "--imatrix", "text"], stderr=subprocess.PIPE) as running:
        while running.poll() is None and not list(tmp_path.glob(".out.gguf.*.part")):
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGINT)
        assert running.wait(60) == ExitCode.INTERRUPTED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["llama", "text"]


def test_a_disk_without_room_is_noticed_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(POLICIES[0], tmp_path / "llama")
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Full())
    assert main(["quantize", "llama", "--to", "f16"]) == ExitCode.USAGE
    assert "0.00 GB free" in capsys.readouterr().err


class _Full:
    free = 1000
