"""``edge-solver bench compare``: results of ``bench device`` side by side, where they can be compared."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import click

from edge_solver.cli import output
from edge_solver.errors import ExitCode, UsageError


@click.command("compare")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE.json...")
@click.option("--html", "page", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page here.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(files: tuple[Path, ...], *, page: Path | None, markdown: bool, as_json: bool) -> int:
    """Set the results of several devices side by side.

    A figure is compared only where everything that it depends on is the same: model, sizes, suite, caps, and for energy
    the label and scope. What is not comparable is listed with the reason.

    \b
    edge-solver bench compare laptop.json phone.json
    edge-solver bench compare *.json --html devices.html
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    from edge_solver.bench.device import document
    from edge_solver.bench.device.comparison import compare
    from edge_solver.bench.report import devices

    if len(files) < 2:  # noqa: PLR2004 - one has nothing to be compared with
        raise UsageError("one result has nothing to be compared with; give two files or more")
    if page is not None:
        document.check_target(page)
    found = compare(_names(files), [document.read(file) for file in files])
    if page is not None:
        typed = shlex.join(["edge-solver", "bench", "compare", *map(str, files), "--html", str(page)])
        document.write_text(page, devices.page(found, typed))
        output.say(f"wrote {page}")
    if as_json:
        output.emit_json(found)
    elif markdown:
        output.emit(devices.markdown(found).rstrip())
    elif page is not None:
        output.emit(str(page))
    else:
        for line in devices.text(found, shutil.get_terminal_size().columns):
            output.emit(line)
    return ExitCode.ANSWERED


def _names(files: tuple[Path, ...]) -> list[str]:
    """Name results by their files; equal names are numbered."""
    names: list[str] = []
    for file in files:
        name, number = file.stem, 2
        while name in names:
            name, number = f"{file.stem} {number}", number + 1
        names.append(name)
    return names
