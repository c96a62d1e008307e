"""What a reward model adds to the time of a search: ``python -m edge_solver.bench.scoring``.

REBASE with a reward model, and with a simulated one that costs nothing. Rewards differ, so the trees do; what is
compared is how long each search lasts for every second that the policy is at work.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import click

from edge_solver.bench.completions import STEP_END, Grown, grow
from edge_solver.bench.decode import find_model, threads_of_a_search, told
from edge_solver.bench.shapes import QUANTS, SHAPES
from edge_solver.catalog import ModelKind, resolve
from edge_solver.catalog.formats import step_format_of
from edge_solver.core.formats import StepFormat
from edge_solver.core.strategies import SearchSettings


@dataclass(frozen=True, slots=True)
class Times:
    """One search."""

    seconds: float
    decode_seconds: float
    """Of the policy's calls, with sampling and bookkeeping."""
    steps: int
    tokens: int
    """Of all steps."""

    @classmethod
    def of(cls, grown: Grown) -> Times:
        """Take them from a tree."""
        steps = [node for node in grown.tree if node.parent is not None]
        return cls(grown.seconds, grown.decode_seconds, len(steps), sum(step.n_tokens for step in steps))

    @property
    def stretch(self) -> float:
        """How long it lasted for every second of the policy's."""
        return self.seconds / self.decode_seconds


@dataclass(frozen=True, slots=True)
class Comparison:
    """With a reward model, and with one that costs nothing."""

    policy: str
    prm: str
    threads: int
    scored: Times
    free: Times

    @property
    def added(self) -> float:
        """What scoring adds to the wall time, as a share of it without."""
        return self.scored.stretch / self.free.stretch - 1


@click.command()
@click.option("--model", help="Registry name or path of a policy.  [default: builtin]")
@click.option("--shape", type=click.Choice(list(SHAPES)), help="Made-up weights of this shape instead of a model.")
@click.option("--quant", type=click.Choice(QUANTS), default="q4_0", help="Of a shape.")
@click.option("--prm", default="builtin", show_default=True, help="Registry name or path of a reward model.")
@click.option("--width", default=16, show_default=True)
@click.option("--steps", default=8, show_default=True, help="Most steps of a solution.")
@click.option("--step-tokens", default=32, show_default=True, help="Most tokens of a step.")
@click.option("--threads", type=int, help="Of the policy.  [default: as a search would take]")
@click.option("--json", "as_json", is_flag=True)
def main(*, as_json: bool, **choices: object) -> None:
    """Print what scoring adds to the wall time of REBASE."""
    with told():
        found = compare(**choices)  # type: ignore[arg-type] # click gives every option its type
    if as_json:
        click.echo(json.dumps({**asdict(found), "added": found.added}))
        return
    click.echo(f"{found.policy}, threads: {found.threads}")
    for name, times in ((found.prm, found.scored), ("a reward model that costs nothing", found.free)):
        click.echo(
            f"{name}: {times.steps} steps, {times.tokens} tokens in {times.seconds:.2f} s, "
            f"{times.decode_seconds:.2f} s of it the policy's"
        )
    click.echo(f"scoring adds {found.added:.1%} to the wall time")


def compare(
    *,
    model: str | None,
    shape: str | None,
    quant: str,
    prm: str,
    width: int,
    steps: int,
    step_tokens: int,
    threads: int | None,
) -> Comparison:
    """Run both searches; the reward model gets the cores that the policy leaves free, as in every search."""
    from edge_solver.engines.llama import LlamaModel
    from edge_solver.engines.merging import MergingScorer
    from edge_solver.engines.scripted import ScriptedScorer
    from edge_solver.engines.threads import physical_cores
    from edge_solver.loading import load_scorer

    path, name = find_model(model, shape, quant, width * steps * step_tokens)
    threads = threads or threads_of_a_search(path)
    settings = SearchSettings(
        width=width, max_step_tokens=step_tokens, max_solution_tokens=steps * step_tokens, max_steps=steps
    )
    step_format = StepFormat("", "", step_end=STEP_END)
    if shape is None and (entry := resolve(ModelKind.POLICY, model or "builtin").entry) is not None:
        step_format = step_format_of(entry)
    free = physical_cores() - threads
    with ExitStack() as stack:
        tokenizer = stack.enter_context(LlamaModel(path, vocab_only=True))
        file = resolve(ModelKind.PRM, prm)
        scorer = load_scorer(file, stack, policy=path, model=tokenizer, threads=free if free > 0 else threads)
        merging = MergingScorer(scorer, in_background=free > 0)
        stack.callback(merging.close)
        scored = Times.of(grow(path, step_format, settings, threads, merging))
        unscored = Times.of(grow(path, step_format, settings, threads, ScriptedScorer()))
    return Comparison(name, file.name, threads, scored, unscored)


if __name__ == "__main__":
    main()
