"""The drafter on the real policy: sharing, forking, eviction, refusal, and what it leaves behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from edge_solver.answers import extract_answer
from edge_solver.catalog import ModelKind, resolve
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.cost import row_flops, span_flops
from edge_solver.core.formats import StepFormat
from edge_solver.core.ports import Draft, DraftRequest, Profile, Pulse
from edge_solver.core.tree import ROOT, Finish, Node
from edge_solver.energy import EstimatedMeter
from edge_solver.engines.drafter import LlamaDrafter
from edge_solver.engines.llama import LlamaModel
from edge_solver.errors import ModelMemoryError, ProblemError

PROBLEM = "What is 37 * 24?"


def a_ledger(**caps: float) -> Ledger:
    return Ledger(Budget(**caps), time.monotonic, EstimatedMeter())  # type: ignore[arg-type]


@dataclass
class Bench:
    """A drafter with an opened problem, and a short way to ask it for steps."""

    drafter: LlamaDrafter
    model: LlamaModel
    prompt_tokens: int

    def draft(self, parents: list[int], first: int, ledger: Ledger, **choices: float) -> dict[int, Draft]:
        requests = [
            DraftRequest(
                0,
                first + i,
                parent,
                int(choices.get("seed", 0)),
                choices.get("temperature", 1.0),
                int(choices.get("max_tokens", 60)),
            )
            for i, parent in enumerate(parents)
        ]
        return {item.node: item for item in self.drafter.draft(requests, ledger) if isinstance(item, Draft)}


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    """Build drafters on the built-in policy."""
    file = resolve(ModelKind.POLICY, "builtin")
    assert file.entry is not None
    entry = file.entry
    made: list[LlamaDrafter] = []

    def make(problem: str = PROBLEM, *, width: int = 16, cells: int | None = None) -> Bench:
        model = LlamaModel(file.path)
        profile = Profile(file.name, file.sha256, model.shape(), entry.context, entry.step_tokens, entry.solution_steps)
        step_format = StepFormat(entry.prefix, entry.suffix, entry.step_end)
        drafter = LlamaDrafter(model, step_format, extract_answer, profile, width=width, cells=cells)
        made.append(drafter)
        return Bench(drafter, model, drafter.open(0, problem))

    yield make
    for drafter in made:
        drafter.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


def open_steps(drafts: dict[int, Draft]) -> list[int]:
    return [node for node, draft in sorted(drafts.items()) if draft.finish is Finish.STEP]


def test_a_shared_prefix_is_evaluated_once(bench: Bench) -> None:
    ledger = a_ledger()
    first = bench.draft([ROOT] * 8, 1, ledger)
    parents = open_steps(first)[:3]
    second = bench.draft([parent for parent in parents for _ in range(4)], 9, ledger)
    unique = bench.prompt_tokens + sum(draft.n_tokens for draft in (*first.values(), *second.values()))
    assert ledger.spent().tokens_evaluated <= unique
    assert ledger.spent().tokens_generated == unique - bench.prompt_tokens


def test_every_request_comes_back_once_and_ends_for_a_reason(bench: Bench) -> None:
    drafts = bench.draft([ROOT] * 16, 1, a_ledger(), max_tokens=12)
    assert sorted(drafts) == list(range(1, 17))
    assert all(1 <= draft.n_tokens <= 12 for draft in drafts.values())
    assert {draft.finish for draft in drafts.values()} <= {Finish.STEP, Finish.ANSWER, Finish.LENGTH}
    assert all(draft.text.endswith("\n") for draft in drafts.values() if draft.finish is Finish.STEP)


def test_the_same_seed_gives_the_same_steps_and_another_seed_others(make_bench: Callable[..., Bench]) -> None:
    texts = [
        [
            draft.text
            for _, draft in sorted(make_bench().draft([ROOT] * 8, 1, a_ledger(), seed=seed, temperature=3.0).items())
        ]
        for seed in (3, 3, 4)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_at_temperature_zero_all_siblings_are_the_likeliest_step(bench: Bench) -> None:
    drafts = bench.draft([ROOT] * 4, 1, a_ledger(), temperature=0.0)
    assert len({draft.text for draft in drafts.values()}) == 1


def test_a_forgotten_prefix_is_evaluated_again_and_charged(make_bench: Callable[..., Bench]) -> None:
    def continue_first(*, forget: bool) -> tuple[str, int]:
        bench, ledger = make_bench(), a_ledger()
        first = bench.draft([ROOT] * 4, 1, ledger, temperature=0.0)
        node = open_steps(first)[0]
        if forget:
            bench.drafter.retain(0, [ROOT])
        before = ledger.spent().tokens_evaluated
        text = bench.draft([node], 10, ledger, temperature=0.0)[10].text
        return text, ledger.spent().tokens_evaluated - before

    kept, forgotten = continue_first(forget=False), continue_first(forget=True)
    assert kept[0] == forgotten[0]
    assert forgotten[1] > kept[1]


def test_what_is_charged_is_the_sum_over_evaluated_tokens(bench: Bench) -> None:
    ledger = a_ledger()
    drafts = bench.draft([ROOT] * 5, 1, ledger, temperature=2.0)
    shape, start = bench.drafter.profile.shape, bench.prompt_tokens
    paths = set()
    for draft in drafts.values():  # the last token of each step was sampled but not evaluated
        tokens = bench.model.tokenize(draft.text)
        assert len(tokens) == draft.n_tokens
        paths |= {tuple(tokens[:length]) for length in range(1, len(tokens))}
    expected = span_flops(shape, 0, start, 1) + row_flops(shape, [start + len(path) for path in paths])
    assert ledger.spent().flops == expected


@pytest.mark.parametrize("cap", [1, 3, 17, 40])
def test_generated_tokens_never_pass_their_cap(bench: Bench, cap: int) -> None:
    ledger = a_ledger(tokens=cap)
    drafts = bench.draft([ROOT] * 8, 1, ledger)
    assert sum(draft.n_tokens for draft in drafts.values()) == ledger.spent().tokens_generated <= cap
    cut = [draft.n_tokens for _, draft in sorted(drafts.items()) if draft.finish is Finish.BUDGET]
    assert cut == sorted(cut, reverse=True)  # the most valuable request is the last to be dropped


def test_nothing_is_evaluated_when_the_budget_does_not_pay_for_the_prompt(bench: Bench) -> None:
    ledger = a_ledger(flops=1000)
    drafts = bench.draft([ROOT] * 4, 1, ledger)
    assert ledger.spent().flops == 0
    assert {(draft.finish, draft.n_tokens) for draft in drafts.values()} == {(Finish.BUDGET, 0)}


def test_closing_a_problem_leaves_no_cell_in_use(bench: Bench) -> None:
    drafts = bench.draft([ROOT] * 16, 1, a_ledger())
    assert bench.drafter.cells_used >= bench.prompt_tokens
    bench.draft([open_steps(drafts)[0]] * 4, 20, a_ledger())
    bench.drafter.retain(0, ())
    assert bench.drafter.cells_used == 0


def test_a_listener_that_leaves_in_the_middle_frees_its_branches(bench: Bench) -> None:
    stream = bench.drafter.draft([DraftRequest(0, i, ROOT, 0, 1.0, 60) for i in range(1, 9)], a_ledger())
    for item in stream:
        if isinstance(item, Pulse) and item.live:
            break
    stream.close()  # type: ignore[attr-defined]
    bench.drafter.retain(0, [ROOT])
    assert bench.drafter.cells_used == bench.prompt_tokens


def test_more_branches_than_sequences_are_served_in_turn(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(width=300)
    ledger = a_ledger()
    drafts = bench.draft([ROOT] * 300, 1, ledger, max_tokens=6)
    assert len(drafts) == 300
    chain = bench.draft(open_steps(drafts) or [ROOT], 400, ledger, max_tokens=6)
    assert all(draft.n_tokens for draft in chain.values())


def test_a_full_cache_closes_the_least_valuable_branches(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(cells=256)
    drafts = bench.draft([ROOT] * 16, 1, a_ledger(), max_tokens=200)
    assert bench.drafter.cells_used <= 256
    assert drafts[1].n_tokens >= drafts[16].n_tokens or drafts[1].finish is not Finish.LENGTH


def test_a_prompt_beyond_the_context_is_refused_with_both_figures(make_bench: Callable[..., Bench]) -> None:
    with pytest.raises(ProblemError, match=r"reads at most 1008"):
        make_bench("1 + " * 2000)


def test_a_cache_too_small_for_one_step_is_refused(make_bench: Callable[..., Bench]) -> None:
    with pytest.raises(ModelMemoryError, match="allow"):
        make_bench(cells=8)


def test_control_marks_in_a_problem_are_plain_text(make_bench: Callable[..., Bench]) -> None:
    plain = make_bench("What is 2?").prompt_tokens
    assert make_bench("What is 2?<|solution|>").prompt_tokens > plain + 1


@pytest.mark.parametrize("problem", [PROBLEM, "What is 128 + 379?"])
def test_steps_of_an_earlier_search_are_continued_as_by_the_drafter_that_wrote_them(
    make_bench: Callable[..., Bench], problem: str
) -> None:
    first, second = make_bench(problem), make_bench(problem)
    drafts = first.draft([ROOT] * 8, 1, a_ledger())
    parents = open_steps(drafts)
    begun = [
        Node(node, ROOT, 1, draft.text, draft.n_tokens, first.prompt_tokens + draft.n_tokens, draft.finish)
        for node, draft in sorted(drafts.items())
    ]
    second.drafter.retain(0, ())
    second.drafter.open(0, problem, begun)
    ledger = a_ledger()
    here = first.draft(parents, 9, a_ledger(), temperature=0.0)
    there = second.draft(parents, 9, ledger, temperature=0.0)
    assert [draft.text for draft in there.values()] == [draft.text for draft in here.values()]
    assert ledger.spent().tokens_evaluated > first.prompt_tokens + max(drafts[node].n_tokens for node in parents)
