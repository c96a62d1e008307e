"""``models pull``, ``list``, ``verify`` and ``remove`` as a user runs them, against a hub on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import edge_solver
from edge_solver.catalog import cache
from edge_solver.cli import main
from tests.catalog.conftest import FakeHub, a_blob, trickle

SMALL = {"config.json": b"{}\n", "tokenizer.json": b"{}\n", "model.safetensors": b"weights" * 1000}
REPOSITORY = "trl-lib/Qwen2-0.5B-Reward-Math-Sheperd"
Run = Callable[..., tuple[int, str, str]]
NAME = "qwen2-0.5b-math-shepherd"


@pytest.fixture
def hub(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    for name, data in SMALL.items():
        fake_hub.add(REPOSITORY, name, data)
    # The hub's client reads HF_ENDPOINT once, when it is imported.
    monkeypatch.setattr("edge_solver.catalog.hub.constants", SimpleNamespace(ENDPOINT=fake_hub.url))
    return fake_hub


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process; return its exit code, standard output and standard error."""

    def run_(*arguments: str) -> tuple[int, str, str]:
        code = main(["models", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_


def test_a_restricted_model_wants_its_licence_accepted_first(hub: FakeHub, run: Run) -> None:
    code, _, said = run("pull", NAME)
    assert code == 2
    assert "states no licence" in said
    assert "--accept-licence" in said
    assert hub.reads() == []
    code, printed, _ = run("pull", NAME, "--dry-run", "--json")
    assert (code, json.loads(printed)["bytes_fetched"]) == (0, None)


def test_pulling_says_what_it_takes_and_prints_where_it_is(
    hub: FakeHub, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    code, printed, said = run("pull", NAME, "--accept-licence")
    assert code == 0, said
    folder = Path(printed.strip())
    assert folder.is_relative_to(tmp_path / "hf" / "hub")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == SMALL
    for part in (
        "size:",
        "licence: not stated",
        "disk:",
        "7,006 bytes",
        f"quantize/{NAME}-int8.toml --from {folder} --out ",
    ):
        assert part in said
    before = len(hub.reads())
    code, printed, said = run("pull", NAME, "--json", "--quiet")
    document = json.loads(printed)
    assert (code, said, len(hub.reads())) == (0, "", before)
    assert (document["bytes"], document["bytes_here"], document["bytes_fetched"]) == (7006, 7006, 0)


def test_what_was_pulled_is_listed_verified_and_removed(hub: FakeHub, run: Run) -> None:
    run("pull", NAME, "--accept-licence")
    states = {model["name"]: model["state"] for model in json.loads(run("list", "--json")[1])}
    assert (states[NAME], states["micro"], states["llemma-7b"]) == ("to convert", "shipped", "to pull")
    code, printed, _ = run("verify", "--json")
    rows = [row for row in json.loads(printed) if row["name"] == NAME]
    assert (code, [row["sound"] for row in rows]) == (0, [True] * 3)
    (weights,) = (row["path"] for row in rows if row["path"].endswith(".safetensors"))
    Path(weights).resolve().write_bytes(b"something else")
    code, printed, _ = run("verify")
    assert code == 3
    assert f"BROKEN   {NAME}: {weights}" in printed
    assert len(json.loads(run("remove", NAME, "--json")[1])["removed"]) == 3
    assert run("remove", NAME)[0] == 2
    assert hub.files


def test_the_environment_names_the_hub_and_a_refusal_is_one_line(hub: FakeHub) -> None:
    hub.refuse[REPOSITORY] = (401, {"X-Error-Code": "GatedRepo"})
    done = subprocess.run(
        [sys.executable, "-m", "edge_solver", "models", "pull", NAME],
        env={**os.environ, "HF_ENDPOINT": hub.url, "PYTHONPATH": str(Path(edge_solver.__file__).parents[1])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert f"gated: its owners want to know who downloads it. Open {hub.url}" in done.stderr


INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from edge_solver.cli import main
raise SystemExit(main())
"""
"""The program, though a shell may have started the tests in the background, where the signal is ignored."""


def test_an_interrupt_keeps_what_is_here_and_the_next_pull_goes_on(hub: FakeHub, run: Run) -> None:
    weights = a_blob(400_000)
    mark = hub.add(REPOSITORY, "model.safetensors", weights)
    hub.trouble.append(trickle(120))
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "models", "pull", NAME, "--accept-licence"],
        env={**os.environ, "HF_ENDPOINT": hub.url, "PYTHONPATH": str(Path(edge_solver.__file__).parents[1])},
        stderr=subprocess.PIPE,
        text=True,
    ) as pulling:
        partial = cache.partial_path(REPOSITORY, mark)
        end = time.monotonic() + 120
        while not (partial.exists() and partial.stat().st_size >= 200_000):
            assert time.monotonic() < end
            assert pulling.poll() is None
            time.sleep(0.02)
        pulling.send_signal(signal.SIGINT)
        _, said = pulling.communicate(timeout=60)
    assert pulling.returncode == 130
    assert "stopped by you; what is here is kept" in said
    assert "Traceback" not in said
    assert partial.read_bytes() == weights[:200_000]
    assert {model["name"]: model["state"] for model in json.loads(run("list", "--json")[1])}[NAME] == "partly pulled"
    code, printed, _ = run("pull", NAME, "--accept-licence")
    assert code == 0
    assert hub.reads() == [None, "bytes=200000-"]
    assert (Path(printed.strip()) / "model.safetensors").read_bytes() == weights


def test_a_name_that_nobody_knows_suggests_the_nearest(run: Run) -> None:
    code, _, said = run("pull", "lemma-7b")
    assert code == 2
    assert "did you mean 'llemma-7b'" in said
