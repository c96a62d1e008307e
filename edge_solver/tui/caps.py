"""Caps as they are typed into one line: ``50J 10s 2e12 500tok``, in any order.

Pure. The unit says what a number limits; one without a unit counts FLOPs where it is large enough to be meant so.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from edge_solver.core.budget import Budget, Cap
from edge_solver.errors import QuantityError
from edge_solver.quantities import Kind, parse, parse_whole

KINDS: Mapping[Cap, Kind] = MappingProxyType(
    {Cap.FLOPS: Kind.FLOPS, Cap.JOULES: Kind.JOULES, Cap.SECONDS: Kind.SECONDS, Cap.TOKENS: Kind.TOKENS}
)
EXAMPLE = "50J 10s 2e12 500tok"
_FEWEST_FLOPS = 1e6  # no model reads a token for less, so a smaller number without a unit is something else
_BARE = re.compile(r"[-+.\d]+(?:[eE][-+]?\d+)?[kKMGTPE]?")
_WORD = re.compile(r"\S*\d\S*(?:\s+[^\d\s]\S*)?|\S+")
_ORDER = (Cap.JOULES, Cap.SECONDS, Cap.TOKENS, Cap.FLOPS)


def read_caps(text: str) -> Budget:
    """Read a line of caps; an empty one is no limit.

    Raises:
        QuantityError: A word is no cap, or two limit the same.
    """
    budget = Budget()
    for word in _WORD.findall(text.replace(",", " ")):
        cap, value = _read(word)
        if budget.of(cap) is not None:
            raise QuantityError(f"{word} limits {cap.value} a second time; give one limit")
        budget = _with(budget, cap, value)
    return budget


def show_caps(budget: Budget) -> str:
    """Write caps so that ``read_caps`` reads them."""
    return " ".join(_typed(cap, budget.of(cap) or 0.0) for cap in _ORDER if budget.of(cap) is not None)


def scaled(budget: Budget, cap: Cap, factor: float) -> Budget:
    """Return the budget with one of its caps multiplied."""
    limit = (budget.of(cap) or 1.0) * factor
    return _with(budget, cap, max(1, round(limit)) if cap is Cap.TOKENS else limit)


def cap_at(text: str, cursor: int) -> Cap | None:
    """Return the cap that the cursor stands on or behind; ``None`` where there is none."""
    found = None
    for word in _WORD.finditer(text):
        if word.start() <= cursor:
            found = word
    if found is None:
        return None
    try:
        return _read(found.group())[0]
    except QuantityError:
        return None


def _with(budget: Budget, cap: Cap, limit: float) -> Budget:
    return replace(budget, **{cap.value: limit})  # type: ignore[arg-type]  # tokens are read as whole ones


def _read(word: str) -> tuple[Cap, float]:
    if _BARE.fullmatch(word):
        flops = parse(word, Kind.FLOPS, name="cap")
        if flops < _FEWEST_FLOPS:
            raise QuantityError(f"{word} of what? Write {word}J, {word}s or {word}tok; FLOPs are larger, such as 2e12")
        return Cap.FLOPS, flops
    for cap in _ORDER:
        with contextlib.suppress(QuantityError):
            return cap, parse_whole(word, KINDS[cap]) if cap is Cap.TOKENS else parse(word, KINDS[cap])
    raise QuantityError(f"{word!r} is no cap; write joules, seconds, tokens or FLOPs, such as {EXAMPLE}")


def _typed(cap: Cap, limit: float) -> str:
    match cap:
        case Cap.JOULES:
            return f"{limit:.6g}J"
        case Cap.SECONDS:
            return f"{limit:.6g}s"
        case Cap.TOKENS:
            return f"{limit:.0f}tok"
        case Cap.FLOPS:
            return re.sub(r"e\+0*", "e", f"{limit:.6g}") if limit >= _FEWEST_FLOPS else f"{limit:.6g}FLOP"
