"""From trials to a study: what is compared with what, and what is kept apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_solver.bench.evidence import gather
from edge_solver.bench.findings import Study
from edge_solver.bench.samples import pools
from edge_solver.bench.study import study
from edge_solver.bench.trials import MIXED, Run, read_run
from edge_solver.errors import UsageError

Rows = list[dict[str, Any]]
Results = Callable[..., Path]
Make = Callable[..., dict[str, Any]]
RIGHT, WRONG = ("1", 0.9, True), ("2", 0.4, False)


def at(found: Study, strategy: str, width: int) -> Any:  # noqa: ANN401 - a point
    (point,) = (p for p in found.points if (p.choice.strategy, p.choice.width) == (strategy, width))
    return point


def read(results: Results, rows: Rows, name: str = "results", **facts: Any) -> Run:  # noqa: ANN401
    return read_run(results(rows, name, **facts))


def test_accuracy_coverage_and_cost_are_those_of_the_rows(results: Results, row: Make) -> None:
    rows = [
        row("a", [RIGHT, WRONG, RIGHT]),
        row("b", [WRONG, WRONG, RIGHT]),
        row("c", [WRONG] * 3),
        row("d", [RIGHT] * 3),
    ]
    point = at(study([read(results, rows)]), "majority", 3)
    assert (point.accuracy.value, point.coverage.value, point.answered) == (0.5, 0.75, 1.0)
    assert point.flops == 2 * 3_000_000 * 180
    assert point.parameters == 3_000_000
    assert point.stopped == {"complete": 1.0}


def test_a_problem_with_more_seeds_counts_no_more(results: Results, row: Make) -> None:
    rows = [row("a", [RIGHT], seed=seed) for seed in range(9)] + [row("b", [WRONG])]
    assert at(study([read(results, rows)]), "majority", 1).accuracy.value == 0.5


def test_a_study_is_the_same_every_time(results: Results, tiny: Rows) -> None:
    run = read(results, tiny)
    assert study([run]) == study([run])


def test_a_configuration_with_too_few_problems_is_left_out_and_named(results: Results, row: Make) -> None:
    rows = [row(f"p{i}", [RIGHT]) for i in range(10)] + [row("p0", [WRONG], strategy="greedy")]
    found = study([read(results, rows)])
    assert [point.choice.strategy for point in found.points] == ["majority"]
    assert [(out.choice.strategy, out.problems) for out in found.left_out] == [("greedy", 1)]
    assert found.problems == 10


def test_the_last_problems_of_a_killed_run_are_left_out_for_all(results: Results, row: Make) -> None:
    rows = [row(f"p{i}", [RIGHT], strategy=name) for name in ("greedy", "majority") for i in range(10)][:-1]
    found = study([read(results, rows)])
    assert (found.problems, found.unshared, found.left_out) == (9, 1, ())


def test_different_suites_are_refused(results: Results, tiny: Rows) -> None:
    one = read(results, tiny)
    with pytest.raises(UsageError, match="'other'"):
        gather([one, read(results, tiny, "b", suite="other")])
    with pytest.raises(UsageError, match="of other content"):
        gather([one, read(results, tiny, "c", sha256="cd" * 32)])


def test_seeds_from_two_folders_are_put_together(results: Results, row: Make) -> None:
    first = read(results, [row("a", [RIGHT], seed=0)], "one")
    second = read(results, [row("a", [WRONG], seed=1)], "two")
    (point,) = study([first, second]).points
    assert (point.runs, point.accuracy.value) == (2, 0.5)


def test_other_settings_or_devices_make_another_configuration(results: Results, tiny: Rows) -> None:
    plain = read(results, tiny, "one")
    hot = read(results, tiny, "two", settings={"in_flight": 1, "search": {"temperature": 2.0}, "seeds": [1]})
    phone = read(results, tiny, "three", device="a phone")
    setups = {point.choice.setup for point in study([plain, hot]).points}
    assert setups == {"search.temperature 1.0", "search.temperature 2.0"}
    both = study([plain, phone])
    assert {point.choice.device for point in both.points} == {"a laptop", "a phone"}
    assert len([f for f in both.frontiers if f.cost == "flops"]) == 1
    assert len([f for f in both.frontiers if f.cost == "seconds"]) == 2


def test_joules_of_two_labels_are_separate_frontiers(results: Results, row: Make) -> None:
    rows = [row("a", [RIGHT], strategy="greedy", label="counter"), row("a", [RIGHT] * 4, label="estimated-default")]
    found = [f for f in study([read(results, rows)]).frontiers if f.cost == "joules"]
    assert {(f.label, len(f.series)) for f in found} == {("counter", 1), ("estimated-default", 1)}


def test_runs_of_two_labels_have_no_mean_in_joules(results: Results, row: Make) -> None:
    rows = [row("a", [RIGHT], label="counter"), row("b", [RIGHT], label="estimated-default")]
    found = study([read(results, rows)])
    assert (found.points[0].joules, found.points[0].label) == (None, MIXED)
    assert found.frontier("joules") is None


def test_pooled_samples_join_classes_over_seeds(results: Results, row: Make) -> None:
    """Seed 1 spells the right answer otherwise; all right ones are one class, and equal spellings are one class."""
    rows = [
        row("a", [RIGHT, WRONG, WRONG]),
        row("a", [("1.0", 0.9, True), ("2", 0.4, False), (None, 0.0, False)], seed=1),
    ]
    (pool,) = pools(gather([read(results, rows)]))
    (samples,) = pool.ballots(weighted=False)
    assert samples.classes == (0, 1, 1, 0, 1, -1)
    assert samples.right == 0
    assert pool.fewest == 6
    assert pool.coverage([1])[0, 0] == pytest.approx(2 / 6)


def test_samples_that_came_to_no_end_count_as_failures(results: Results, row: Make) -> None:
    cut = row("a", [RIGHT], width=4)
    (pool,) = pools(gather([read(results, [cut])]))
    assert pool.coverage([1])[0, 0] == pytest.approx(1 / 4)
    cut["stopped_by"] = "decided"
    (pool,) = pools(gather([read(results, [cut], "b")]))
    assert pool.fewest == 1


def test_a_constructed_answer_distribution_saturates_where_the_theorem_says(results: Results, row: Make) -> None:
    """On half of the problems the right answer is rarer but weighs more: only a weighted vote gets those right."""
    rows = []
    for number in range(10):
        leaves = [RIGHT] * 12 + [WRONG] * 4 if number % 2 else [RIGHT] * 7 + [WRONG] * 9
        rows += [row(f"p{number}", leaves, strategy=name) for name in ("majority", "weighted")]
    found = {one.rule: one for one in study([read(results, rows)]).saturation}
    assert found["majority"].limit.limit.value == 0.5
    assert found["weighted"].limit.limit.value == 1.0  # 7 · 0.9 against 9 · 0.4
    assert [(m.width, m.accuracy.value) for m in found["majority"].measured] == [(16, 0.5)]


def test_differences_are_paired_by_problem_and_seed(results: Results, row: Make) -> None:
    rows = [row(f"p{i}", [WRONG if i < 5 else RIGHT], strategy="greedy") for i in range(10)]
    rows += [
        row(f"p{i}", [WRONG if i < 3 else RIGHT], strategy="majority", seed=seed) for i in range(10) for seed in (0, 1)
    ]
    found = study([read(results, rows)])
    (difference,) = found.differences
    assert found.points[difference.a].choice.strategy == "majority"
    assert difference.gap.estimate.value == pytest.approx(0.2)
    assert difference.gap.estimate.low >= 0.0


def test_subjects_have_their_own_accuracy(results: Results, row: Make) -> None:
    rows = [row("a", [RIGHT], subject="sums"), row("b", [WRONG], subject="roots"), row("c", [RIGHT], subject="roots")]
    found = study([read(results, rows)])
    assert [(s.subject, s.problems, s.accuracy.value) for s in found.subjects] == [("roots", 2, 0.5), ("sums", 1, 1.0)]


def test_a_suite_without_subjects_has_no_table_of_them(results: Results, row: Make) -> None:
    assert study([read(results, [row("a", [RIGHT], subject="")])]).subjects == ()


def test_one_problem_and_no_answer_at_all_are_a_study_too(results: Results, row: Make) -> None:
    nothing = row("a", [], width=4)
    nothing["spent"] |= {"flops": 0, "flops_policy": 0, "flops_paper": 0, "tokens_generated": 0, "seconds": 0.0}
    found = study([read(results, [nothing])])
    assert found.points[0].accuracy.value == 0.0
    assert found.points[0].parameters is None
    assert found.coverage[0].law is None


def test_three_sizes_have_a_size_law(
    results: Results, simulate: Callable[..., Rows], policy: Callable[..., object]
) -> None:
    sizes = [policy("s", 10**6, 0.2), policy("m", 10**7, 0.5), policy("l", 10**8, 2.0)]
    found = study([read(results, simulate(30, (1, 4), policies=sizes))])
    assert {fit.cost for fit in found.sizes} <= {"flops", "flops_paper"}
    (law,) = (fit.law for fit in found.sizes if fit.cost == "flops")
    assert law.alpha.value > 0
    assert np.isfinite([law.alpha.low, law.alpha.high, law.beta.low, law.beta.high]).all()
