"""Steps are calibrated on those whose reward the judge alone decides."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")

from training.calibrate import judged_alone, platt  # noqa: E402
from training.corrupt import Labelled  # noqa: E402
from training.problems.base import is_test  # noqa: E402
from training.problems.source import Source  # noqa: E402


def test_a_solution_ends_before_the_line_that_arithmetic_refutes() -> None:
    lines = ("2 + 3 = 5", "5 * 4 = 21", "21 - 1 = 20", "The answer is: 20")
    assert judged_alone(Labelled(lines, 1)) == Labelled(lines[:1], None)
    assert judged_alone(Labelled(lines, 0)) == Labelled(lines[:1], 0)


def test_a_solution_that_nothing_refutes_stays_whole() -> None:
    solution = Labelled(("2 + 3 = 5", "5 * 4 = 20", "The answer is: 20"), None)
    assert judged_alone(solution) == solution


def test_a_line_makes_logits_mean_what_they_say() -> None:
    generator = torch.Generator().manual_seed(0)
    true = torch.randn(4000, generator=generator) * 2
    labels = (torch.rand(4000, generator=generator) < true.sigmoid()).float()
    slope, offset = platt((true - 1) / 0.5, labels)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert offset == pytest.approx(1, abs=0.15)


def test_problems_of_a_suite_are_never_drawn() -> None:
    source = Source(None, "test")
    first = source.different(random.Random(3), 30)
    suite = frozenset(problem.text for problem in first[:10])
    again = source.different(random.Random(3), 30, suite)
    assert not suite & {problem.text for problem in again}
    assert {problem.text for problem in first[10:]} <= {problem.text for problem in again}
    assert all(is_test(problem.text) for problem in again)
