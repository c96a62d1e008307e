"""A formula as a tree: what the parser makes and the two layouts read."""

from __future__ import annotations

from dataclasses import dataclass

from edge_solver.tui.mathematics.symbols import Kind


class DoubtError(Exception):
    """The formula is not understood to the last sign, so its source has to be shown."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign, a letter, a digit, or the name of a function."""

    text: str
    kind: Kind = Kind.ORDINARY


@dataclass(frozen=True, slots=True)
class Words:
    """Text within a formula, with its spaces."""

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Nodes side by side."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    """One row over another, with a line between them or, as a binomial coefficient, in brackets."""

    over: Row
    under: Row
    binomial: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """A root; ``index`` is ``None`` for a square root."""

    body: Row
    index: Row | None


@dataclass(frozen=True, slots=True)
class Script:
    """A base with something below or above it, or both."""

    base: Node
    below: Row | None
    above: Row | None


@dataclass(frozen=True, slots=True)
class Fenced:
    """A row between two delimiters, as tall as the row; ``""`` where there is none."""

    left: str
    body: Row
    right: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells: a matrix, cases, or equations below each other."""

    cells: tuple[tuple[Row, ...], ...]
    left: str
    right: str
    aligned: bool = False
    """Whether cells are parts of one equation, to be read without a gap."""


@dataclass(frozen=True, slots=True)
class Boxed:
    """A row in a frame."""

    body: Row


@dataclass(frozen=True, slots=True)
class Accent:
    """A mark over or under a row."""

    mark: str
    """A combining character."""
    body: Row


@dataclass(frozen=True, slots=True)
class Stacked:
    """A small row above or below a base."""

    base: Row
    below: Row | None
    above: Row | None


Node = Sign | Words | Row | Fraction | Root | Script | Fenced | Grid | Boxed | Accent | Stacked
