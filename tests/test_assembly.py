"""The contract of a search once more, with the built-in models: every strategy, several policies, wrong names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_solver.assembly import Assembly
from edge_solver.catalog.registry import registry
from edge_solver.config import resolve
from edge_solver.core.budget import Budget
from edge_solver.core.events import Drafted, Event, Solved, from_json, to_json
from edge_solver.core.solution import Solution
from edge_solver.core.strategies import STRATEGIES
from edge_solver.core.strategies.base import PAPER_BALANCE
from edge_solver.errors import ModelMissingError, UnknownNameError, UsageError
from edge_solver.loading import model_names

PROBLEM = "What is 37 + 48?"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own settings out."""
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def an_assembly(**choices: object) -> Assembly:
    return Assembly(resolve(choices, environ={}))


def told(assembly: Assembly, budget: Budget | None = None) -> tuple[Solution, list[Event]]:
    events = list(assembly.search(PROBLEM, budget=budget))
    last = events[-1]
    assert isinstance(last, Solved)
    return last.solution, events


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_keeps_its_promises_with_the_built_in_models(strategy: str) -> None:
    with an_assembly(strategy=strategy, width=8, threads=1) as assembly:
        whole, events = told(assembly)
        again, _ = told(assembly)
        capped, written = told(assembly, Budget(tokens=60, flops=10**9))
    assert whole.answer is not None
    assert (again.answer, again.tree) == (whole.answer, whole.tree)
    assert again.spent.flops_prompt == 0  # it had read the problem before
    assert again.spent.flops == whole.spent.flops - whole.spent.flops_prompt
    assert sum(candidate.votes for candidate in whole.candidates) == whole.tree.leaves <= whole.strategy.width
    assert whole.spent.tokens_generated == sum(event.n_tokens for event in events if isinstance(event, Drafted))
    assert capped.spent.tokens_generated == sum(event.n_tokens for event in written if isinstance(event, Drafted)) <= 60
    assert capped.spent.flops <= 10**9
    assert [from_json(json.loads(json.dumps(to_json(event)))) for event in events] == events


def test_width_is_shared_as_suits_the_reward_model_unless_somebody_says_otherwise() -> None:
    own = registry()["micro-prm"].balance_temperature
    assert own is not None
    with an_assembly(width=2, threads=1) as assembly:
        assert told(assembly)[0].strategy.balance_temperature == own
    with an_assembly(width=2, threads=1, balance_temperature=0.7) as assembly:
        assert told(assembly)[0].strategy.balance_temperature == 0.7
    with an_assembly(width=2, threads=1, strategy="majority") as assembly:  # nobody weighs rewards
        assert told(assembly)[0].strategy.balance_temperature == PAPER_BALANCE


def test_a_decided_search_says_so_and_gives_the_same_answer() -> None:
    with an_assembly(strategy="majority", width=16, threads=1) as assembly:
        whole, _ = told(assembly)
    with an_assembly(strategy="majority", width=16, threads=1, stop="decided") as assembly:
        early, _ = told(assembly)
    assert early.answer == whole.answer
    assert early.tree.leaves <= whole.tree.leaves
    assert early.stopped_by in ("decided", "complete")


def test_several_policies_share_one_tree_and_one_vote() -> None:
    with an_assembly(model="builtin,builtin", width=6, threads=1) as assembly:
        solution, _ = told(assembly)
        capped, _ = told(assembly, Budget(tokens=40))
    with an_assembly(model="builtin", width=6, threads=1) as assembly:
        alone, _ = told(assembly)
    assert solution.answer is not None
    assert solution.policies == alone.policies * 2
    assert alone.policies == (alone.policy,)
    assert solution.policy.name == ",".join(model.name for model in solution.policies)
    assert solution.spent.flops_paper / solution.spent.tokens_generated == pytest.approx(
        alone.spent.flops_paper / alone.spent.tokens_generated
    )
    assert capped.spent.tokens_generated <= 40


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("builtin,micr", UnknownNameError, "did you mean 'micro'"),
        ("builtin,nothing.gguf", ModelMissingError, r"nothing\.gguf"),
        ("builtin,", UsageError, "one comma"),
        (",", UsageError, "one comma"),
    ],
)
def test_a_wrong_name_among_several_gives_the_usual_error(model: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        an_assembly(model=model)


def test_a_path_with_a_comma_in_its_name_is_one_model(tmp_path: Path) -> None:
    file = tmp_path / "large,slow.gguf"
    file.touch()
    assert model_names(str(file)) == [str(file)]
    assert model_names("a, b") == ["a", "b"]
