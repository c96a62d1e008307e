"""How a step reads on the screen: on one line in the tree, and in full below it, with its mathematics drawn."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from edge_solver.wording import clean

# What draws mathematics is imported with the first step that is shown: the first paint need not wait for it.

_INDENT = "    "


@lru_cache(maxsize=1024)
def inline(source: str) -> str:
    """Return a step or an answer on one line; the lines on the screen are asked for again and again."""
    from edge_solver.tui.mathematics import Formula, pieces

    parts = pieces(source)
    if not any(isinstance(part, Formula) for part in parts):
        return _formula(source) if "\\" in source else clean(source)
    written = (_formula(part.source) if isinstance(part, Formula) else _plain(part.text) for part in parts)
    return "".join(written).strip()


def fitted(text: str, room: int) -> str:
    """Return a line, cut where there is no room for all of it, and then with a sign of that."""
    return text if cell_len(text) <= room else set_cell_size(text, max(0, room - 1)).rstrip() + "…"


def block(source: str) -> tuple[str, ...]:
    """Return the lines of a step in full; a formula that needs several lines stands below the words before it."""
    from edge_solver.tui.mathematics import Formula, drawn, pieces

    lines: list[str] = []
    words = ""
    for part in pieces(source.strip()):
        if isinstance(part, Formula):
            tall = drawn(part.source)
            if tall is not None and (len(tall) > 1 or part.display):
                lines += [line for line in (words.strip(),) if line]
                lines += [_INDENT + line for line in tall]
                words = ""
            else:
                words += _formula(part.source)
            continue
        *whole, rest = part.text.split("\n")
        for line in whole:
            lines += [words + _plain(line)]
            words = ""
        words += _plain(rest)
    if len(lines) == 0 and "\\" in words and (tall := drawn(source)) is not None:
        return tall  # a bare formula, such as an answer in LaTeX
    return tuple(line for line in (*lines, words.rstrip()) if line.strip())


def _formula(source: str) -> str:
    from edge_solver.tui.mathematics import inlined

    text = inlined(source)
    return clean(source) if text is None else text


def _plain(text: str) -> str:
    """Return prose without anything that a terminal would act upon; a blank beside a formula stays."""
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return (" " if before else "") + clean(text) + (" " if after and text.strip() else "")
