"""The problem as a user gives it: an argument, which may begin with a minus sign, or standard input.

It must be text: bytes that are not UTF-8, nothing at all, and far more than any model reads are refused before a model
is loaded.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import click

from edge_solver.cli.output import say
from edge_solver.errors import ProblemError

LONGEST = 2**20
"""Bytes; no model that runs on a laptop reads a problem of a megabyte."""

# "-2x + 6 = 0", "-3+5", "-(4 - 1)": no flag of ours is one dash with a digit, a bracket or a space behind it.
_NEGATIVE = re.compile(r"-(?:[\d.({\[\\$]|[^-\s]*\s)")


class ProblemCommand(click.Command):
    """A command whose argument may be a problem that begins with a minus sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let what looks like mathematics pass as an argument instead of an unknown flag."""
        ctx.ignore_unknown_options = any(_NEGATIVE.match(arg) for arg in args)
        return super().parse_args(ctx, args)


def read_problem(words: Sequence[str]) -> str:
    """Return the problem, from standard input where it is ``-``.

    Raises:
        click.UsageError: It was typed without quotes and fell into several arguments.
        ProblemError: It is empty, too long or not text.
    """
    if len(words) > 1:
        raise click.UsageError(f"the problem must be one argument, but {len(words)} came; put it in quotes")
    problem = _from_stdin() if words[0] == "-" else words[0]
    try:
        problem.encode("utf-8")
    except UnicodeEncodeError:
        raise ProblemError("the problem is not UTF-8 text; write it in UTF-8") from None
    if not problem.strip():
        raise ProblemError("the problem is empty; type it in quotes, or give - to read it from standard input")
    return problem


def _from_stdin() -> str:
    if sys.stdin.isatty():
        say("type the problem and end with Ctrl-D")
    data = sys.stdin.buffer.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise ProblemError(f"standard input holds more than {LONGEST // 2**20} MiB; a problem is a few lines of text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemError(
            f"standard input is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x}); convert it first, "
            "for example with iconv"
        ) from None
