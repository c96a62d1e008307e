r"""Exact arithmetic with a ceiling: the value of ``+ - * / ^ !`` over numerals, brackets and ``\frac``.

Evaluates normalised text to a ``Fraction`` and never builds a number of more than ``MAX_BITS`` bits, so ``9^{9^9}``
costs nothing. It knows no units, no names and no rounding; what it cannot read it refuses.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

MAX_BITS = 32_768
"""Largest numerator or denominator. 2006! has 19,131 bits and such factorials do occur in answers; multiplying two
numbers of this size takes well under a millisecond."""

MAX_FACTORIAL = 3_000
"""3000! has 30,334 bits, the last round number inside ``MAX_BITS``."""

MAX_DEPTH = 40
"""Of nested brackets, signs and exponents: six frames each are far below Python's recursion limit."""

_TOKEN = re.compile(r"\d+\.?\d*|\.\d+|\\frac|\\cdot ?|[-+*/^!(){}\[\]]| ")
_FRACTION = "\\frac"


class UnreadableError(Exception):
    """The text is not an exact number."""


class TooLargeError(Exception):
    """The text is an exact number that shall not be evaluated."""


def evaluate(text: str) -> Fraction:
    """Return the exact value of an expression, or raise ``UnreadableError`` or ``TooLargeError``."""
    return _Reader(text).read()


def bits(value: Fraction) -> tuple[int, int]:
    """Return the sizes of numerator and denominator."""
    return value.numerator.bit_length(), value.denominator.bit_length()


class _Reader:
    r"""Recursive descent over ``+ - * / ^ !``, brackets and ``\frac``; every intermediate result is bounded."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if not match:
                raise UnreadableError
            self._tokens.append(match.group().strip() or " ")
            position = match.end()
        self._at = 0
        self._depth = 0

    def read(self) -> Fraction:
        """Evaluate everything, or raise."""
        value = self._sum()
        if self._at != len(self._tokens):
            raise UnreadableError
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._peek()
        if token and token in wanted:
            self._at += 1
            return token
        return ""

    def _sum(self) -> Fraction:
        value = self._product()
        while sign := self._take("+", "-"):
            term = self._product()
            value = _bounded(value + term if sign == "+" else value - term)
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while True:
            if self._take("*", "\\cdot"):
                value = _bounded(value * self._signed())
            elif self._take("/"):
                value = _divide(value, self._signed())
            elif self._peek() == "(":
                value = _bounded(value * self._power())
            else:
                return value

    def _signed(self) -> Fraction:
        if sign := self._take("+", "-"):
            self._enter()
            value = self._signed()
            self._depth -= 1
            return -value if sign == "-" else value
        return self._power()

    def _power(self) -> Fraction:
        base = self._atom()
        while self._take("!"):
            base = _factorial(base)
        if self._take("^"):
            self._enter()
            # TeX reads one digit unless there are braces; the normal form has put braces where a person meant more.
            exponent = self._signed()
            self._depth -= 1
            return _power(base, exponent)
        return base

    def _atom(self) -> Fraction:
        self._enter()
        try:
            token = self._peek()
            self._at += 1
            if token and token[0] in "0123456789.":
                return self._with_fraction(token)
            if token == _FRACTION:
                return _divide(self._group("{"), self._group("{"))
            if token in {"(", "{", "["}:
                self._at -= 1
                return self._group(token)
            raise UnreadableError
        finally:
            self._depth -= 1

    def _with_fraction(self, token: str) -> Fraction:
        r"""Read a numeral and, after an integer, the fraction of a mixed number: ``2\frac{3}{4}`` or ``2 3/4``."""
        whole = _bounded(Fraction(token))
        ahead = self._tokens[self._at : self._at + 4]
        if ahead[:1] == [" "]:
            if len(ahead) == 4 and ahead[2] == "/" and ahead[1].isdigit() and ahead[3].isdigit():  # noqa: PLR2004
                self._at += 4
                return _mixed(whole, _divide(Fraction(ahead[1]), Fraction(ahead[3])))
            raise UnreadableError
        if ahead[:1] == [_FRACTION] and token.isdigit():
            return _mixed(whole, self._atom())
        return whole

    def _group(self, opening: str) -> Fraction:
        if not self._take(opening):
            raise UnreadableError
        value = self._sum()
        if not self._take({"(": ")", "{": "}", "[": "]"}[opening]):
            raise UnreadableError
        return value

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnreadableError


def _bounded(value: Fraction) -> Fraction:
    if max(bits(value)) > MAX_BITS:
        raise TooLargeError
    return value


def _divide(numerator: Fraction, denominator: Fraction) -> Fraction:
    if not denominator:
        raise UnreadableError
    return _bounded(numerator / denominator)


def _mixed(whole: Fraction, part: Fraction) -> Fraction:
    """Add the parts of a mixed number; an improper part means a product or a slip, so it is not read."""
    if whole.denominator != 1 or not 0 < part < 1:
        raise UnreadableError
    return whole + part


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        raise UnreadableError
    if value > MAX_FACTORIAL:
        raise TooLargeError
    return Fraction(math.factorial(int(value)))


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or (not base and exponent <= 0):
        raise UnreadableError
    if abs(base) not in (0, 1) and abs(exponent) * (max(bits(base)) - 1) > MAX_BITS:
        raise TooLargeError
    if abs(base) in (0, 1):
        exponent = exponent % 2 + 2 if exponent else exponent
    return _bounded(Fraction(base ** int(exponent)))
