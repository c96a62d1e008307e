"""The formats of every model that has a name, on strings as these models write them."""

from __future__ import annotations

import pytest

from edge_solver.answers import extract_answer
from edge_solver.catalog import ModelEntry, ModelKind, formats, registry
from edge_solver.config import Settings
from edge_solver.core.formats import Reading
from edge_solver.errors import UnknownNameError
from edge_solver.paths import shipped

POLICIES = [entry for entry in registry().values() if entry.kind is ModelKind.POLICY]
REWARD_MODELS = [entry for entry in registry().values() if entry.kind is ModelKind.PRM]

WRITTEN = {
    "built-in": ("Step 1: 37 + 48 = 85\nThe answer is: 85\n", "85"),
    "few-shot": (
        "The other leg is $\\sqrt{169 - 25} = 12$.\nThe answer is: $\\frac{1}{2}$\n\nProblem:\n",
        "\\frac{1}{2}",
    ),
    "metamath": ("Each bag holds 6 rolls, so 4 bags hold 24.\n#### 24\nThe answer is: 24\n", "24"),
    "math-shepherd": (
        "Step 1: Janet's ducks lay 16 eggs per day. ки\nStep 2: She sells 9 * $2 = $18. The answer is: 18 ки",
        "18",
    ),
    "qwen-math": (
        "To solve it, we add.\n\nSo $x = 3$.\n\nSo the answer is \\(\\boxed{(3, \\frac{\\pi}{2})}\\).<|im_end|>",
        "(3, \\frac{\\pi}{2})",
    ),
    "chatml": ("First, add.\n\nThe result is $\\boxed{42}$.<|im_end|>", "42"),
    "llama-3": ("## Step 1: Add\n\nThe final answer is: $\\boxed{42}$. I hope it is correct.<|eot_id|>", "42"),
    "mistral-instruct": ("12 + 30 = 42.\nThe answer is \\boxed{42}.", "42"),
    "plain": ("12 + 30 = 42\nThe answer is: 42\n", "42"),
}
"""What a model writes in a format, and the answer in it."""


def steps_of(text: str, name: str) -> list[str]:
    """Cut a solution as the drafter does."""
    how = formats.step_format(name)
    for stop in how.stops:
        text = text.partition(stop)[0]
    steps, rest = [], text
    while rest.strip():
        head, end, rest = rest.partition(how.step_end)
        steps.append(head + end)
    return steps


@pytest.mark.parametrize("name", formats.step_formats())
def test_the_answer_is_read_from_the_last_step_and_from_no_other(name: str) -> None:
    text, answer = WRITTEN[name]
    pattern = formats.step_format(name).answer
    *before, last = steps_of(text, name)
    assert before
    assert extract_answer(last, (pattern,) if pattern else ()) == answer
    if name != "metamath":  # which announces its answer twice
        assert [extract_answer(step, (pattern,) if pattern else ()) for step in before] == [None] * len(before)


def test_the_step_mark_never_gets_into_an_answer() -> None:
    pattern = formats.step_format("math-shepherd").answer
    assert pattern is not None
    for answer in ("52", "(3, \\frac{\\pi}{2})", "10,080", "x^2 + 1", "\\text{(C)}"):
        assert extract_answer(f"Step 3: So it is. The answer is: {answer} ки", (pattern,)) == answer
        assert extract_answer(f"The answer is: {answer} ки\n", (pattern,)) == answer


@pytest.mark.parametrize(
    ("name", "step", "answer"),
    [
        ("math-shepherd", "Step 4: She makes 9 * 2 = $18 every day. The answer is: 18 dollars ки", "18 dollars"),
        ("math-shepherd", "Step 2: So the answer is: $\\frac{3}{4}$ ки\n", "\\frac{3}{4}"),
        ("math-shepherd", "Step 2: The answer is: \\boxed{\\{1, 2\\}} ки", "\\{1, 2\\}"),
        ("math-shepherd", "Step 3: The answer is: -3.5ки", "-3.5"),
        ("math-shepherd", "Step 3: Then the answer is 10,080 ки", "10,080"),
        ("math-shepherd", "Step 1: We look for an answer that is even. ки", None),
        ("metamath", "#### 10,080", "10,080"),
        ("metamath", "The answer is: 3\\sqrt{2}", "3\\sqrt{2}"),
        ("metamath", "The answer is: $\\text{(C)}$.", "\\text{(C)}"),
        ("few-shot", "The answer is: $(3, \\frac{\\pi}{2})$", "(3, \\frac{\\pi}{2})"),
        ("few-shot", "Final Answer: The final answer is $5$. I hope it is correct.", "5"),
        ("built-in", "The answer is: 3/4\n", "3/4"),
        ("qwen-math", "\\[\n\\boxed{\\left(3, \\frac{\\pi}{2}\\right)}\n\\]", "\\left(3, \\frac{\\pi}{2}\\right)"),
        (
            "qwen-math",
            "So $\\boxed{\\begin{pmatrix} 1 \\\\ \\frac{1}{2} \\end{pmatrix}}$.",
            "\\begin{pmatrix} 1 \\\\ \\frac{1}{2} \\end{pmatrix}",
        ),
        ("qwen-math", "Janet makes $\\boxed{18}$ dollars every day.", "18"),
        ("qwen-math", "The roots are $\\boxed{1}$ and $\\boxed{-2}$.", "1, -2"),
        ("qwen-math", "The set is \\(\\boxed{\\{x \\mid x > 0\\}}\\).", "\\{x \\mid x > 0\\}"),
        ("qwen-math", "It is \\boxed{\\frac{270}{7}", None),  # cut off within the box
        ("llama-3", "The final answer is: $\\boxed{\\dfrac{9}{7}}$. I hope it is correct.", "\\dfrac{9}{7}"),
        ("mistral-instruct", "Thus, the answer is **73**.", "73"),
    ],
)
def test_an_answer_is_read_in_every_form_that_a_model_gives_it(name: str, step: str, answer: str | None) -> None:
    pattern = formats.step_format(name).answer
    assert extract_answer(step, (pattern,) if pattern else ()) == answer


@pytest.mark.parametrize("entry", [*POLICIES, *REWARD_MODELS], ids=lambda entry: entry.name)
def test_every_model_has_a_format_and_sizes_that_agree(entry: ModelEntry) -> None:
    if entry.ships:
        assert entry.format is None
        return
    assert formats.about(entry) is not None
    assert entry.architecture is not None
    assert entry.architecture.parameters == entry.parameters
    assert (entry.repository is None) != (entry.checkpoint is None)
    assert (entry.recipe is None) == (entry.checkpoint is None)
    assert entry.licence
    if entry.kind is ModelKind.POLICY:
        assert formats.step_format_of(entry).step_tokens == entry.step_tokens
        assert entry.sampling is not None
        search = Settings().search
        lengths = entry.sampling.max_step_tokens, entry.sampling.max_solution_tokens
        assert lengths == (search.max_step_tokens, search.max_solution_tokens)


@pytest.mark.parametrize("entry", [*POLICIES, *REWARD_MODELS], ids=lambda entry: entry.name)
def test_what_is_not_known_exactly_is_marked(entry: ModelEntry) -> None:
    doubts = " ".join(formats.unverified(entry))
    if not entry.sha256 and entry.repository:
        assert "sha256" in doubts
    if entry.bytes and not entry.bytes % 1_000_000:
        assert "bytes" in doubts
    if "*" in entry.file:
        assert "file" in doubts


def test_the_built_in_format_is_the_one_of_the_registry() -> None:
    entry = registry()["micro"]
    assert formats.step_format("built-in") == formats.step_format_of(entry)


def test_cache_sizes_are_those_of_the_shapes() -> None:
    kib = {entry.name: entry.architecture.kv_values_per_token * 2 / 1024 for entry in POLICIES if entry.architecture}
    assert (kib["llemma-7b"], kib["mistral-7b"], kib["llemma-34b"]) == (512, 128, 192)
    assert kib["qwen2.5-math-1.5b-instruct"] == 28


def test_the_prompt_of_solved_examples_has_one_more_problem_to_solve() -> None:
    how = formats.step_format("few-shot")
    prompt = f"{how.prefix}What is 1 + 1?{how.suffix}"
    assert prompt.count("Problem:\n") == prompt.count("Solution:\n") == 5
    assert prompt.count("The answer is: ") == 4
    assert prompt.endswith("\n\nProblem:\nWhat is 1 + 1?\n\nSolution:\n")
    text = shipped("models/prompts/few-shot.txt").read_text(encoding="utf-8")
    for shown in text.split("Problem:\n")[1:]:
        assert extract_answer(shown) is not None


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"general.name": "EleutherAI_llemma_7b", "general.architecture": "llama"}, "few-shot"),
        ({"general.name": "meta-math_metamath-mistral-7b", "general.architecture": "llama"}, "metamath"),
        ({"general.name": "Llemma Metamath 7b", "general.architecture": "llama"}, "math-shepherd"),
        ({"general.name": "MetaMath Llemma 7B", "general.architecture": "llama"}, "metamath"),
        (
            {
                "general.name": "Qwen2.5 Math 1.5B Instruct",
                "general.architecture": "qwen2",
                "tokenizer.chat_template": "{% for m in messages %}<|im_start|>{{ m.role }}",
            },
            "qwen-math",
        ),
        ({"general.architecture": "qwen2", "tokenizer.chat_template": "<|im_start|>system"}, "chatml"),
        ({"tokenizer.chat_template": "<|start_header_id|>{{ role }}<|end_header_id|>"}, "llama-3"),
        ({"tokenizer.chat_template": "{{ bos_token }}[INST] {{ content }} [/INST]"}, "mistral-instruct"),
        ({"tokenizer.chat_template": "### Instruction:\n"}, "metamath"),
        ({"general.architecture": "llama", "tokenizer.chat_template": "USER: "}, "plain"),
        ({"general.name": "edge-solver nano", "general.architecture": "llama"}, "built-in"),
        ({"general.architecture": "gemma3"}, "plain"),
        ({}, "plain"),
    ],
)
def test_a_format_is_guessed_from_what_a_file_says_of_itself(metadata: dict[str, str], name: str) -> None:
    made = formats.guess(metadata)
    assert made.name == name
    assert made.reason
    assert made.name in formats.step_formats()


def test_an_unknown_format_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'metamath'"):
        formats.step_format("meta-math")
    with pytest.raises(UnknownNameError, match="did you mean 'skywork'"):
        formats.score_format("skywrk")


def test_reward_models_of_the_hub_are_read_where_and_how_they_were_trained() -> None:
    read = {entry.name: formats.score_format(entry.format) for entry in REWARD_MODELS if entry.format}
    small, hard, value = (
        read[name] for name in ("qwen2-0.5b-math-shepherd", "qwen2.5-math-1.5b-prm", "skywork-1.5b-prm")
    )
    assert (small.end, small.end_token, small.reading, small.labels[small.good]) == ("\n", 198, Reading.SOFTMAX, 1)
    assert (hard.end, hard.end_token, hard.reading, hard.labels[hard.good]) == ("\n\n", 271, Reading.SOFTMAX, 1)
    assert (value.end, value.end_token, value.reading, value.start_token) == ("\n", 198, Reading.SIGMOID, True)
    mistral = formats.score_format("math-shepherd")
    assert (mistral.end, mistral.end_token, mistral.labels[mistral.good]) == (" ки", 12902, 648)
