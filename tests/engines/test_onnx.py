"""The scorer on the real process reward model: incremental reading, batching, the ledger, bad files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest

from edge_solver.core import room
from edge_solver.core.belief import log_odds
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.cost import span_flops
from edge_solver.core.ports import ScoreRequest
from edge_solver.core.tree import ROOT
from edge_solver.energy import EstimatedMeter
from edge_solver.engines.llama import LlamaModel
from edge_solver.engines.onnx import OnnxScorer
from edge_solver.errors import ModelBrokenError, ModelMissingError, ProblemError
from edge_solver.paths import shipped

PROBLEM = "What is 37 * 24?"
PRM = shipped("models/builtin/prm.onnx")
STEPS = ("Step 1: 37 * 24 = 37 * 20 + 37 * 4\n", "Step 2: 37 * 20 = 740\n", "Step 3: 37 * 4 = 148\n")


def a_ledger(**caps: float) -> Ledger:
    return Ledger(Budget(**caps), time.monotonic, EstimatedMeter())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tokenizer() -> Iterator[LlamaModel]:
    with LlamaModel(shipped("models/builtin/micro.gguf"), vocab_only=True) as model:
        yield model


@pytest.fixture
def scorer(tokenizer: LlamaModel) -> OnnxScorer:
    made = OnnxScorer(PRM, tokenizer)
    made.open(0, PROBLEM)
    return made


def reward(scorer: OnnxScorer, node: int, parent: int, text: str) -> float:
    (score,) = scorer.score([ScoreRequest(0, node, parent, text)], a_ledger())
    assert score is not None
    return score


def test_step_by_step_gives_the_same_rewards_as_all_at_once(scorer: OnnxScorer, tokenizer: LlamaModel) -> None:
    parent, rewards = ROOT, []
    for node, text in enumerate(STEPS, start=1):
        rewards.append(reward(scorer, node, parent, text))
        parent = node
    for upto in range(1, len(STEPS) + 1):
        fresh = OnnxScorer(PRM, tokenizer)
        fresh.open(0, PROBLEM)
        assert reward(fresh, 1, ROOT, "".join(STEPS[:upto])) == pytest.approx(rewards[upto - 1], abs=1e-4)


def test_a_child_costs_its_own_tokens_only(scorer: OnnxScorer, tokenizer: LlamaModel) -> None:
    reward(scorer, 1, ROOT, STEPS[0])
    ledger = a_ledger()
    scorer.score([ScoreRequest(0, 2, 1, STEPS[1])], ledger)
    tokens = len(tokenizer.tokenize(STEPS[1]))
    start = scorer.open(0, PROBLEM) + len(tokenizer.tokenize(STEPS[0]))
    assert ledger.spent().tokens_prm == tokens
    assert ledger.spent().flops_prm == span_flops(scorer.profile.shape, start, start + tokens, 0)


def test_a_reward_does_not_depend_on_who_else_is_in_the_batch(scorer: OnnxScorer) -> None:
    alone = reward(scorer, 1, ROOT, STEPS[0])
    others = [ScoreRequest(0, 2 + i, ROOT, text) for i, text in enumerate((STEPS[0] + STEPS[1], "Step 1: no\n"))]
    together = scorer.score([*others, ScoreRequest(0, 9, ROOT, STEPS[0])], a_ledger())
    assert together[-1] == pytest.approx(alone, abs=1e-5)


def test_branches_of_different_depth_are_scored_in_one_batch(scorer: OnnxScorer) -> None:
    reward(scorer, 1, ROOT, STEPS[0])
    apart = reward(scorer, 2, 1, STEPS[1]), reward(scorer, 3, ROOT, STEPS[1])
    together = scorer.score([ScoreRequest(0, 4, 1, STEPS[1]), ScoreRequest(0, 5, ROOT, STEPS[1])], a_ledger())
    assert together == pytest.approx(list(apart), abs=1e-5)


def test_rows_that_stand_on_too_much_are_read_in_several_calls(
    scorer: OnnxScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rewards(first: int) -> list[float | None]:
        requests = [ScoreRequest(0, first + i, ROOT, f"{i} + 1 = {i + 1}\n") for i in range(6)]
        deeper = [ScoreRequest(0, first + 10 + i, first + i, f"{i} + 2 = {i + 2}\n") for i in range(6)]
        return [*scorer.score(requests, a_ledger()), *scorer.score(deeper, a_ledger())]

    at_once = rewards(1)
    scorer.retain(0, ())
    scorer.open(0, PROBLEM)
    monkeypatch.setattr(room, "SCORED_BYTES", 2 * 40 * scorer.profile.shape.kv_bytes_per_token)
    assert rewards(1) == pytest.approx(at_once, abs=1e-4)
    monkeypatch.setattr(room, "SCORED_BYTES", 1)  # not even one row: each is read alone
    scorer.retain(0, ())
    scorer.open(0, PROBLEM)
    assert rewards(1) == pytest.approx(at_once, abs=1e-4)


def test_equal_siblings_are_read_once(scorer: OnnxScorer, tokenizer: LlamaModel) -> None:
    reward(scorer, 1, ROOT, STEPS[0])
    ledger = a_ledger()
    rewards = scorer.score([ScoreRequest(0, node, 1, STEPS[1]) for node in (2, 3, 4)], ledger)
    assert len(set(rewards)) == 1
    assert ledger.spent().tokens_prm == len(tokenizer.tokenize(STEPS[1]))


def test_what_stands_below_equal_steps_is_read_once(scorer: OnnxScorer, tokenizer: LlamaModel) -> None:
    scorer.score([ScoreRequest(0, node, ROOT, STEPS[0]) for node in (1, 2, 3)], a_ledger())
    scorer.retain(0, [ROOT, 2, 3])  # the one that was read is not wanted, and its equals are
    ledger = a_ledger()
    requests = [ScoreRequest(0, 4, 2, STEPS[1]), ScoreRequest(0, 5, 3, STEPS[1]), ScoreRequest(0, 6, 3, STEPS[2])]
    assert [len(span) > 0 for span in scorer.spans(requests)] == [True, False, True]
    rewards = scorer.score(requests, ledger)
    assert rewards[0] == rewards[1] != rewards[2]
    assert ledger.spent().tokens_prm == sum(len(tokenizer.tokenize(text)) for text in STEPS[1:])
    scorer.retain(0, ())
    scorer.open(0, PROBLEM)
    assert reward(scorer, 5, ROOT, STEPS[1]) != rewards[1]  # nothing is left of what node 5 was


def test_a_forgotten_parent_is_read_again_and_charged(scorer: OnnxScorer) -> None:
    reward(scorer, 1, ROOT, STEPS[0])
    expected = reward(scorer, 2, 1, STEPS[1])
    scorer.retain(0, [ROOT])
    ledger = a_ledger()
    (again,) = scorer.score([ScoreRequest(0, 3, 1, STEPS[1])], ledger)
    assert again == pytest.approx(expected, abs=1e-5)
    assert ledger.spent().tokens_prm > 15


def test_the_ledger_is_asked_before_every_call(scorer: OnnxScorer) -> None:
    requests = [ScoreRequest(0, node, ROOT, text) for node, text in enumerate(STEPS, start=1)]
    ledger = a_ledger(flops=1)
    assert scorer.score(requests, ledger) == [None] * 3
    assert ledger.spent().flops == 0
    whole = a_ledger()
    scorer.score(requests, whole)
    scorer.retain(0, ())
    scorer.open(0, PROBLEM)
    tight = a_ledger(flops=whole.spent().flops - 1)
    rewards = scorer.score(requests, tight)
    assert rewards[0] is not None
    assert rewards[-1] is None
    assert tight.spent().flops < whole.spent().flops


def test_a_problem_beyond_the_context_is_refused(scorer: OnnxScorer) -> None:
    with pytest.raises(ProblemError, match="1024"):
        scorer.open(1, "1 + " * 2000)


def test_bad_files_are_refused_with_the_reason(tmp_path: Path, tokenizer: LlamaModel) -> None:
    def load(data: bytes | None) -> OnnxScorer:
        path = tmp_path / "prm.onnx"
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
        return OnnxScorer(path, tokenizer)

    whole = PRM.read_bytes()
    with pytest.raises(ModelMissingError, match="there is no"):
        load(None)
    with pytest.raises(ModelBrokenError, match="cannot load"):
        load(b"not a graph")
    with pytest.raises(ModelBrokenError, match="cannot load"):
        load(whole[: len(whole) // 2])
    with pytest.raises(ModelBrokenError, match="past_mxsk"):
        load(whole.replace(b"past_mask", b"past_mxsk"))
    with pytest.raises(ModelBrokenError, match=r"edge_solver\.n_layers"):
        load(whole.replace(b"edge_solver.n_layers", b"edge_solver.n_lxyers"))


def test_a_problems_score_goes_through_a_line_of_its_own(tokenizer: LlamaModel, tmp_path: Path) -> None:
    def judged(slope: float, offset: float) -> tuple[float, float]:
        graph = onnx.load(str(PRM))
        facts = {prop.key: prop.value for prop in graph.metadata_props}
        facts |= {"edge_solver.problem_slope": str(slope), "edge_solver.problem_offset": str(offset)}
        onnx.helper.set_model_props(graph, facts)
        onnx.save(graph, str(tmp_path / "prm.onnx"))
        scorer = OnnxScorer(tmp_path / "prm.onnx", tokenizer)
        scorer.open(0, PROBLEM)
        of_step = reward(scorer, 1, ROOT, STEPS[0])
        of_problem = scorer.solvable(0)
        assert of_problem is not None
        return of_step, of_problem

    step, plain = judged(1, 0)
    same_step, moved = judged(2, 1)
    assert same_step == step
    assert log_odds(moved, edge=1e-9) == pytest.approx(2 * log_odds(plain, edge=1e-9) + 1, rel=1e-6)
