"""What a reward model adds to the time of a search is measured on the real pair, both ways."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from edge_solver.bench.scoring import Comparison, Times, main

SMALL = ["--model", "nano", "--width", "2", "--steps", "3", "--step-tokens", "8"]


def test_both_searches_are_timed_and_the_policys_time_is_part_of_each() -> None:
    done = CliRunner().invoke(main, [*SMALL, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    for times in (found["scored"], found["free"]):
        assert times["steps"] > 0
        assert 0 < times["decode_seconds"] < times["seconds"]
    assert found["prm"] == "micro-prm"


def test_the_figure_is_the_stretch_that_scoring_brings() -> None:
    free, scored = Times(11.0, 10.0, 4, 40), Times(27.5, 20.0, 8, 80)
    assert Comparison("policy", "prm", 1, scored, free).added == pytest.approx(0.25)


def test_an_unknown_reward_model_is_an_error_with_its_name() -> None:
    done = CliRunner().invoke(main, [*SMALL, "--prm", "nowhere"])
    assert done.exit_code != 0
    assert "nowhere" in done.output
