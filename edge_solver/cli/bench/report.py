"""``edge-solver bench report``: what results folders say, in the terminal, as JSON, or as a folder with a page.

The analysis is ``bench.study``'s and the showing ``bench.report``'s; this reads, asks and prints.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from edge_solver.cli import output
from edge_solver.errors import ExitCode


@click.command("report")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write a page, its figures (SVG, PNG) and tables (Markdown, CSV) here, and print the page's path.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
def command(folders: tuple[Path, ...], *, out: Path | None, as_json: bool) -> int:
    """Say what the results in DIR show, and what they cannot.

    Several folders are one report where they hold results on the same suite. Without --out the tables and plots are
    printed; --out needs matplotlib, which comes with: pip install 'edge-solver[report]'.

    \b
    edge-solver bench report results
    edge-solver bench report results more-results --out report
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    from edge_solver.bench.study import study
    from edge_solver.bench.trials import read_run

    found = study([read_run(folder) for folder in folders])
    if out is not None:
        from edge_solver.bench.report.files import write_report

        page = write_report(found, out, shlex.join(_typed(folders, out)))
        output.say(f"wrote the page, figures/, tables/, report.md and report.json to {out}")
        if not as_json:
            output.emit(str(page))
    if as_json:
        output.emit_json(found)
    elif out is None:
        from edge_solver.bench.report.terminal import report

        output.emit("\n\n".join(report(found)))
    return ExitCode.ANSWERED


def _typed(folders: tuple[Path, ...], out: Path) -> list[str]:
    """Return the command that makes the same page again."""
    return ["edge-solver", "bench", "report", *map(str, folders), "--out", str(out)]
