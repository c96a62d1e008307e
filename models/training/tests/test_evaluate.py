"""The reward model's figures of merit, and how sure they are."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from training.evaluate import Judged, recomputed, step_quality
from training.sample import Sampled

RIGHT = ("2+3=5", "5*4=20", "The answer is: 20")
WRONG = ("2+3=6", "6*4=24", "The answer is: 24")


def judged(*scores: list[float]) -> Judged:
    return Judged(Sampled("What is (2 + 3)*4?", "own", RIGHT, (RIGHT, WRONG)), list(scores))


def test_a_judge_that_sees_every_slip_has_no_doubtful_figure() -> None:
    figures = step_quality([judged([0.9, 0.9, 0.9], [0.1, 0.1, 0.1])] * 5)
    assert figures["auroc"] == figures["first_wrong_f1"] == 1.0
    assert figures["ci95"] == {"auroc": [1, 1], "auroc_up_to_first_wrong": [1, 1], "first_wrong_f1": [1, 1]}
    assert (figures["steps"], figures["solutions"], figures["right_share"]) == (30, 10, 0.5)


def test_problems_that_differ_widen_the_interval() -> None:
    good, bad = judged([0.9, 0.9, 0.9], [0.1, 0.1, 0.1]), judged([0.1, 0.2, 0.3], [0.9, 0.8, 0.7])
    figures = step_quality([good] * 6 + [bad] * 2)
    low, high = figures["ci95"]["auroc"]
    assert low < figures["auroc"] < min(1.0, high + 1e-9)


def test_what_arithmetic_refutes_is_judged_wrong_whatever_the_network_says() -> None:
    blind = judged([0.9, 0.9, 0.9], [0.9, 0.9, 0.9])
    assert step_quality([blind] * 2)["first_wrong_f1"] == 0.0
    assert step_quality([recomputed(blind)] * 2)["first_wrong_f1"] == 1.0
