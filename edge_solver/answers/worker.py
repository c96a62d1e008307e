r"""The worker's side: answers one equality question after another with Math-Verify.

Runs as a process of its own (``python -m edge_solver.answers.worker``), reads one JSON line per question from standard
input and writes one JSON line per verdict. A question says how much processor time it may take; the kernel ends the
worker when that is used up, and whoever started it keeps the wall clock. It limits its own memory, ignores Ctrl-C (that
is for the program in front), and lets nothing but verdicts reach standard output. This is the only module that imports
SymPy or Math-Verify.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
from dataclasses import replace
from functools import lru_cache
from typing import Any, TextIO

from edge_solver.answers.exact import without_unit
from edge_solver.answers.normal import is_sentence, normalise

MEMORY_LIMIT_BYTES = 2 * 1024**3
"""Address space. The libraries take about 0.1 GiB of it once loaded; a runaway expansion hits the limit instead of
filling the machine's swap."""


RELATIVE_TOLERANCE = 1e-12
"""Two closed forms without a decimal agree at least to this, relatively, or they are different numbers."""

RELATIVE_TOLERANCE_DECIMAL = 1e-5
"""The same where one side is a decimal. Math-Verify compares six places behind the point, which says nothing about
small numbers; five significant digits is also what the exact comparison asks of a rounded decimal."""


def compare(first: str, second: str) -> bool:
    """Ask Math-Verify in both directions, and check a yes."""
    from math_verify import verify

    one, two = _parse(first), _parse(second)
    if not one or not two:
        return False
    # A relation and a set describe the same thing in either order; everything else must hold both ways, because
    # Math-Verify lets a prediction "7 = 11a + c" answer the gold "11a + c".
    for gold, target in ((one, two), (two, one)):
        if not verify(list(gold), list(target), allow_set_relation_comp=True, timeout_seconds=None):
            return False
    return _is_confirmed(one[0], two[0])


@lru_cache(maxsize=512)
def _parse(text: str) -> tuple[Any, ...]:
    """Parse an answer; a bare one is handed over as a formula, a sentence as it is.

    Units are taken off here and not by Math-Verify, for which ``5m`` and ``x + 3m`` end in metres.
    """
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    normal = normalise(text)
    if is_sentence(normal):
        found = parse(text, [LatexExtractionConfig(), ExprExtractionConfig()], parsing_timeout=None)
    else:
        with_units = LatexExtractionConfig().normalization_config
        formula = LatexExtractionConfig(normalization_config=replace(with_units, units=False))
        found = parse(f"${_as_latex(without_unit(normal))}$", [formula], parsing_timeout=None)
    return tuple(found)


def _as_latex(normal: str) -> str:
    """Spell what is left of plain text as LaTeX: products, and brackets in exponents and roots."""
    latex = re.sub(r"(?<=[\d\w)}])\*(?=[\w(\\{])", r" \\cdot ", normal)
    return _braced(_braced(latex, "^("), r"\sqrt(")


def _braced(text: str, opening: str) -> str:
    """Replace the round brackets after ``opening`` (which ends in one) by braces."""
    head = opening[:-1]
    start = text.find(opening)
    while start >= 0:
        inside, depth = start + len(opening), 1
        end = inside
        while end < len(text) and depth:
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        if depth:
            break
        text = f"{text[:start]}{head}{{{text[inside : end - 1]}}}{text[end:]}"
        start = text.find(opening, start + len(head) + 1)
    return text


def _is_confirmed(one: Any, two: Any) -> bool:  # noqa: ANN401 - SymPy publishes no types
    """Check a yes: numbers must be near each other relatively; everything else passes."""
    from sympy import Expr, Float

    if not all(isinstance(side, Expr) and side.is_number and not side.is_infinite for side in (one, two)):
        return True
    tolerance = RELATIVE_TOLERANCE_DECIMAL if one.has(Float) or two.has(Float) else RELATIVE_TOLERANCE
    a, b = (side.doit().evalf(40) for side in (one, two))
    return bool(a == b or abs(a - b) <= tolerance * max(abs(a), abs(b)))


def main() -> None:
    """Serve until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _private_output()
    try:
        _limit_memory()
        logging.disable()
        # Loading is announced only after a first question, which builds the parser's tables.
        compare("x+1", "1+x")
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
        _say(answers, {"ready": False, "error": f"{type(error).__name__}: {error}"})
        return
    _say(answers, {"ready": True})
    for line in sys.stdin:
        question = json.loads(line)
        _limit_cpu(question["seconds"])
        _say(answers, {"id": question["id"], "same": _safely(question["first"], question["second"])})
        _limit_cpu(0)


def _safely(first: str, second: str) -> bool:
    """Compare; an answer on which the libraries fail is an answer that could not be shown to be the same."""
    try:
        return compare(_clean(first), _clean(second))
    except (Exception, RecursionError):  # noqa: BLE001 - hostile input may raise anything in there
        return False


def _clean(text: str) -> str:
    """Replace lone surrogates, which no text may contain but JSON can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _private_output() -> TextIO:
    """Keep standard output for verdicts and send whatever else is printed nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers


def _say(answers: TextIO, message: dict[str, object]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _limit_memory() -> None:
    """Limit the address space where the system can."""
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY_LIMIT_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT_BYTES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    except (OSError, ValueError):  # macOS refuses this limit; the deadline still holds
        return


def _limit_cpu(seconds: float) -> None:
    """Ask the kernel to end this process after ``seconds`` of processor time from now; zero takes it back.

    The kernel does it in the middle of a long C call too, and also if the parent is gone.
    """
    if sys.platform != "win32":
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    main()
