"""The command line: ``main`` is the console script, where every failure becomes one line and an exit code.

Commands live in modules of their own and are imported when they are called, so that ``edge-solver --help`` costs
nothing. A command parses, assembles, calls and prints; it returns its exit code. No traceback reaches a user unless
``EDGE_SOLVER_DEBUG`` asks for it.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence

import click

from edge_solver.cli import output
from edge_solver.cli.group import root
from edge_solver.errors import EdgeSolverError, ExitCode

DEBUG = "EDGE_SOLVER_DEBUG"


def main(args: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code.

    Beside the codes of the contract, 1 stands for everything that kept an answer from being delivered: a closed pipe or
    a full disk behind standard output, a bug.
    """
    output.prepare()
    code = _guarded(args)
    failure = output.finish()
    if failure is None:
        return code
    if not isinstance(failure, BrokenPipeError):
        output.say(f"error: cannot write to standard output: {failure.strerror}")
    return code or ExitCode.NO_ANSWER


def _guarded(args: Sequence[str] | None) -> int:
    """Run a command; turn whatever it raises into a line on standard error and an exit code."""
    try:
        return int(root.main(args, prog_name="edge-solver", standalone_mode=False) or 0)
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.NO_ANSWER
    except Exception as error:  # noqa: BLE001 - the last net: whatever it is, a user gets one line
        if os.environ.get(DEBUG):
            output.say(traceback.format_exc().rstrip())
        return _complain(error)


def _complain(error: Exception) -> int:
    match error:
        case click.ClickException():
            output.say(f"error: {error.format_message()}")
            if isinstance(error, click.UsageError) and error.ctx is not None:
                output.say(f"see '{error.ctx.command_path} --help'")
            return ExitCode.USAGE
        case EdgeSolverError():
            output.say(f"error: {error}")
            return int(error.exit_code)
        case MemoryError():
            output.say("error: out of memory")
        case OSError():
            output.say(f"error: {error.filename or 'the operating system'}: {error.strerror or error}")
        case _:
            words = " ".join(str(error).split())
            output.say(f"error: {type(error).__name__}: {words}; this is a bug; run with {DEBUG}=1 for the traceback")
    return ExitCode.NO_ANSWER
