"""How results read: figures with their quality, advice that can be typed."""

from __future__ import annotations

import re
from dataclasses import replace

import click
import pytest

from edge_solver import wording
from edge_solver.cli import render
from edge_solver.core.budget import Budget
from edge_solver.core.events import Drafted
from edge_solver.core.meter import EnergyLabel, Reading
from edge_solver.core.solution import (
    Apportioned,
    CandidateAnswer,
    Energy,
    ModelUsed,
    PathStep,
    Solution,
    Spent,
    StrategyUsed,
    TreeSize,
)
from edge_solver.core.tree import Finish

SOLUTION = Solution(
    problem="2 * 6",
    answer="12",
    confidence=0.87,
    stopped_by="complete",
    candidates=(CandidateAnswer("12", 5.1, 7), CandidateAnswer("14", 0.77, 2)),
    spent=Spent(1_200_000_000, 1_100_000_000, 100_000_000, 10**9, 412, 440, 430, 0.8, Energy(12.3, "counter", "cpu")),
    budget=Budget(),
    strategy=StrategyUsed("rebase", 16, "weighted", "last", "exact", 0.1, 1.0),
    tree=TreeSize(72, 9, 5),
    best_path=(PathStep("2 * 6 = 12.", 0.93), PathStep("The answer is: 12", None)),
    policy=ModelUsed("policy", "00"),
    prm=None,
    seed=0,
)
NOTHING = replace(SOLUTION, answer=None, candidates=(), best_path=(), confidence=0.0)


def test_a_summary_in_full() -> None:
    assert [click.unstyle(line) for line in render.summary(SOLUTION)] == [
        "12  confidence 87% · 7 of 9 votes",
        "instead of  14 (2 votes, weight 0.77)",
        "  0.93  2 * 6 = 12.",
        "    ·   The answer is: 12",
        "1.2 GFLOP executed (policy 1.1 GFLOP, reward model 100 MFLOP; 1 GFLOP by the paper's count)",
        "412 tokens · 0.8 s · 12.3 J (cpu)",
        "71 steps, 9 whole solutions; every branch is finished",
    ]


def test_a_summary_on_one_line() -> None:
    assert click.unstyle(render.brief(SOLUTION)) == (
        "12  confidence 87% · 7 of 9 votes · 1.2 GFLOP · 412 tokens · 0.8 s · 12.3 J (cpu) · every branch is finished"
    )


@pytest.mark.parametrize(
    ("value", "label", "shown"),
    [
        (12.3, "counter", "12.3 J"),
        (12.3, "measured-battery", "12.3 J"),
        (12.3, "measured-wall", "12.3 J"),
        (12.0, "estimated-calibrated", "≈12 J ±9 %"),
        (12.0, "estimated-default", "≈12 J (uncalibrated)"),
        (None, "unavailable", "—"),
        (None, "counter", "—"),
        (5.0, "stale", "—"),
    ],
)
def test_energy_shows_its_quality(value: float | None, label: str, shown: str) -> None:
    error = 0.09 if label == "estimated-calibrated" else None
    assert wording.joules(Energy(value, label, "cpu package", error=error)) == shown


def test_where_there_is_room_a_counter_says_what_it_covers() -> None:
    assert wording.joules(Energy(12.3, "counter", "cpu package"), is_scoped=True) == "12.3 J (cpu package)"
    assert wording.joules(Energy(12.3, "measured-battery", "whole device"), is_scoped=True) == "12.3 J"


def test_joules_are_shared_out_by_flops_and_said_to_be() -> None:
    energy = Energy.of(Reading(10.0, EnergyLabel.COUNTER, "cpu", "powercap", 2.0), 3.0, (100, 600, 300))
    assert energy.apportioned == Apportioned(1.0, 6.0, 3.0)
    lines = render.summary(replace(SOLUTION, spent=replace(SOLUTION.spent, joules=energy)))
    words = "joules shared out by FLOPs: prompt 1 J, decode 6 J, reward model 3 J; 1 J a branch"
    assert words in map(click.unstyle, lines)


def test_gross_and_net_of_idle_stand_beside_each_other() -> None:
    reading = Reading(10.0, EnergyLabel.COUNTER, "cpu", "powercap", 2.0)
    energy = Energy.of(reading, 3.0)
    assert (energy.value, energy.net, energy.idle_watts, energy.window_seconds) == (10.0, 4.0, 2.0, 3.0)
    assert energy.method == "powercap"
    assert Energy.of(replace(reading, idle_watts=None), 3.0).net is None
    assert Energy.of(reading.lost(), 3.0) == Energy(None, "unavailable", "cpu", None, 2.0, 3.0, "powercap")


@pytest.mark.parametrize(
    ("stopped_by", "budget", "useful", "words"),
    [
        (
            "tokens",
            Budget(tokens=5),
            Budget(tokens=113),
            "the cap of 5 tokens stopped the search; .* --max-tokens 120$",
        ),
        ("flops", Budget(flops=1e6), Budget(flops=8.04e9), "--max-flops 8.1G$"),
        ("seconds", Budget(seconds=0.5), Budget(seconds=61.2), "--max-seconds 62s$"),
        ("joules", Budget(joules=1), Budget(joules=123.0), "--max-joules 130J$"),
        ("flops", Budget(flops=1e6, tokens=9), Budget(flops=8e9, tokens=20), "--max-flops 8G --max-tokens 20$"),
        ("flops", Budget(flops=1e6, tokens=90), Budget(flops=8e9, tokens=20), "--max-flops 8G$"),
        ("tokens", Budget(tokens=50), Budget(tokens=40), "try --max-tokens 100$"),
        ("seconds", Budget(seconds=3), None, "try --max-seconds 6s$"),
        ("complete", Budget(), None, "71 steps written, and no branch came to an end"),
        ("cancelled", Budget(), None, "stopped before any solution"),
    ],
)
def test_no_answer_comes_with_advice_that_can_be_typed(
    stopped_by: str, budget: Budget, useful: Budget | None, words: str
) -> None:
    solution = replace(NOTHING, stopped_by=stopped_by, budget=budget, smallest_useful=useful)
    assert re.search(words, render.no_answer(solution))


def test_a_meter_that_was_lost_under_a_cap_is_named_and_not_the_cap() -> None:
    spent = replace(SOLUTION.spent, joules=Energy(None, "unavailable", "cpu"))
    lost = replace(SOLUTION, stopped_by="joules", budget=Budget(joules=50), spent=spent)
    assert "energy could no longer be measured" in render.brief(lost)
    assert "--meter estimate" in render.no_answer(
        replace(NOTHING, **{n: getattr(lost, n) for n in ("stopped_by", "spent")})
    )


def test_a_low_chance_is_said_where_it_is_a_chance() -> None:
    told = render.doubt(replace(SOLUTION, confidence=0.12, solvable=0.05))
    assert told is not None
    assert "12%" in told


@pytest.mark.parametrize(("confidence", "solvable"), [(0.12, None), (0.8, 0.05)])
def test_a_share_of_the_vote_or_a_good_chance_brings_no_warning(confidence: float, solvable: float | None) -> None:
    assert render.doubt(replace(SOLUTION, confidence=confidence, solvable=solvable)) is None


def test_a_step_shows_depth_reward_text_and_answer() -> None:
    step = Drafted(5, 2, 2, "so  x = 4\n", 7, Finish.STEP, None)
    assert click.unstyle(render.step(step, 0.5)) == "  2  0.50    so x = 4"
    assert click.unstyle(render.step(replace(step, finish=Finish.ANSWER, answer="4"), None)).endswith("so x = 4  → 4")
    assert "cut off" in render.step(replace(step, finish=Finish.BUDGET), None)
    assert len(click.unstyle(render.step(replace(step, depth=10**9), 0.5))) < 60


def test_clean_text_is_one_line_without_controls() -> None:
    assert wording.clean("a\tb\r\n\x1b[2Jc\u202e") == "a b �[2Jc�"
