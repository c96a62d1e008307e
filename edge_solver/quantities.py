"""Numbers with units, as people type and read them: ``2e12``, ``1.5T``, ``50J``, ``2min``, ``1.2 GFLOP``.

Reads and writes the quantities that a cap may limit (FLOPs, joules, seconds, tokens) and sizes in bytes. Knows nothing
of budgets, flags or files: whoever asks says what to call the value in a message. The invariant: what is read is
finite and greater than zero, and a unit is never guessed (``5m`` could be minutes or milli, so it is refused).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from types import MappingProxyType

from edge_solver.errors import QuantityError, nearest_name

_LONGEST = 64  # characters; bounds the exact arithmetic below
_NUMBER = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(.*)", re.DOTALL)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)

_Factors = dict[str, Fraction]
_LARGE: _Factors = {
    symbol: Fraction(1000**power) for symbol, power in zip("kKMGTPE", (1, 1, 2, 3, 4, 5, 6), strict=True)
}
_SMALL: _Factors = {symbol: Fraction(1, 1000**power) for symbol, power in zip("muµn", (1, 2, 2, 3), strict=True)}
_BINARY: _Factors = {symbol: Fraction(1024**power) for power, symbol in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)}


class Kind(Enum):
    """What a number measures."""

    FLOPS = "FLOPs"
    JOULES = "joules"
    SECONDS = "seconds"
    TOKENS = "tokens"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class _Scale:
    """How one kind is spelled."""

    units: _Factors
    """Every accepted spelling and its worth in the base unit; the empty one is a bare number."""
    example: str
    """A good value to show in a message."""
    whole: bool = False
    """Whether only whole numbers make sense."""


def _spellings(names: tuple[str, ...], prefixes: _Factors, *, bare: bool) -> _Factors:
    """Return every name alone and with every prefix, and with ``bare`` every prefix without a name."""
    units = {"": Fraction(1)} | {name: Fraction(1) for name in names}
    for prefix, factor in prefixes.items():
        units |= {prefix + name: factor for name in names}
        if bare:
            units[prefix] = factor
    return units


_SCALES: Mapping[Kind, _Scale] = MappingProxyType(
    {
        Kind.FLOPS: _Scale(_spellings(("FLOP", "FLOPs", "FLOPS"), _LARGE, bare=True), "2e12 or 1.5T"),
        Kind.JOULES: _Scale(
            _spellings(("J", "joule", "joules"), _LARGE | _SMALL, bare=False)
            | {"mWh": Fraction(36, 10), "Wh": Fraction(3600), "kWh": Fraction(3_600_000)},
            "50J or 3kJ",
        ),
        Kind.SECONDS: _Scale(
            _spellings(("s", "sec", "second", "seconds"), _SMALL, bare=False)
            | dict.fromkeys(("min", "minute", "minutes"), Fraction(60))
            | dict.fromkeys(("h", "hour", "hours"), Fraction(3600)),
            "30s, 500ms or 2min",
        ),
        Kind.TOKENS: _Scale(_spellings(("tok", "token", "tokens"), _LARGE, bare=True), "500 or 10k", whole=True),
        Kind.BYTES: _Scale(
            _spellings(("B", "byte", "bytes"), _LARGE | _BINARY, bare=True), "4GiB or 500MB", whole=True
        ),
    }
)

_NO_NUMBER = "—"
_SHORT = 99.95  # from here on one decimal more would be a fourth digit
_FEW_TOKENS = 10_000  # below this every single token is worth reading

_Ladder = tuple[tuple[float, str], ...]
_PREFIXES: _Ladder = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_LADDERS: Mapping[Kind, _Ladder] = MappingProxyType(
    {
        Kind.FLOPS: tuple((scale, f" {prefix}FLOP") for scale, prefix in _PREFIXES),
        Kind.JOULES: tuple((scale, f" {prefix}J") for scale, prefix in (*_PREFIXES, (1e-3, "m"), (1e-6, "µ"))),
        Kind.SECONDS: ((3600.0, " h"), (60.0, " min"), (1.0, " s"), (1e-3, " ms"), (1e-6, " µs")),
        Kind.TOKENS: tuple((scale, f"{prefix} tokens") for scale, prefix in _PREFIXES),
        Kind.BYTES: tuple((scale, f" {prefix}B") for scale, prefix in _PREFIXES),
    }
)


def parse(text: str, kind: Kind, *, name: str = "value") -> float:
    """Read a quantity in its base unit (FLOPs, joules, seconds, tokens or bytes).

    Args:
        text: A number and, if wanted, a unit.
        kind: What it must measure.
        name: What messages call the value, such as ``"--max-joules"``.

    Raises:
        QuantityError: Not a number, not finite, not above zero, a unit of another kind or no known unit, or a part of
            a thing that is counted in whole ones.
    """
    return float(_exact(text, kind, name))


def parse_whole(text: str, kind: Kind, *, name: str = "value") -> int:
    """Read a quantity that is counted in whole ones (tokens, bytes); see ``parse``."""
    return int(_exact(text, kind, name))


def check(value: float, kind: Kind, *, name: str = "value") -> float:
    """Return a plain number in the base unit, if it can be a quantity at all.

    Raises:
        QuantityError: The number is not finite, not above zero, or has a fraction where only whole ones count.
    """
    try:
        as_float = float(value)
    except OverflowError:  # an integer of more than 308 digits
        as_float = math.inf
    if not math.isfinite(as_float):
        raise _not_finite(f"{as_float}", kind, name)
    if value <= 0:
        raise _not_positive(f"{value}", kind, name)
    if _SCALES[kind].whole and value != int(value):
        raise _fractional(f"{value}", kind, name)
    return value


def show(value: float | None, kind: Kind) -> str:
    """Write a quantity for people, to about two digits: ``1.2 GFLOP``, ``0.8 s``, ``9.1 J``; a dash for ``None``."""
    if value is None:
        return _NO_NUMBER
    if kind is Kind.TOKENS and value < _FEW_TOKENS:
        return f"{value:.0f} token{'' if value == 1 else 's'}"
    rounded = float(f"{value:.3g}")
    # Half a second reads better than 500 ms: a step below the base unit starts under a tenth of it.
    ladder = _LADDERS[kind]
    reached = (step for step in ladder if rounded >= (step[0] if step[0] > 1 else step[0] / 10))
    scale, unit = next(reached, ladder[-1]) if rounded else (1.0, dict(ladder)[1.0])
    scaled = rounded / scale
    digits = f"{scaled:.2g}" if scaled < 1 else f"{scaled:.1f}" if scaled < _SHORT else f"{scaled:.0f}"
    return digits.removesuffix(".0") + unit


def _exact(text: str, kind: Kind, name: str) -> Fraction:
    spelled = text.strip()
    if not spelled or len(spelled) > _LONGEST:
        raise QuantityError(f"{name}: {spelled[:_LONGEST]!r} is not a number; write {_SCALES[kind].example}.")
    if _NOT_FINITE.fullmatch(spelled):
        raise _not_finite(spelled, kind, name)
    match = _NUMBER.fullmatch(spelled)
    if match is None:
        raise QuantityError(f"{name}: {spelled!r} is not a number of {kind.value}; write {_SCALES[kind].example}.")
    number, unit = match[1], "".join(match[2].split())
    if unit.startswith((",", "_")) or unit[:1].isdigit():
        raise QuantityError(f"{name}: {spelled!r} is not one number; write it without separators, such as 1500.")
    factor = _factor(unit, kind, name, spelled)
    # Judged as floats first: written out exactly, 1e999999999 would fill the memory.
    about = float(number) * float(factor)
    if not math.isfinite(about):
        raise _not_finite(spelled, kind, name)
    if about <= 0:
        raise _not_positive(spelled, kind, name)
    value = Fraction(number) * factor
    if _SCALES[kind].whole and value.denominator != 1:
        raise _fractional(spelled, kind, name)
    return value


def _factor(unit: str, kind: Kind, name: str, spelled: str) -> Fraction:
    units = _SCALES[kind].units
    if unit in units:
        return units[unit]
    folded = {factor for known, factor in units.items() if known.lower() == unit.lower() and known not in _LARGE}
    if len(folded) == 1:
        return folded.pop()
    example = _SCALES[kind].example
    for other, scale in _SCALES.items():
        if unit in scale.units and unit not in _LARGE and other is not kind:
            raise QuantityError(
                f"{name}: {spelled!r} is in {other.value}, but {kind.value} are wanted here; write {example}."
            )
    similar = [known for known in units if known.lower() == unit.lower()]
    folded_names = {known.lower(): known for known in reversed(units) if known}  # kJ wins over KJ
    if not similar and (nearest := nearest_name(unit, folded_names)):
        similar = [folded_names[nearest]]
    hint = f"; did you mean {' or '.join(map(repr, similar))}?" if similar else "."
    raise QuantityError(f"{name}: unknown unit {unit!r} in {spelled!r}{hint} For {kind.value} write {example}.")


def _not_finite(spelled: str, kind: Kind, name: str) -> QuantityError:
    return QuantityError(
        f"{name}: {spelled!r} is not a finite number of {kind.value}; write {_SCALES[kind].example}, "
        "or leave it out for no limit."
    )


def _not_positive(spelled: str, kind: Kind, name: str) -> QuantityError:
    return QuantityError(
        f"{name}: {spelled!r} must be greater than 0 {kind.value}; write {_SCALES[kind].example}, "
        "or leave it out for no limit."
    )


def _fractional(spelled: str, kind: Kind, name: str) -> QuantityError:
    return QuantityError(f"{name}: {spelled!r} is not a whole number of {kind.value}; write {_SCALES[kind].example}.")
