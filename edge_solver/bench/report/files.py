"""A report as files: the page, its pictures as SVG and PNG, its tables as CSV, and all of it as Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edge_solver.bench.findings import Study
from edge_solver.bench.report import words
from edge_solver.bench.report.figures import figures
from edge_solver.bench.report.page import page
from edge_solver.bench.report.table import plain
from edge_solver.bench.report.terminal import every_table
from edge_solver.errors import UsageError
from edge_solver.recording import strict_json

PAGE = "index.html"


def write_report(study: Study, folder: Path, command: str) -> Path:
    """Write a report into a folder and return the page; files of an earlier report there are replaced.

    Raises:
        UsageError: matplotlib is missing, or the folder cannot be written to.
    """
    pictures = list(figures(study))  # before anything is written: without matplotlib there is no report
    files: dict[str, bytes] = {
        PAGE: page(study, pictures, command).encode(),
        "report.md": markdown(study, command).encode(),
        "report.json": strict_json(study, indent=2).encode("utf-8", "replace") + b"\n",
    }
    for picture in pictures:
        files[f"figures/{picture.key}.svg"] = picture.svg.encode()
        files[f"figures/{picture.key}.png"] = picture.png
    for table in every_table(study):
        if table.rows:
            files[f"tables/{table.key}.csv"] = table.csv().encode()
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write the report to {str(folder)!r}: {error.strerror or error}") from error
    return folder / PAGE


def markdown(study: Study, command: str) -> str:
    """Return the report as Markdown: sentences and tables."""
    return "\n\n".join(_blocks(study, command)) + "\n"


def _blocks(study: Study, command: str) -> Iterator[str]:
    yield f"# {plain(study.suite)}: what {study.problems} problems say"
    yield "\n".join(f"- {sentence}" for sentence in words.shows(study))
    yield "What the figures cannot say:"
    yield "\n".join(f"- {sentence}" for sentence in words.cannot(study))
    for table in every_table(study):
        if table.rows:
            yield f"## {table.title}"
            yield table.markdown()
    yield "## How this was made"
    yield f"```sh\n{command}\n```"
