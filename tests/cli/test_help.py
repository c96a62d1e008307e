"""Every help page: whole summaries, lines that fit, no stray marks, and something to copy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from edge_solver.cli.group import root

WITH_EXAMPLES = {
    "", "solve", "history", "models", "quantize", "bench solve", "bench device", "bench report", "bench compare",
    "advise", "energy",
}  # fmt: skip


def pages(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name="edge-solver")
        for part in command.list_commands(context):
            found = command.get_command(context, part)
            assert found is not None
            yield from pages(found, f"{name} {part}".strip())


PAGES = dict(pages(root))


def page(name: str, width: int) -> str:
    command = PAGES[name]
    return command.get_help(
        click.Context(command, info_name=f"edge-solver {name}".strip(), terminal_width=width, max_content_width=width)
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_marks_left_and_no_cut_summaries(name: str) -> None:
    text = page(name, 80)
    assert "\\b" not in text
    assert all(character.isprintable() or character == "\n" for character in text)
    assert not re.search(r"^  .*[a-z,]\.\.\.$", text, re.MULTILINE)  # click cuts long summaries so
    assert "INTEGER RANGE" not in text


@pytest.mark.parametrize("name", PAGES)
def test_lines_fit_a_usual_terminal(name: str) -> None:
    for line in page(name, 80).splitlines():
        is_one_word = len(line.split()) <= 2  # names of choices are not broken
        assert len(line) <= 80 or is_one_word or line.lstrip().startswith("edge-solver"), line


@pytest.mark.parametrize("name", sorted(WITH_EXAMPLES))
def test_there_is_a_line_to_copy(name: str) -> None:
    beginning = f"  edge-solver {name}".rstrip()
    assert any(line.startswith(beginning) for line in page(name, 80).splitlines())
