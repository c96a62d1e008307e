"""Prime or not, and prime factors, by trial division with small primes."""

from __future__ import annotations

import re
from collections.abc import Callable

from .base import Solver, Work
from .division import divide

# Larger primes are not tried: a solution must stay short, so a number without small factors counts as prime.
TRIED = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)
LAST_DIGIT_DECIDES = (2, 5)
PRIME = re.compile(r"Is (\d+) (?:a )?(prime|composite)(?: number)?\?")
FACTORS = re.compile(r"(?:List|What are) the prime factors of (\d+)[.?]")


def rest_by_digits(work: Work, number: int, prime: int) -> int:
    """Write the remainder, of the digits read so far after each digit, or of the last digit alone."""
    if prime in LAST_DIGIT_DECIDES:
        digit = work.copy(number % 10)
        rest = work.value(digit % prime)
        work.line(f"mod {prime}: {digit} {rest}")
        return rest
    rest, rests = 0, []
    for read in str(number):
        rest = work.value((rest * 10 + int(read)) % prime)
        rests.append(str(rest))
    work.line(f"mod {prime}: {' '.join(rests)}")
    return rest


def smallest_factor(work: Work, number: int, start: int = 2) -> int | None:
    """Write remainders by growing primes until one divides; `None` when none of those tried does."""
    for prime in TRIED:
        if prime * prime > number:
            return None
        if prime >= start and rest_by_digits(work, number, prime) == 0:
            return prime
    return None


def judged(number: int, *, asks_prime: bool) -> Solver:
    """Return the solver that says whether a number is prime, or composite."""

    def solve(work: Work) -> str:
        factor = smallest_factor(work, work.copy(number))
        work.line("no divisor found" if factor is None else f"divisible by {factor}")
        return str((factor is None) == asks_prime)

    return solve


def factored(number: int) -> Solver:
    """Return the solver that takes out the smallest factor again and again."""

    def solve(work: Work) -> str:
        left, factors = work.copy(number), []
        prime = smallest_factor(work, left)
        while prime is not None:
            factors.append(prime)
            left, _ = divide(work, left, prime)
            prime = smallest_factor(work, left, prime)
        factors.append(left)
        if len(factors) > 1:
            work.line(f"{number} = {'*'.join(map(str, factors))}")
        return ", ".join(map(str, sorted(set(factors))))

    return solve


def is_prime(text: str) -> Solver:
    """Read a question whether a number is prime or composite."""
    match = PRIME.fullmatch(text)
    if match is None:
        raise ValueError(f"no primality asked: {text!r}")
    return judged(int(match[1]), asks_prime=match[2] == "prime")


def prime_factors(text: str) -> Solver:
    """Read a question for prime factors."""
    match = FACTORS.fullmatch(text)
    if match is None:
        raise ValueError(f"no prime factors asked: {text!r}")
    return factored(int(match[1]))


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "numbers__is_prime": is_prime,
    "numbers__list_prime_factors": prime_factors,
}
