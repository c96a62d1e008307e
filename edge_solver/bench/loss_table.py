"""``python -m edge_solver.bench.loss_table``: measure what quantization cost, and keep it in a document.

Each run prints one row. With ``--into README.md`` the row takes its place in the table between the marks there, in the
place of an earlier row of the same name, so that every figure of that table was written by this command.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from edge_solver.bench.loss import PolicyLoss, RewardLoss, policy_loss, reward_loss
from edge_solver.errors import EdgeSolverError, UsageError

HEADINGS = {
    "policy": "| policy | size | perplexity | KL divergence (mean · 99 %) | same top token | read tokens/s | command |",
    "prm": "| reward model | size | score difference (mean · largest) | rank correlation | read tokens/s | command |",
    "accuracy": "| model | REBASE@16 on the built-in suite | command |",
}


def row(name: str, loss: PolicyLoss | RewardLoss, command: str) -> str:
    """Return a line of the table."""
    size = f"{loss.reference_bytes / 1e6:.2f} → {loss.bytes / 1e6:.2f} MB"
    speed = f"{loss.reference_tokens_per_second:.0f} → {loss.tokens_per_second:.0f}"
    if isinstance(loss, PolicyLoss):
        cells = [
            f"{loss.reference_perplexity:.4f} → {loss.perplexity:.4f}",
            f"{loss.divergence:.5f} · {loss.divergence_99:.4f}",
            f"{loss.same_top:.2%} of {loss.tokens}",
        ]
    else:
        cells = [
            f"{loss.mean_difference:.4f} · {loss.largest_difference:.4f} over {loss.steps} steps",
            f"{loss.rank_correlation:.5f}",
        ]
    return f"| {' | '.join([name, size, *cells, speed, f'`{command}`'])} |"


def insert(document: str, table: str, line: str) -> str:
    """Return a document with a line in one of its tables, in the place of the line with the same first cell.

    Raises:
        UsageError: The document has no such table.
    """
    begin, end = f"<!-- {table} -->", f"<!-- end {table} -->"
    if begin not in document or end not in document:
        raise UsageError(f"the document has no marks {begin} and {end}")
    before, rest = document.split(begin, 1)
    inside, after = rest.split(end, 1)
    first = line.split("|")[1]
    heading = HEADINGS[table]
    kept = [old for old in inside.strip().splitlines()[2:] if old.split("|")[1] != first]
    lines = [heading, "|---" * (heading.count("|") - 1) + "|", *sorted([*kept, line])]
    return f"{before}{begin}\n" + "\n".join(lines) + f"\n{end}{after}"


def accuracy(model: str, prm: str, limit: int | None, more: Sequence[str] = ()) -> str:
    """Return what ``bench solve``, with ``more`` of its flags, makes of a policy and a reward model, in words.

    Raises:
        UsageError: The run failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        limited = ["--limit", str(limit)] if limit else []
        command = ["bench", "solve", "--suite", "builtin", "--strategies", "rebase", "--widths", "16", "--quiet"]
        command += ["--model", model, "--prm", prm, "--json", "--out", folder, *limited, *more]
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "edge_solver", *command], check=False, capture_output=True, text=True
        )
    if done.returncode:
        raise UsageError(f"bench solve failed: {done.stderr.strip()}")
    (found,) = json.loads(done.stdout)["rows"]
    low, high = found["ci95"]
    return f"{found['accuracy']:.1%} of {found['n']} ({low:.1%} – {high:.1%})"


@click.group()
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), help="A document with the table's marks.")
@click.option("--name", help="What to call the row.  [default: the file's name]")
@click.option("--json", "as_json", is_flag=True, help="Print the measured values as JSON instead of a row.")
@click.pass_context
def main(context: click.Context, into: Path | None, name: str | None, *, as_json: bool) -> None:
    """Measure what a quantized model lost."""
    context.obj = (into, name, as_json)


@main.command()
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("quantized", type=click.Path(path_type=Path))
@click.option(
    "--text",
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="Held-out text, or JSON Lines: before, text.",
)
@click.option("--chunks", type=click.IntRange(min=1), help="Read so many chunks of 256 tokens at most.")
@click.pass_context
def policy(context: click.Context, reference: Path, quantized: Path, text: Path, chunks: int | None) -> None:
    """Compare two GGUF files token by token."""
    loss = policy_loss(reference, quantized, text, chunks)
    _tell(context, "policy", quantized, loss)


@main.command()
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("quantized", type=click.Path(path_type=Path))
@click.option("--tokenizer", required=True, type=click.Path(path_type=Path), help="GGUF with the models' tokenizer.")
@click.option("--solutions", required=True, type=click.Path(path_type=Path), help="JSON Lines: problem, solution.")
@click.pass_context
def prm(context: click.Context, reference: Path, quantized: Path, tokenizer: Path, solutions: Path) -> None:
    """Compare two ONNX reward models step by step."""
    _tell(context, "prm", quantized, reward_loss(reference, quantized, tokenizer, solutions))


@main.command("accuracy")
@click.argument("model")
@click.option("--prm", "reward", default="builtin", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N problems.")
@click.argument("more", nargs=-1)
@click.pass_context
def accuracy_command(context: click.Context, model: str, reward: str, limit: int | None, more: tuple[str, ...]) -> None:
    """Solve the built-in suite with REBASE at width 16.

    A file that the registry does not know is asked in a general way, which no model was trained with: what comes after
    -- goes to 'bench solve', and can say how to ask it.
    """
    into, name, _ = context.obj
    label = name or f"{model} with {reward}"
    line = f"| {label} | {accuracy(model, reward, limit, more)} | `{_typed()}` |"
    _keep(into, "accuracy", line)


def _tell(context: click.Context, table: str, quantized: Path, loss: PolicyLoss | RewardLoss) -> None:
    into, name, as_json = context.obj
    if as_json:
        click.echo(json.dumps(asdict(loss)))
        return
    _keep(into, table, row(name or quantized.name, loss, _typed()))


def _keep(into: Path | None, table: str, line: str) -> None:
    if into is not None:
        into.write_text(insert(into.read_text(encoding="utf-8"), table, line), encoding="utf-8")
    click.echo(line)


def _typed() -> str:
    return shlex.join(["python", "-m", "edge_solver.bench.loss_table", *sys.argv[1:]])


def guarded() -> None:
    """Run, and turn our errors into one line."""
    try:
        main()
    except EdgeSolverError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    guarded()
