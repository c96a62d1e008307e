"""What quantization cost: nothing where nothing changed, more for fewer bits, and a table that keeps its lines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge_solver.bench.loss import policy_loss, rank_correlation, reward_loss
from edge_solver.bench.loss_table import HEADINGS, insert, row
from edge_solver.bench.tokens import texts
from edge_solver.engines.llama import LlamaModel
from edge_solver.errors import UsageError
from edge_solver.paths import shipped
from edge_solver.quantization.agreement import checkpoint_tokenizer, disagreements
from edge_solver.quantization.output import silent
from edge_solver.quantization.workshop import make_from_gguf
from tests.quantization.tiny import TOKENIZERS

POLICY, PRM = shipped("models/builtin/micro.gguf"), shipped("models/builtin/prm.onnx")
QUANTIZE = Path(__file__).parents[2] / "quantize"
TEXT = QUANTIZE / "heldout.txt"
EMPTY = "# Title\n<!-- policy -->\n<!-- end policy -->\nthe rest\n"


def test_a_model_loses_nothing_against_itself() -> None:
    loss = policy_loss(POLICY, POLICY, TEXT, 1)
    assert loss.divergence == 0
    assert loss.same_top == 1
    assert loss.perplexity == loss.reference_perplexity
    assert loss.tokens == 128


def test_four_bits_cost_more_than_eight(tmp_path: Path) -> None:
    losses = []
    for kind in ("q8_0", "q4_0"):
        make_from_gguf(POLICY, kind, tmp_path / f"{kind}.gguf", None, silent)
        losses.append(policy_loss(POLICY, tmp_path / f"{kind}.gguf", TEXT, 2))
    assert 0 <= losses[0].divergence < losses[1].divergence
    assert losses[1].same_top < 1
    assert losses[1].bytes < losses[1].reference_bytes


def test_of_a_line_with_context_only_the_rest_is_counted(tmp_path: Path) -> None:
    """A whole answer in the model's own words, which it was trained to end there."""
    before = "<|problem|>What is 12 + 30?<|solution|>"
    (tmp_path / "lines.jsonl").write_text(json.dumps({"before": before, "text": "42<|end|>"}), encoding="utf-8")
    assert policy_loss(POLICY, POLICY, tmp_path / "lines.jsonl").tokens == 3


def test_a_text_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("1 + 1", encoding="utf-8")
    with pytest.raises(UsageError, match="at least 256"):
        policy_loss(POLICY, POLICY, tmp_path / "text")


def test_a_reward_model_loses_nothing_against_itself(tmp_path: Path) -> None:
    lines = (QUANTIZE / "solutions.jsonl").read_text(encoding="utf-8").splitlines()[:4]
    (tmp_path / "few.jsonl").write_text("\n".join(lines), encoding="utf-8")
    loss = reward_loss(PRM, PRM, POLICY, tmp_path / "few.jsonl")
    assert loss.largest_difference == 0
    assert loss.rank_correlation == pytest.approx(1)
    assert loss.steps > 10


def test_ranks_and_not_values_are_correlated() -> None:
    one = np.array([0.1, 0.2, 0.3, 0.3])
    assert rank_correlation(one, np.exp(9 * one)) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([1.0, 3, 2])) == pytest.approx(0.5)


def test_a_line_takes_the_place_of_the_one_with_its_name() -> None:
    once = insert(EMPTY, "policy", "| b | 1 |")
    twice = insert(insert(once, "policy", "| a | 2 |"), "policy", "| b | 3 |")
    heading = HEADINGS["policy"]
    rule = "|---" * (heading.count("|") - 1) + "|"
    table = f"<!-- policy -->\n{heading}\n{rule}\n| a | 2 |\n| b | 3 |\n<!-- end policy -->"
    assert twice == f"# Title\n{table}\nthe rest\n"


def test_a_line_has_a_cell_for_every_heading() -> None:
    loss = policy_loss(POLICY, POLICY, TEXT, 1)
    assert row("name", loss, "command").count("|") == HEADINGS["policy"].count("|")


def test_a_document_without_the_table_is_refused() -> None:
    with pytest.raises(UsageError, match="<!-- prm -->"):
        insert(EMPTY, "prm", "| a |")


def test_a_tokenizer_agrees_with_itself_and_not_with_another(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"a": "12 + 30", "n": 3}\n{"b": "frac"}\n', encoding="utf-8")
    read = list(texts(tmp_path / "lines.jsonl"))
    assert read == ["12 + 30", "frac"]
    own = checkpoint_tokenizer(TOKENIZERS / "qwen2")
    assert disagreements(own, own, read) == []
    with LlamaModel(POLICY, vocab_only=True) as other:
        assert [one.text for one in disagreements(own, other.tokenize, read)] == read
