r"""Exact answers, read and compared without any algebra system.

Reads one number out of an answer (integers, decimals, fractions, mixed numbers, ``+ - * / ^ !`` over these, thousands
separators, percent, currency, a unit, a numeral in another base) into a ``Fraction`` of bounded size, and compares two
such numbers exactly. Whatever it cannot read is ``None``: undecided, somebody else's question.

The rules, where taste comes in:

* a percentage is its value: ``10%`` equals ``0.1`` and ``1/10`` and does not equal ``10``;
* units are not compared, unless both sides name units known here and these differ (``5 cm`` and ``5 km``);
* a numeral with a base (``52_8``) equals only the same digits in the same base, because the notation was asked for;
* a decimal equals a fraction that has no finite decimal (``1/12``) if it is its correct rounding to five or more
  significant digits; two decimals, two fractions, or a fraction that has a finite decimal are compared exactly;
* ``1,234`` groups thousands; ``1,22`` is a decimal comma if the other side is one decimal number, else a list;
* a number too large to be evaluated equals only what is spelled the same.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from edge_solver.answers.arithmetic import TooLargeError, UnreadableError, bits, evaluate
from edge_solver.answers.normal import normalise

MAX_CHARS = 400
"""Longer texts are not read as numbers; a fraction of two 180-digit numbers still is."""

MIN_ROUNDED_DIGITS = 5
"""Significant digits from which a decimal may stand for a fraction: a chance hit then is rarer than one in 10,000."""

MAX_SHOWN_BITS = 2_000
"""Longer numbers (about 600 digits) are not written out by ``canonical``."""

_UNITS: dict[str, str] = {
    spelling: unit
    for unit, spellings in {
        "mm": "mm millimeter millimetre", "cm": "cm centimeter centimetre", "m": "m meter metre",
        "km": "km kilometer kilometre", "in": "inch inches", "ft": "ft foot feet", "mi": "mile",
        "g": "g gram", "kg": "kg kilogram", "s": "s sec second", "min": "min minute", "h": "h hr hour", "day": "day",
        "week": "week", "month": "month", "year": "year", "cent": "cent", "dollar": "dollar",
        "deg": "deg degree", "am": "am a.m.", "pm": "pm p.m.", "l": "l liter litre", "ml": "ml milliliter millilitre",
    }.items()
    for spelling in spellings.split()
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NOT_UNITS = frozenset({
    "and", "or", "if", "when", "where", "for", "plus", "minus", "times", "over", "mod", "by", "to", "than", "not",
    "pi", "sin", "cos", "tan", "sec", "csc", "cot", "log", "ln", "exp", "sqrt", "dozen", "half", "third", "quarter",
})  # fmt: skip
_PERCENT = re.compile(r"\\?%|\\text\{ ?(?:percent|percentage|pct) ?\}|(?<=[\d} ])(?:percentage|percent|pct)(?![a-z])")
_CURRENCY = re.compile(r"^([+-]?)(?:\\?\$|[€£¥₹])|(?:\\?\$|[€£¥₹])$")
_DEGREES = re.compile(r"\^\\circ ?$")
_TRAILING_TEXT = re.compile(r"\\text ?\{([^{}\d]{1,40})\}(?:\^\{?\d\}?)?$")
_TRAILING_WORDS = re.compile(r"(?<=[\d}]) ?((?<= )[a-zA-Z. /]{1,40}|[a-zA-Z]{1,12})(?:\^\{?[23]\}?)?$")
_BASED = re.compile(r"^(?:\\text\{)?(\d[0-9A-F]{0,63})\}?_\{?(\d{1,2})\}?$")
_GROUPED = re.compile(r"^([+-]?[1-9]\d{0,2}(?:,\d{3})+|[+-]?[1-9]\d{0,2}(?: \d{3})+)(\.\d+)?$")
_DECIMAL = re.compile(r"^[+-]?\d*\.\d+$|^[+-]?\d+\.$")
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")


@dataclass(frozen=True, slots=True)
class Number:
    """One exact number, and the parts of its spelling that matter."""

    value: Fraction | None
    """``None``: exact, but too large to evaluate."""
    decimals: int | None = None
    """Digits behind the point, if it was spelled as one decimal."""
    percent: bool = False
    unit: str | None = None
    """A unit known by name; ``None`` for no unit or one that is not in the table."""
    based: tuple[str, int] | None = None
    """Digits and base of a numeral such as ``52_8``."""


def verdict(first: str, second: str) -> bool | None:
    """Say whether two answers are the same, or ``None`` if this module cannot tell."""
    one, two = normalise(first), normalise(second)
    if one == two:
        return True
    a, b = read_number(one), read_number(two)
    if a is None and b is not None:
        a = _read_decimal_comma(one, b)
    elif b is None and a is not None:
        b = _read_decimal_comma(two, a)
    return None if a is None or b is None else equal(a, b)


def is_too_large(answer: str) -> bool:
    """Tell whether an answer is an exact number that nobody should try to evaluate."""
    number = read_number(normalise(answer))
    return number is not None and number.value is None and number.based is None


def without_unit(normal: str) -> str:
    """Take currency, degrees and a unit off an answer that need not be a number."""
    rest = _DEGREES.sub("", _CURRENCY.sub(r"\1", normal))
    try:
        text, scale, _ = _take_unit(rest)
    except UnreadableError:
        return rest
    return text if scale == 1 else normal


def equal(a: Number, b: Number) -> bool:
    """Compare two exact numbers by the rules at the top of this module."""
    if a.based or b.based:
        return a.based == b.based
    if a.unit and b.unit and a.unit != b.unit:
        return False
    if a.value is None or b.value is None:
        return False
    return a.value == b.value or _rounds_to(a, b) or _rounds_to(b, a)


def canonical(number: Number) -> str | None:
    """Return the shortest plain spelling of a number, ``None`` if it cannot be written out."""
    if number.based:
        return f"{number.based[0]}_{number.based[1]}"
    if number.value is None or max(bits(number.value)) > MAX_SHOWN_BITS:
        return None
    return str(number.value)


@lru_cache(maxsize=4096)
def read_number(normal: str) -> Number | None:
    """Read a whole normalised answer as one exact number, or return ``None``."""
    if not normal or len(normal) > MAX_CHARS:
        return None
    if match := _BASED.match(normal):
        return _based(match.group(1), int(match.group(2)))
    try:
        return _read(normal)
    except UnreadableError:
        return None
    except TooLargeError:
        return Number(None)


def _read(normal: str) -> Number:
    """Take percent, currency, unit and scale off, then evaluate the rest."""
    rest = normal.replace("$", "") if normal.count("$") % 2 == 0 else normal
    rest, percents = _PERCENT.subn("", rest)
    if percents > 1:
        raise UnreadableError
    rest = _CURRENCY.sub(r"\1", rest.strip())
    rest, scale, unit = _take_unit(_DEGREES.sub("", rest))
    number = _plain(rest.strip())
    if number.value is None:
        return number
    factor = Fraction(scale, 100 if percents else 1)
    decimals = number.decimals if factor == 1 else None
    return Number(number.value * factor, decimals, bool(percents), unit)


def _take_unit(text: str) -> tuple[str, int, str | None]:
    """Split trailing words into a scale (``million``) and a unit; words that are mathematics make it unreadable."""
    scale, unit = 1, None
    for _ in range(3):
        quoted = _TRAILING_TEXT.search(text)
        match = quoted or _TRAILING_WORDS.search(text)
        if not match or not match.start():
            break
        # Bare letters may be variables (``5m``, ``12xy``): a bare unit has two letters, an unknown one four.
        min_known, min_unknown = (1, 2) if quoted else (2, 4)
        for word in match.group(1).lower().replace("/", " ").split():
            if word in _SCALES and scale == 1:
                scale = _SCALES[word]
                continue
            known = _UNITS.get(word) or _UNITS.get(word.rstrip("s."))
            if word in _NOT_UNITS or len(word) < (min_known if known else min_unknown):
                raise UnreadableError
            unit = unit or known
        text = text[: match.start()].rstrip()
    return text, scale, unit


def _plain(text: str) -> Number:
    """Evaluate a number without unit: grouped thousands, one decimal, or an arithmetic expression."""
    if match := _GROUPED.match(text):
        text = match.group(1).replace(",", "").replace(" ", "") + (match.group(2) or "")
    value = evaluate(text)
    if _DECIMAL.match(text):
        return Number(value, decimals=len(text) - text.index(".") - 1)
    return Number(value)


def _read_decimal_comma(normal: str, other: Number) -> Number | None:
    """Read ``1,22`` as a decimal if the other side is one decimal number."""
    if other.decimals is None or not _DECIMAL_COMMA.match(normal):
        return None
    return read_number(normal.replace(",", "."))


def _based(digits: str, base: int) -> Number | None:
    """Read a numeral with a base; in base ten it is an ordinary number."""
    if base == 10 and digits.isdigit():  # noqa: PLR2004
        return Number(Fraction(int(digits)))
    return Number(None, based=(digits.lstrip("0") or "0", base)) if base > 1 else None


def _rounds_to(decimal: Number, fraction: Number) -> bool:
    """Tell whether a decimal is the rounding of a fraction that no finite decimal equals."""
    if decimal.decimals is None or fraction.decimals is not None or decimal.percent or fraction.percent:
        return False
    if decimal.value is None or fraction.value is None or _is_finite_decimal(fraction.value):
        return False
    scaled = decimal.value * 10**decimal.decimals
    if abs(scaled) < 10 ** (MIN_ROUNDED_DIGITS - 1):
        return False
    return bool(abs(scaled - fraction.value * 10**decimal.decimals) <= Fraction(1, 2))


def _is_finite_decimal(value: Fraction) -> bool:
    """Tell whether the denominator has no prime factor but 2 and 5."""
    rest = value.denominator
    rest //= math.gcd(rest, 2 ** rest.bit_length())
    while rest % 5 == 0:
        rest //= 5
    return rest == 1
