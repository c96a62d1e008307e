"""The estimate of what a search takes: from shapes, by the rule that the engine sizes its cache with."""

from __future__ import annotations

import json

import pytest

from edge_solver import memory
from edge_solver.catalog import registry
from edge_solver.catalog.fit import Fit, fit
from edge_solver.catalog.shelf import converted_path
from edge_solver.cli import main

LLEMMA = registry()["llemma-7b"]
PRM = registry()["qwen2-0.5b-math-shepherd"]


def estimate(width: int = 16, **choices: object) -> Fit:
    made = fit(LLEMMA, width=width, **choices)  # type: ignore[arg-type]
    assert made is not None
    return made


def test_weights_are_the_file_and_the_cache_is_cells_times_its_bytes() -> None:
    made = estimate()
    assert made.need.weights == 4_081_095_296
    assert made.need.cache == made.cells * 512 * 1024
    assert made.need.total == made.need.weights + made.need.cache + made.need.buffers
    assert made.cells % 256 == 0


def test_it_grows_with_width_and_with_context_and_with_a_reward_model() -> None:
    one, many, short = estimate(1), estimate(64), estimate(64, context=600)
    assert one.need.cache < short.need.cache < many.need.cache
    assert estimate(context=10**9).context == LLEMMA.context
    judged = estimate(prm=PRM)
    assert judged.need.prm_weights == PRM.parameters
    assert judged.need.total > estimate().need.total + PRM.parameters


def test_a_converted_file_is_weighed_instead_of_guessed() -> None:
    path = converted_path(PRM)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 1234)
    assert estimate(prm=PRM).need.prm_weights == 1234


def test_a_policy_to_be_converted_weighs_what_its_recipe_makes() -> None:
    made = fit(registry()["llemma-metamath-7b"], width=16)
    assert made is not None
    assert made.need.weights == pytest.approx(LLEMMA.bytes, rel=0.02)  # the same shape, as quantized by others


def test_it_fits_or_not_into_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, fits in ((1 << 40, True), (1 << 30, False), (None, None)):
        monkeypatch.setattr(memory, "available", lambda free=free: free)
        monkeypatch.setattr(memory, "total", lambda free=free: free)
        assert estimate().fits is fits


def test_what_has_no_shape_has_no_estimate() -> None:
    assert fit(registry()["micro"], width=16) is None


def test_show_says_what_it_takes_and_that_it_is_an_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", "llemma-7b", "--width", "4", "--context", "1024", "--prm", PRM.name]) == 0
    printed = capsys.readouterr().out
    assert "at --width 4 and --context 1024 (estimated: weights 4.1 GB" in printed
    assert "this machine" in printed
    assert "not known on this machine; find out with: edge-solver bench device --quick" in printed
    assert main(["models", "show", "llemma-7b", "--width", "4", "--prm", PRM.name, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["memory"]["needed"] == sum(document["memory"]["need"].values())
    assert document["speed"] == []
    assert main(["models", "show", "llemma-7b", "--prm", "llemma-34b"]) == 2
    assert "is a policy" in capsys.readouterr().err
