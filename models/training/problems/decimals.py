"""Sums, differences and products of decimals: the points are taken away, then one is put back."""

from __future__ import annotations

import re
from collections.abc import Callable

from .arithmetic import multiply
from .base import Solver, Work
from .columns import add, subtract

NUMBER = r"(-?\d+(?:\.\d+)?)"
ASK = r"(?:What is |Calculate |Work out )?"
SIGN_WORDS = {"+": "+", "plus": "+", "-": "-", "minus": "-", "take away": "-"}
SIGNED = re.compile(rf"{ASK}{NUMBER} ?(\+|-|plus|minus|take away) ?{NUMBER}[.?]?")
SUM = re.compile(rf"(?:Add together|Add|Put together|Sum|Total of) {NUMBER} and {NUMBER}[.?]?")
BACKWARDS = re.compile(rf"(?:Subtract {NUMBER} from {NUMBER}|What is {NUMBER} less than {NUMBER})[.?]")
APART = re.compile(rf"What is the (?:difference|distance) between {NUMBER} and {NUMBER}\?")
TIMES = re.compile(rf"{ASK}{NUMBER} ?(?:\*|times) ?{NUMBER}[.?]?")
PRODUCT = re.compile(rf"(?:Product of|What is the product of|Multiply) {NUMBER} and {NUMBER}[.?]?")


def places_of(number: str) -> int:
    """Count the digits after the point."""
    return len(number.partition(".")[2])


def scaled(number: str, places: int) -> int:
    """Read a decimal as an integer over ten to the power `places`."""
    return int(number.replace(".", "") + "0" * (places - places_of(number)))


def pointed(number: int, places: int) -> str:
    """Write an integer over ten to the power `places` as a decimal, all its places kept."""
    digits = str(abs(number)).zfill(places + 1)
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if number < 0 else text


def without_zeros(text: str) -> str:
    """Drop what says nothing at the end of a decimal."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def point_back(work: Work, number: int, places: int) -> str:
    """Write the point into a result, and return it as the answer is given."""
    if not places:
        return str(number)
    text = pointed(number, places)
    work.line(f"{places} decimals: {text}")
    return without_zeros(text)


def sum_of(a: str, b: str) -> Solver:
    """Return the solver of a sum."""
    return combined(a, b, negative=False)


def difference_of(a: str, b: str) -> Solver:
    """Return the solver of a difference."""
    return combined(a, b, negative=True)


def distance_of(a: str, b: str) -> Solver:
    """Return the solver of a distance, the larger number first."""
    places = max(places_of(a), places_of(b))
    if scaled(a, places) < scaled(b, places):
        a, b = b, a
    return difference_of(a, b)


def combined(a: str, b: str, *, negative: bool) -> Solver:
    """Return the solver of a sum or difference: equal numbers of decimals first, then integers."""
    places = max(places_of(a), places_of(b))

    def solve(work: Work) -> str:
        x, y = work.copy(scaled(a, places)), work.copy(scaled(b, places))
        if not places:
            return str(subtract(work, x, y) if negative else add(work, x, y))
        taking = negative != (y < 0)  # taking away a negative number is adding
        sign, y = "-" if taking else "+", abs(y)
        work.line(f"{pointed(x, places)}{sign}{pointed(y, places)}")
        x, y = work.copy(x), work.copy(y)
        work.line(f"{places} decimals: {x}{sign}{y}")
        result = subtract(work, x, y) if taking else add(work, x, y)
        return point_back(work, result, places)

    return solve


def product_of(a: str, b: str) -> Solver:
    """Return the solver of a product, whose decimals are as many as those of both factors."""
    first, second = places_of(a), places_of(b)

    def solve(work: Work) -> str:
        x, y = work.copy(scaled(a, first)), work.copy(scaled(b, second))
        places = first + second
        if places:
            work.line(f"{first}+{second} decimals: {x}*{y}")
        if abs(x) <= 1 or abs(y) <= 1:
            product = work.shows(f"{x}*{y}", x * y)
        else:
            product = multiply(work, work.copy(x), work.copy(y))
        return point_back(work, product, work.value(places) if places else 0)

    return solve


def sum_or_difference(text: str) -> Solver:
    """Read a question for a sum, a difference or a distance."""
    if match := SIGNED.fullmatch(text):
        return combined(match[1], match[3], negative=SIGN_WORDS[match[2]] == "-")
    if match := SUM.fullmatch(text):
        return sum_of(match[1], match[2])
    if match := BACKWARDS.fullmatch(text):
        b, a = (number for number in match.groups() if number)
        return difference_of(a, b)
    if match := APART.fullmatch(text):
        return distance_of(match[1], match[2])
    raise ValueError(f"no sum or difference asked: {text!r}")


def product(text: str) -> Solver:
    """Read a question for a product."""
    match = TIMES.fullmatch(text) or PRODUCT.fullmatch(text)
    if match is None:
        raise ValueError(f"no product asked: {text!r}")
    return product_of(match[1], match[2])


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "arithmetic__add_or_sub": sum_or_difference,
    "arithmetic__mul": product,
}
