"""Tree search beside sampling that costs as much: what is compared, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_solver.bench.findings import Study
from edge_solver.bench.report import words
from edge_solver.bench.report.terminal import every_table
from edge_solver.bench.study import study
from edge_solver.bench.trials import read_run

from .conftest import Policy

Results = Callable[..., Path]
Make = Callable[..., dict[str, Any]]
RIGHT, WRONG = ("1", 0.9, True), ("2", 0.4, False)


def sampled(row: Make, right: dict[int, int], problems: int, **facts: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return weighted sampling that answers so many of the problems at each width."""
    return [
        row(f"p{i}", [RIGHT if i < solved else WRONG] * width, strategy="weighted", **facts)
        for width, solved in right.items()
        for i in range(problems)
    ]


def searched(row: Make, solved: int, width: int, problems: int, **facts: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return [row(f"p{i}", [RIGHT if i < solved else WRONG] * width, strategy="rebase", **facts) for i in range(problems)]


@pytest.fixture
def found(results: Results) -> Callable[..., Study]:
    return lambda rows: study([read_run(results(rows, "results"))])


def test_a_search_is_set_beside_sampling_at_its_own_cost(found: Callable[..., Study], row: Make) -> None:
    # Sampling solves 2 of 10 at width 4 and 6 at 16; on the logarithm of FLOPs width 8 lies half way: 4 of 10.
    one = found(sampled(row, {4: 2, 16: 6}, 10) + searched(row, 7, 8, 10))
    (compared,) = one.equal_compute
    assert compared.gap.estimate.value == pytest.approx(0.3)
    assert [one.points[i].choice.width for i in (compared.low, compared.high)] == [4, 16]


def test_a_search_dearer_than_all_sampling_is_set_beside_the_widest(found: Callable[..., Study], row: Make) -> None:
    one = found(sampled(row, {4: 2, 16: 6}, 10) + searched(row, 7, 32, 10))
    (compared,) = one.equal_compute
    assert compared.low == compared.high
    assert compared.gap.estimate.value == pytest.approx(0.1)
    (table,) = (t for t in every_table(one) if t.key == "equal-compute")
    assert table.rows[0][3] == "weighted@16, the widest"


def test_a_search_cheaper_than_all_sampling_has_no_partner(found: Callable[..., Study], row: Make) -> None:
    assert found(sampled(row, {4: 2, 16: 6}, 10) + searched(row, 7, 2, 10)).equal_compute == ()


def test_the_cheapest_search_that_reaches_the_widest_sampling_counts(found: Callable[..., Study], row: Make) -> None:
    rows = sampled(row, {4: 2, 16: 6}, 10) + searched(row, 6, 4, 10) + searched(row, 8, 8, 10)
    one = found(rows)
    (reached,) = one.catch_ups
    assert one.points[reached.search].choice.width == 4
    assert reached.times == pytest.approx(4.0)
    assert any("rebase@4 reaches the 60.0 % of weighted@16 with 4 times fewer FLOPs" in s for s in words.shows(one))


def test_a_search_that_does_not_get_there_is_said_so(found: Callable[..., Study], row: Make) -> None:
    one = found(sampled(row, {4: 2, 16: 6}, 10) + searched(row, 5, 4, 10) + searched(row, 3, 8, 10))
    (reached,) = one.catch_ups
    assert (one.points[reached.search].choice.width, reached.times) == (4, None)
    assert any("rebase@4 does not reach the 60.0 % of weighted@16" in sentence for sentence in words.shows(one))


def test_a_smaller_model_is_set_beside_a_larger_one_and_not_the_other_way(
    found: Callable[..., Study], row: Make
) -> None:
    small, large = Policy("nano", 500_000), Policy("micro", 3_000_000)
    rows = [r for p in (small, large) for r in sampled(row, {1: 2, 16: 6}, 10, policy=p)]
    rows += [r for p in (small, large) for r in searched(row, 7, 16, 10, policy=p)]
    one = found(rows)
    pairs = {(one.points[e.search].choice.model, one.points[e.low].choice.model) for e in one.equal_compute}
    assert pairs == {("nano", "nano"), ("nano", "micro"), ("micro", "micro")}


def test_majority_stands_for_a_model_without_a_reward_model(found: Callable[..., Study], row: Make) -> None:
    rows = [row(f"p{i}", [RIGHT] * 4, strategy="majority") for i in range(4)] + searched(row, 4, 4, 4)
    one = found(rows)
    assert [one.points[e.low].choice.strategy for e in one.equal_compute] == ["majority"]
