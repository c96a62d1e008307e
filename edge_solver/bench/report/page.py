"""A study as one HTML page that needs nothing else: no network, no script, no second file.

Pictures are inline SVG in the page's own colours, so that light and dark are the reader's choice. Behind every figure
stands the table with its values.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from edge_solver.bench.findings import Study
from edge_solver.bench.report import tables, words
from edge_solver.bench.report.canvas import DARK, LIGHT, Picture
from edge_solver.bench.report.table import Table, plain
from edge_solver.bench.report.tables import Names
from edge_solver.bench.study import widest

_MANY = 24
"""Configurations; a table with more is too long to stand before the figures."""
_HEADLINE = (
    "<b>Accuracy</b> is the share of right answers; <b>coverage</b> the share of problems where any finished solution "
    "was right. Costs are means for one problem; FLOPs are those that were executed, the reward model's among them. "
    "A configuration is on the <b>frontier</b> where nothing that costs fewer FLOPs is as accurate. <b>name@N</b> is "
    "width N."
)
_FRONTIER = "Faint: configurations that something cheaper beats. A bare @N continues the name before it."
_JOULES = "Joules of different labels or scopes are never drawn or compared together."
_COVERAGE = (
    "Coverage is pass@k: the chance that one of k samples is right, estimated without bias from all samples. The law "
    "is exp(a·k<sup>−b</sup>) (Brown et al. 2024, section 3)."
)
_EQUAL = (
    "Executed FLOPs, the reward model's among them. Sampling is read between the two widths on either side of the "
    "search's cost, problem by problem. In Wu et al. 2024 REBASE is above sampling at every cost: with Llemma-7B on "
    "MATH width 32 (46.8 %) beats 256 samples (45.5 %) with 6.8 times fewer FLOPs, the reward model's not counted."
)
_SATURATION = (
    "A vote over ever more independent samples tends to the share of problems whose likeliest answer is right, "
    "weighted by reward in a weighted vote (Wu et al. 2024, theorems 1 and 2). Line: the same samples redrawn. Dots: "
    "searches of that width. Dashes and band: the limit and its interval."
)
_RELIABILITY = "On the dashed diagonal confidence is honest; below it, too high."
_PAIRS = (
    "The largest widths of each strategy, on the same problems and seeds. Grey: not told apart; the interval holds "
    "zero, or the exact sign test gives p of 0.05 or more."
)


@dataclass(frozen=True, slots=True)
class Section:
    """One box of a page."""

    key: str
    title: str
    body: str
    """HTML; without any the section is left out."""
    wide: bool = True
    """Whether it takes the page's width where there is room for two."""


def page(study: Study, pictures: Sequence[Picture], command: str) -> str:
    """Return the page.

    Args:
        study: What to report.
        pictures: Its figures.
        command: What made the page, to be shown in it.
    """
    title = f"{plain(study.suite)}: what {study.problems} problems say"
    about = f"Problems: {study.problems} · configurations: {len(study.points)} · intervals are for 95 %"
    return shell(title, about, list(_sections(study, pictures, command)))


def shell(title: str, about: str, parts: Sequence[Section]) -> str:
    """Return a whole page: a title, a line about it, contents and sections."""
    sections = [section for section in parts if section.body]
    contents = "\n".join(f'<li><a href="#{s.key}">{s.title}</a></li>' for s in sections)
    body = "\n".join(
        f'<section id="{s.key}"{" class=wide" if s.wide else ""}>\n<h2>{s.title}</h2>\n{s.body}\n</section>'
        for s in sections
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="edge-solver">
<link rel="icon" href="data:,">
<title>{html.escape(title)}</title>
<style>
{_css()}
</style>
</head>
<body>
<header>
<h1>{html.escape(title)}</h1>
<p>{html.escape(about)}</p>
</header>
<nav aria-label="Contents"><ul>
{contents}
</ul></nav>
<main>
{body}
</main>
</body>
</html>
"""


def _sections(study: Study, pictures: Sequence[Picture], command: str) -> Iterator[Section]:
    names = Names(study.points)

    def figure(start: str, behind: Sequence[Table], note: str = "") -> str:
        return _figure([picture for picture in pictures if picture.key.startswith(start)], behind, note)

    def frontiers(cost: str) -> list[Table]:
        return [tables.frontier(study, names, found) for found in study.frontiers if found.cost == cost]

    def single(start: str) -> bool:
        return sum(picture.key.startswith(start) for picture in pictures) == 1

    headline, subjects = tables.headline(study, names), tables.subjects(study, names)
    yield Section(
        "summary",
        "In plain words",
        f'<div class="halves"><div><h3>What the figures say</h3>\n{_list(words.shows(study))}</div>\n'
        f"<div><h3>What they cannot say</h3>\n{_list(words.cannot(study))}</div></div>",
    )
    yield Section("runs", "What was run", _sources(study))
    yield Section("headline", "What each configuration reached", _headline(study, headline) + _note(_HEADLINE))
    yield Section(
        "frontier",
        "Compute-optimal frontier",
        figure("frontier", [*frontiers("flops"), *frontiers("flops_paper")], _FRONTIER) + _sizes(study),
        wide=False,
    )
    yield Section("flops", "Accuracy against FLOPs", figure("accuracy-flops", [headline]), wide=False)
    yield Section("equal-compute", "Tree search against sampling at equal FLOPs", _equal(study, names), wide=False)
    joules = figure("accuracy-joules", frontiers("joules"), _JOULES) or "<p>No configuration has joules to show.</p>"
    yield Section("joules", "Accuracy against joules", joules, wide=len(frontiers("joules")) > 1)
    laws = [tables.coverage(study, names), tables.laws(study, names)]
    yield Section("coverage", "Coverage and its law", figure("coverage", laws, _COVERAGE), wide=False)
    limits = figure("saturation", [tables.saturation(study, names)], _SATURATION)
    yield Section("saturation", "Where voting saturates", limits, wide=not single("saturation"))
    bins = [tables.calibration_error(study, names), tables.reliability(study, names)]
    yield Section(
        "reliability",
        "Can the confidence be trusted?",
        figure("reliability", bins, _RELIABILITY),
        wide=not single("reliability"),
    )
    pairs = [tables.differences(study, names)]
    yield Section("differences", "Paired differences in accuracy", figure("differences", pairs, _PAIRS), wide=False)
    yield Section("subjects", "By subject", subjects.html() if subjects.rows else "", wide=False)
    yield Section("cost", "What it cost", tables.cost(study, names).html())
    yield Section("made", "How this page was made", f"<pre><code>{html.escape(command)}</code></pre>")


def _list(sentences: Iterator[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{_unbroken(html.escape(sentence))}</li>" for sentence in sentences) + "\n</ul>"


def _unbroken(text: str) -> str:
    """Keep a percent sign on the line of its number."""
    return text.replace(" %", "&nbsp;%")


def _note(text: str) -> str:
    return f'\n<p class="note">{text}</p>'


def _sources(study: Study) -> str:
    parts = []
    for source in study.sources:
        facts = {
            "folder": source.folder,
            "device": source.device,
            "trials": str(source.trials),
            "version": source.version,
            "settings": ", ".join(f"{key} {value}" for key, value in source.settings.items()),
            "command": source.command,
        }
        rows = "".join(f"<dt>{key}</dt><dd>{html.escape(plain(value))}</dd>" for key, value in facts.items() if value)
        parts.append(f"<dl>{rows}</dl>")
    return "\n".join(parts)


def _headline(study: Study, every: Table) -> str:
    """Show the table; of a long one only the frontier and the largest widths, with the rest folded away."""
    if len(every.rows) <= _MANY:
        return every.html()
    flops = study.frontier("flops")
    kept = {*(flops.points if flops else ()), *widest([point.choice for point in study.points])}
    short = replace(
        every,
        title="The frontier and the largest width of every strategy",
        rows=tuple(row for index, row in enumerate(every.rows) if index in kept),
    )
    return f"{short.html()}\n<details><summary>All {len(every.rows)} configurations</summary>\n{every.html()}</details>"


def _sizes(study: Study) -> str:
    table = tables.sizes(study)
    if not table.rows:
        return ""
    return f"<h3>Which model size the frontier asks for</h3>\n{table.html()}" + _note(
        "log10 C = alpha·log10 N + beta, C the FLOPs and N the policy's parameters of the frontier's points. Wu et al. "
        "2024 print alpha 1.19 and beta 2.03 for Pythia on GSM8K."
    )


def _equal(study: Study, names: Names) -> str:
    """Show whether tree search pays."""
    compared, reached = tables.equal_compute(study, names), tables.catch_ups(study, names)
    if not reached.rows:  # whatever is compared is in there
        return ""
    first = compared.html() if compared.rows else ""
    return f"{first}{_note(_EQUAL)}\n<h3>{html.escape(reached.title)}</h3>\n{reached.html()}"


def _figure(pictures: Sequence[Picture], behind: Sequence[Table], note: str = "") -> str:
    """Return pictures with the tables behind them; nothing without pictures."""
    if not pictures:
        return ""
    several = len(pictures) > 1
    drawn = "\n".join(f"<figure>\n{picture.inline(heading=several)}</figure>" for picture in pictures)
    found = "\n".join(f"<h4>{html.escape(table.title)}</h4>\n{table.html()}" for table in behind if table.rows)
    return (
        f'<div class="figures">\n{drawn}\n</div>{_note(note) if note else ""}\n'
        f"<details><summary>The figure{'s' if several else ''} as a table</summary>\n{found}</details>"
    )


def _css() -> str:
    """Return the page's style: the colours of the pictures, light and dark, and the rest from a file."""
    light = "; ".join(f"--{name}: {colour}" for name, colour in LIGHT.items())
    dark = "; ".join(f"--{name}: {colour}" for name, colour in DARK.items())
    rest = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{rest}"
