"""A whole tree against completions one after the other: ``python -m edge_solver.bench.completions``.

What someone would do today with llama-cpp-python alone: as many completions as REBASE has solutions, each as long, with
its high-level ``Llama`` on the same file and threads. Beside the gain stands llama-batched-bench's between one branch
and as many, which is what batching can give at most on this machine. The reward model is a simulated one that costs
nothing: completions one after the other have none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from edge_solver.bench import batched_bench
from edge_solver.bench.batched_bench import KINDS, Workload
from edge_solver.bench.decode import NoMeter, find_model, threads_of_a_search, told
from edge_solver.bench.shapes import QUANTS, SHAPES
from edge_solver.core.budget import Budget, Ledger
from edge_solver.core.formats import StepFormat
from edge_solver.core.strategies import SearchSettings, strategy_named
from edge_solver.core.tree import Finish, Tree
from edge_solver.solver import Engines, Search

_PROBLEM = "What is the sum of the first 40 odd numbers? Write every step on a line of its own."
_STEP_END = "7"
"""Ends a step of made-up weights: about every third of their tokens has one, so steps differ in length."""
_WARM_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """One tree, and its solutions written again one by one."""

    model: str
    threads: int
    width: int
    prompt_tokens: int
    lengths: list[int]
    """Tokens of every solution, the shared ones included."""
    tree_tokens: int
    """Tokens that the tree has."""
    evaluated_tokens: int
    """Tokens that passed through the model for it, the prompt included."""
    tree_seconds: float
    completions_seconds: float
    batch_gain: float | None
    """llama-batched-bench: tokens a second at the width to those at one branch."""

    @property
    def gain(self) -> float:
        """How many times as long the completions took."""
        return self.completions_seconds / self.tree_seconds


def grow(path: Path, step_format: StepFormat, settings: SearchSettings, threads: int) -> tuple[Tree, int, int, float]:
    """Run REBASE once to warm up and once for the clock; return tree, prompt, tokens evaluated and seconds."""
    from edge_solver.core.ports import Profile
    from edge_solver.engines.drafter import LlamaDrafter
    from edge_solver.engines.llama import LlamaModel
    from edge_solver.engines.scripted import ScriptedGrader, ScriptedScorer

    model = LlamaModel(path)
    most = settings.max_solution_tokens
    profile = Profile(
        path.name, "", model.shape(), model.context_trained, most / settings.max_steps, settings.max_steps
    )
    drafter = LlamaDrafter(model, step_format, lambda _: None, profile, width=settings.width, threads=threads)
    try:
        for key in (1, 2):
            ledger = Ledger(Budget(), time.monotonic, NoMeter())
            begun = time.perf_counter()
            search = Search(
                _PROBLEM,
                Engines(drafter, ScriptedScorer(), ScriptedGrader()),
                ledger,
                strategy_named("rebase"),
                settings,
                key=key,
            )
            for _ in search:
                pass
            seconds = time.perf_counter() - begun
    finally:
        drafter.close()
    return search.tree, search.tree[0].n_tokens, ledger.spent().tokens_evaluated, seconds


def solution_lengths(tree: Tree) -> list[int]:
    """Return the tokens of every branch that ended, from the problem to its last step."""
    return [node.end - tree[0].end for node in tree if node.finish is not Finish.STEP]


def complete(path: Path, prompt: Sequence[int], lengths: Sequence[int], threads: int, seed: int = 0) -> float:
    """Write completions of these lengths one after the other with llama-cpp-python's ``Llama``; return the seconds.

    ``Llama.generate`` does not stop at an end token, so that lengths are the same; ``create_completion`` would add the
    text to it. Its sampler has the library's defaults. It too keeps a prompt that it has just read.
    """
    from llama_cpp import Llama

    room = len(prompt) + max(lengths) + 8
    llama = Llama(str(path), n_ctx=room, n_threads=threads, n_threads_batch=threads, seed=seed, verbose=False)
    try:
        for _ in zip(range(_WARM_TOKENS), llama.generate(prompt, temp=1.0)):  # noqa: B905 - generate never ends
            pass
        llama.reset()  # type: ignore[no-untyped-call] # it has no hints
        begun = time.perf_counter()
        for length in lengths:
            for _ in zip(range(length), llama.generate(prompt, temp=1.0)):  # noqa: B905 - as above
                pass
        return time.perf_counter() - begun
    finally:
        llama.close()


@click.command()
@click.option("--model", help="Registry name or path of a policy.  [default: builtin]")
@click.option("--shape", type=click.Choice(list(SHAPES)), help="Made-up weights of this shape instead of a model.")
@click.option("--quant", type=click.Choice(QUANTS), default="q4_0", help="Of a shape.")
@click.option("--width", default=16, help="Of REBASE.")
@click.option("--steps", default=8, help="Most steps of a solution.")
@click.option("--step-tokens", default=32, help="Most tokens of a step.")
@click.option("--threads", type=int, help="Of both sides.  [default: as a search would take]")
@click.option("--batched-bench", "program", type=click.Path(path_type=Path), help="llama-batched-bench, to compare.")
@click.option("--json", "as_json", is_flag=True)
def main(*, program: Path | None, as_json: bool, **choices: object) -> None:
    """Print how much faster one tree is than its solutions one after the other."""
    with told():
        found = compare(program, **choices)  # type: ignore[arg-type] # click gives every option its type
    if as_json:
        click.echo(json.dumps({**asdict(found), "gain": found.gain}))
        return
    lengths = found.lengths
    click.echo(f"{found.model}, threads: {found.threads}, prompt: {found.prompt_tokens} tokens")
    click.echo(
        f"REBASE@{found.width}: {len(lengths)} ended branches, {min(lengths)} to {max(lengths)} tokens: {sum(lengths)} "
        f"together, {found.tree_tokens} in the tree, {found.evaluated_tokens} evaluated: {found.tree_seconds:.2f} s"
    )
    click.echo(f"one after the other with llama_cpp.Llama: {found.completions_seconds:.2f} s, {found.gain:.2f} times")
    if found.batch_gain is not None:
        click.echo(f"llama-batched-bench, 1 to {found.width} branches: {found.batch_gain:.2f} times")


def compare(
    program: Path | None,
    *,
    model: str | None,
    shape: str | None,
    quant: str,
    width: int,
    steps: int,
    step_tokens: int,
    threads: int | None,
) -> Comparison:
    """Run all sides."""
    from edge_solver.engines.llama import LlamaModel
    from edge_solver.engines.prompts import prompt_tokens

    path, name = find_model(model, shape, quant, width * steps * step_tokens)
    threads = threads or threads_of_a_search(path)
    settings = SearchSettings(
        width=width, max_step_tokens=step_tokens, max_solution_tokens=steps * step_tokens, max_steps=steps
    )
    step_format = StepFormat("", "", step_end="\n" if shape is None else _STEP_END)
    tree, prompt, evaluated, seconds = grow(path, step_format, settings, threads)
    lengths = solution_lengths(tree)
    with LlamaModel(path, vocab_only=True) as tokenizer:
        tokens = prompt_tokens(tokenizer, step_format, _PROBLEM)
    gain = None
    if program is not None:
        work = Workload(path, threads, prompt, max(4, sum(lengths) // len(lengths)), (1, width))
        runs = [batched_bench.run(program, work, kind) for kind in KINDS]
        single, many = (max(run[count].decode for run in runs) for count in (1, width))
        gain = many / single
    slow = complete(path, tokens, lengths, threads)
    written = sum(node.n_tokens for node in tree if node.parent is not None)
    return Comparison(name, threads, width, prompt, lengths, written, evaluated, seconds, slow, gain)


if __name__ == "__main__":
    main()
