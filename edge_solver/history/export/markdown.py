"""A run as Markdown: the problem, the answer, its rivals, the way to it, and the bill, each figure with its quality."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from edge_solver.core.budget import Cap
from edge_solver.core.events import Event
from edge_solver.core.replay import Replay
from edge_solver.core.solution import Solution
from edge_solver.history.store import Run
from edge_solver.quantities import Kind, show

_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_CONTROL = {"Cc", "Cf", "Cs", "Co"}
_KINDS = {Cap.FLOPS: Kind.FLOPS, Cap.JOULES: Kind.JOULES, Cap.SECONDS: Kind.SECONDS, Cap.TOKENS: Kind.TOKENS}
_EXACT = "exact"


def markdown(run: Run, events: Sequence[Event]) -> str:
    """Return the run as Markdown."""
    return "\n\n".join(_blocks(run, Replay(events).solution)) + "\n"


def _blocks(run: Run, solution: Solution) -> Iterator[str]:
    begun = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(run.begun))
    yield f"# {_code(solution.answer) if solution.answer is not None else 'No answer'}"
    yield "\n".join(f"> {line}".rstrip() for line in _prose(solution.problem).splitlines())
    yield f"Run {run.id} of {begun}, {run.state.value}; stopped by: {_prose(solution.stopped_by)}."
    if solution.answer is not None:
        yield f"Confidence: {solution.confidence:.0%}."
    if solution.candidates:
        yield "## Candidates"
        rows = ((_code(c.answer), str(c.votes), f"{c.weight:.3g}") for c in solution.candidates)
        yield _table(("answer", "votes", "weight"), rows)
    if solution.best_path:
        yield "## The best path"
        steps = enumerate(solution.best_path, start=1)
        yield "\n".join(_item(number, step.step, step.reward) for number, step in steps)
    yield "## The bill"
    yield _table(("what", "spent", "cap", "how it is known"), _bill(solution))
    yield "## How it was made"
    yield _table(("what", "which"), _making(solution))


def _bill(solution: Solution) -> Iterator[tuple[str, str, str, str]]:
    spent = solution.spent
    yield "FLOPs, executed", show(spent.flops, Kind.FLOPS), _cap(solution, Cap.FLOPS), _EXACT
    yield "· policy", show(spent.flops_policy, Kind.FLOPS), "", _EXACT
    yield "· reward model", show(spent.flops_prm, Kind.FLOPS), "", _EXACT
    yield "FLOPs, the paper's count", show(spent.flops_paper, Kind.FLOPS), "", "2·N·T of the policy alone"
    yield "tokens written", show(spent.tokens_generated, Kind.TOKENS), _cap(solution, Cap.TOKENS), _EXACT
    yield "time", show(spent.seconds, Kind.SECONDS), _cap(solution, Cap.SECONDS), "measured"
    energy = spent.joules
    figure = "—" if energy.value is None else show(energy.value, Kind.JOULES)
    scope = f", {_prose(energy.scope)}" if energy.scope else ""
    yield "energy", figure, _cap(solution, Cap.JOULES), f"{_prose(energy.label)}{scope}"


def _making(solution: Solution) -> Iterator[tuple[str, str]]:
    used = solution.strategy
    yield "strategy", f"{_prose(used.name)}, width {used.width}, vote {_prose(used.vote)}"
    yield "policy", f"{_code(solution.policy.name)} sha256 `{solution.policy.sha256[:16]}…`"
    if solution.prm is not None:
        yield "reward model", f"{_code(solution.prm.name)} sha256 `{solution.prm.sha256[:16]}…`"
    yield "temperature, seed", f"{used.temperature:g}, {solution.seed}"
    tree = solution.tree
    yield "tree", f"{tree.nodes} nodes, {tree.leaves} whole solutions, depth {tree.depth}"


def _cap(solution: Solution, cap: Cap) -> str:
    limit = solution.budget.of(cap)
    return "none" if limit is None else show(limit, _KINDS[cap])


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _item(number: int, text: str, reward: float | None) -> str:
    """Write one step as an item of a list; further lines of it are moved in, so that they belong to it."""
    mark = f"{number}. "
    known = "not scored" if reward is None else f"reward {reward:.2f}"
    lines = _prose(text.strip()).splitlines() or [""]
    return "\n".join([f"{mark}{lines[0]} *({known})*", *(" " * len(mark) + line for line in lines[1:])])


def _code(text: str) -> str:
    """Write text as it is, in one line: between more backticks than it holds."""
    flat = " ".join(_shown(text).split()) or " "
    fence = "`" * (max(map(len, re.findall("`+", flat)), default=0) + 1)
    space = " " if flat[0] == "`" or flat[-1] == "`" else ""
    return f"{fence}{space}{flat}{space}{fence}"


def _prose(text: str) -> str:
    """Write text with its mathematics as it is; what would begin an HTML tag is no tag any more."""
    return _TAG.sub("&lt;", _shown(text))


def _shown(text: str) -> str:
    """Return text in which what nobody could see is visible."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in _CONTROL else "\ufffd" for c in text)
