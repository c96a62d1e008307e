"""Reward models of the hub's kinds, on small graphs made by hand: what is read, where, and what becomes of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gguf")
pytest.importorskip("onnx")

from edge_solver.catalog import formats
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.formats import Reading, ScoreFormat
from edge_solver.core.ports import ScoreRequest
from edge_solver.core.tree import ROOT
from edge_solver.energy import EstimatedMeter
from edge_solver.engines.llama import LlamaModel
from edge_solver.engines.onnx import OnnxScorer
from edge_solver.engines.reading import own_format, read
from edge_solver.errors import ModelBrokenError
from tests.engines.small_models import SPACE, byte_pairs, sentence_piece, write_reward_model, write_vocabulary
from tests.engines.small_models import expected as logits_of

PROBLEM = "What is 2 + 3?"
STEPS = ("Step 1: 2 + 3 ки", "\nStep 2: is 5 ки")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vocabularies")


@pytest.fixture(scope="module")
def llama(folder: Path) -> LlamaModel:
    return LlamaModel(write_vocabulary(folder / "spm.gguf", sentence_piece()), vocab_only=True)


@pytest.fixture(scope="module")
def qwen(folder: Path) -> LlamaModel:
    return LlamaModel(write_vocabulary(folder / "bpe.gguf", byte_pairs()), vocab_only=True)


def a_ledger() -> Ledger:
    return Ledger(Budget(), time.monotonic, EstimatedMeter())


def rewards(scorer: OnnxScorer) -> list[float | None]:
    """Score the two steps one after the other, the second below the first."""
    scorer.open(0, PROBLEM)
    parent, found = ROOT, []
    for node, text in enumerate(STEPS, start=1):
        found += scorer.score([ScoreRequest(0, node, parent, text)], a_ledger())
        parent = node
    return found


def a_table(vocabulary: int, labels: int) -> np.ndarray:
    return np.random.default_rng(7).normal(0, 1, (vocabulary, labels)).astype(np.float32)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_token_classification_reads_label_1_at_the_last_line_feed(qwen: LlamaModel, tmp_path: Path) -> None:
    how = formats.score_format("math-shepherd-trl")
    table = a_table(qwen.n_vocab, 2)
    scorer = OnnxScorer(write_reward_model(tmp_path / "p.onnx", table), qwen, score_format=how, marks=["ки"])
    cut = qwen.tokenize
    read_so_far = [*cut(PROBLEM), 198]  # TRL: the separator stands after the prompt, too
    expected = []
    for step in ("Step 1: 2 + 3", "Step 2: is 5"):
        read_so_far += [*cut(step), 198]
        both = np.exp(logits_of(table, read_so_far))
        expected.append(both[1] / both.sum())
    assert rewards(scorer) == pytest.approx(expected, abs=1e-5)


def test_a_blank_line_is_one_token_whatever_stands_before_it(qwen: LlamaModel, tmp_path: Path) -> None:
    how = formats.score_format("prm800k-trl")
    table = a_table(qwen.n_vocab, 2)
    scorer = OnnxScorer(write_reward_model(tmp_path / "p.onnx", table), qwen, score_format=how, marks=["ки"])
    read_so_far = [*qwen.tokenize(PROBLEM), 271, *qwen.tokenize("Step 1: 2 + 3"), 271]
    both = np.exp(logits_of(table, read_so_far))
    assert rewards(scorer)[0] == pytest.approx(both[1] / both.sum(), abs=1e-5)


def test_a_value_head_is_read_behind_a_start_token(qwen: LlamaModel, tmp_path: Path) -> None:
    how = formats.score_format("skywork")
    table = a_table(qwen.n_vocab, 1)
    scorer = OnnxScorer(write_reward_model(tmp_path / "p.onnx", table), qwen, score_format=how, marks=["ки"])
    start = qwen.start_token()
    assert start is not None
    read_so_far = [start, *qwen.tokenize(PROBLEM), 198, *qwen.tokenize("Step 1: 2 + 3"), 198]
    assert rewards(scorer)[0] == pytest.approx(sigmoid(logits_of(table, read_so_far)[0]), abs=1e-5)


def test_a_language_model_is_read_at_the_step_mark_between_two_of_its_tokens(llama: LlamaModel, tmp_path: Path) -> None:
    how = replace(formats.score_format("math-shepherd"), end_token=8094, labels=(5, 2))
    table = a_table(llama.n_vocab, 8)
    scorer = OnnxScorer(write_reward_model(tmp_path / "p.onnx", table), llama, score_format=how, marks=["ки"])
    text = f"{PROBLEM} Step 1: 2 + 3 ки\nStep 2: is 5 ки"
    tokens = [1, *llama.tokenize(text)]  # the pieces are the tokens of the whole
    ends = [at + 1 for at, token in enumerate(tokens) if token == 8094]
    expected = []
    for end in ends:
        good, bad = logits_of(table, tokens[:end])[[5, 2]]
        expected.append(sigmoid(good - bad))
    assert rewards(scorer) == pytest.approx(expected, abs=1e-4)


def test_a_reward_head_copied_over_the_vocabulary_is_averaged(llama: LlamaModel, tmp_path: Path) -> None:
    how = formats.score_format("llemma-reward")
    table = np.repeat(a_table(llama.n_vocab, 2), 3, axis=1)
    scorer = OnnxScorer(write_reward_model(tmp_path / "p.onnx", table), llama, score_format=how, marks=["ки"])
    tokens = [1, *llama.tokenize(f"{PROBLEM} Step 1: 2 + 3 ки")]
    assert tokens[-1] == 8094
    assert rewards(scorer)[0] == pytest.approx(sigmoid(logits_of(table, tokens).mean()), abs=1e-4)


def test_scores_that_the_graph_made_itself_are_believed(qwen: LlamaModel, tmp_path: Path) -> None:
    table = a_table(qwen.n_vocab, 1)
    said = {"template_prefix": "", "template_suffix": "\n\n", "step_end": "\n\n", "step_end_apart": "true"}
    path = write_reward_model(tmp_path / "p.onnx", table, output="scores", metadata=said)
    read_so_far = [*qwen.tokenize(PROBLEM), 271, *qwen.tokenize("Step 1: 2 + 3"), 271]
    expected = sigmoid(logits_of(table, read_so_far)[0])
    assert rewards(OnnxScorer(path, qwen, marks=["ки"]))[0] == pytest.approx(expected, abs=1e-5)
    named = OnnxScorer(path, qwen, score_format=formats.score_format("prm800k-trl"), marks=["ки"])
    assert rewards(named)[0] == pytest.approx(expected, abs=1e-5)


def test_one_step_after_the_other_is_the_same_as_all_at_once(llama: LlamaModel, tmp_path: Path) -> None:
    how = formats.score_format("llemma-reward")
    path = write_reward_model(tmp_path / "p.onnx", a_table(llama.n_vocab, 2))
    apart = rewards(OnnxScorer(path, llama, score_format=how, marks=["ки"]))
    scorer = OnnxScorer(path, llama, score_format=how, marks=["ки"])
    scorer.open(0, PROBLEM)
    scorer.score([ScoreRequest(0, 1, ROOT, STEPS[0])], a_ledger())
    scorer.retain(0, [ROOT])  # so that the first step is read again, with the second
    again = scorer.score([ScoreRequest(0, 2, 1, STEPS[1])], a_ledger())
    assert again == pytest.approx(apart[1:], abs=1e-6)


def test_a_step_without_text_is_read_at_its_mark(qwen: LlamaModel, tmp_path: Path) -> None:
    how = formats.score_format("math-shepherd-trl")
    path = write_reward_model(tmp_path / "p.onnx", a_table(qwen.n_vocab, 2))
    scorer = OnnxScorer(path, qwen, score_format=how, marks=["ки"])
    scorer.open(0, PROBLEM)
    for text in ("", " \n", "ки", " ки\n"):
        assert scorer.spans([ScoreRequest(0, 1, ROOT, text)])[0] == range(15, 16)


def test_a_tokenizer_that_does_not_know_the_mark_is_refused(llama: LlamaModel, tmp_path: Path) -> None:
    path = write_reward_model(tmp_path / "p.onnx", a_table(llama.n_vocab, 2))
    with pytest.raises(ModelBrokenError, match=r"token 271.*put a GGUF .* beside it, as p\.gguf"):
        OnnxScorer(path, llama, score_format=formats.score_format("prm800k-trl"))


def test_a_graph_that_does_not_say_how_to_read_it_needs_a_format(qwen: LlamaModel, tmp_path: Path) -> None:
    path = write_reward_model(tmp_path / "p.onnx", a_table(qwen.n_vocab, 2))
    with pytest.raises(ModelBrokenError, match=r"template_prefix.*--prm-format"):
        OnnxScorer(path, qwen)
    said = {"template_prefix": "", "template_suffix": "\n", "step_end": "\n"}
    path = write_reward_model(tmp_path / "q.onnx", a_table(qwen.n_vocab, 2), metadata=said)
    with pytest.raises(ModelBrokenError, match=r"puts out logits.*--prm-format"):
        OnnxScorer(path, qwen)


@pytest.mark.parametrize(
    ("how", "values", "reward"),
    [
        (ScoreFormat(reading=Reading.PROBABILITY), [0.25], 0.25),
        (ScoreFormat(reading=Reading.SIGMOID), [0.0], 0.5),
        (ScoreFormat(reading=Reading.SIGMOID), [-2000.0], 0.0),
        (ScoreFormat(reading=Reading.MEAN_SIGMOID), [3.0, -3.0], 0.5),
        (ScoreFormat(reading=Reading.SOFTMAX, good=1), [0.0, math.log(3)], 0.75),
        (ScoreFormat(reading=Reading.SOFTMAX, labels=(3, 1), good=0), [9.0, 0.0, 9.0, math.log(3)], 0.75),
        (ScoreFormat(reading=Reading.SOFTMAX, labels=(0, 1), good=1), [5000.0, 0.0, 7.0], 0.0),
    ],
)
def test_a_reward_is_made_of_logits(how: ScoreFormat, values: list[float], reward: float) -> None:
    made = read(np.array(values, np.float32), how, Path("p.onnx"))
    assert 0 <= made <= 1
    assert made == pytest.approx(reward, abs=1e-6)


@pytest.mark.parametrize("how", [ScoreFormat(reading=Reading.SOFTMAX, labels=(648, 387)), ScoreFormat(good=2)])
def test_labels_that_are_not_there_are_named(how: ScoreFormat) -> None:
    with pytest.raises(ModelBrokenError, match="has 2 labels"):
        read(np.zeros(2, np.float32), replace(how, reading=Reading.SOFTMAX), Path("p.onnx"))


def test_a_graph_of_ours_reads_steps_as_they_were_written() -> None:
    said = {"template_prefix": "<|problem|>", "template_suffix": "<|solution|>", "step_end": "\n"}
    assert own_format(said, Path("p.onnx")) == ScoreFormat("<|problem|>", "<|solution|>", end="\n", verbatim=True)


def test_text_that_follows_gets_no_space_of_its_own(llama: LlamaModel, qwen: LlamaModel) -> None:
    cut: Callable[..., list[int]] = llama.tokenize
    assert cut(" ки", follows=True) == [8094]
    assert cut("ки", follows=True) == [717]
    assert cut("a\n", follows=False) + cut("b", follows=True) == cut("a\nb")
    assert [llama.piece(token) for token in cut("b", follows=False)] == [b" b"]
    assert qwen.tokenize("b", follows=True) == qwen.tokenize("b")
    assert SPACE.encode() not in b"".join(llama.piece(token) for token in cut("a b"))
