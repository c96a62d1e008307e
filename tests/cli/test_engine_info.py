"""``engine-info``, and ``solve --engine-info``: what runs where, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_every_model_is_named_with_where_it_runs_and_why(run: Run) -> None:
    done = run("engine-info")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert next(line for line in lines if "runs on: CPU" in line).startswith("micro (llama.cpp)")
    assert any(line.startswith("  flash attention: on") for line in lines)


def test_a_device_that_is_not_there_is_explained_and_the_cpu_works(run: Run) -> None:
    done = run("engine-info", "--providers", "nobodys", "--threads", "1", "--json")
    policy, prm = json.loads(done.stdout)["engines"]
    assert prm["runs_on"].startswith("CPU; nobodys was asked for")
    assert {choice["name"]: choice["value"] for choice in policy["choices"]}["threads"] == "1"
    assert done.stderr == b""


def test_solve_says_it_on_standard_error(run: Run) -> None:
    done = run("solve", "What is 3 + 4?", "--width", "2", "--max-tokens", "60", "--engine-info")
    assert b"runs on: CPU" in done.stderr
    assert b"runs on" not in done.stdout
