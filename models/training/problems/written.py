"""Reading expressions as the benchmark and people write them: integers, letters, calls, `+ - * / **`, brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(r"\s*(\d+|\*\*|[a-z]|[-+*/^()])")


@dataclass(frozen=True, slots=True)
class Number:
    """A natural number."""

    value: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter standing for a number."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one argument: `f(3)`."""

    name: str
    argument: Tree


@dataclass(frozen=True, slots=True)
class Minus:
    """A negated part."""

    part: Tree


@dataclass(frozen=True, slots=True)
class Pair:
    """Two parts joined by one of `+ - * / **`."""

    sign: str
    left: Tree
    right: Tree


Tree = Number | Letter | Call | Minus | Pair


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        """Split into tokens; anything else than an expression is an error."""
        self.tokens: list[str] = []
        place = 0
        text = text.strip()
        while place < len(text):
            match = TOKEN.match(text, place)
            if match is None:
                raise ValueError(f"not an expression: {text!r}")
            self.tokens.append(match.group(1).replace("^", "**"))
            place = match.end()
        self.at = 0

    def peek(self) -> str:
        """Return the next token, empty at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        """Return the next token and go on."""
        token = self.peek()
        self.at += 1
        return token

    def sum(self) -> Tree:
        """Read terms joined by plus and minus."""
        tree = self.product()
        while self.peek() in ("+", "-"):
            tree = Pair(self.take(), tree, self.product())
        return tree

    def product(self) -> Tree:
        """Read factors joined by times and divide; a number before a letter or bracket multiplies it."""
        tree = self.signed()
        while True:
            if self.peek() in ("*", "/"):
                tree = Pair(self.take(), tree, self.signed())
            elif self.peek().isalpha() or self.peek() == "(":
                tree = Pair("*", tree, self.power())
            else:
                return tree

    def signed(self) -> Tree:
        """Read a factor with its signs; a power binds closer than a sign."""
        if self.peek() == "-":
            self.take()
            return Minus(self.signed())
        if self.peek() == "+":
            self.take()
            return self.signed()
        return self.power()

    def power(self) -> Tree:
        """Read an atom and its exponent."""
        tree = self.atom()
        if self.peek() == "**":
            self.take()
            return Pair("**", tree, self.signed())
        return tree

    def atom(self) -> Tree:
        """Read a number, a letter, a call or a bracket."""
        symbol = self.take()
        if symbol.isdigit():
            return Number(int(symbol))
        if symbol.isalpha():
            if self.peek() == "(":
                return Call(symbol, self.bracket())
            return Letter(symbol)
        if symbol == "(":
            self.at -= 1
            return self.bracket()
        raise ValueError(f"unexpected {symbol!r}")

    def bracket(self) -> Tree:
        """Read what stands between two brackets."""
        self.take()
        tree = self.sum()
        if self.take() != ")":
            raise ValueError("bracket not closed")
        return tree


def read(text: str) -> Tree:
    """Read an expression; `ValueError` when it is none."""
    reader = _Reader(text)
    tree = reader.sum()
    if reader.peek():
        raise ValueError(f"unexpected {reader.peek()!r} in {text!r}")
    return tree


def letters(tree: Tree) -> set[str]:
    """Return the letters that stand for numbers."""
    match tree:
        case Letter(name):
            return {name}
        case Number():
            return set()
        case Call(_, argument):
            return letters(argument)
        case Minus(part):
            return letters(part)
        case Pair(_, left, right):
            return letters(left) | letters(right)


def addends(tree: Tree, *, negative: bool = False) -> list[tuple[bool, Tree]]:
    """Split a sum into its terms, each with whether it is subtracted."""
    match tree:
        case Minus(part):
            return addends(part, negative=not negative)
        case Pair("+", left, right):
            return addends(left, negative=negative) + addends(right, negative=negative)
        case Pair("-", left, right):
            return addends(left, negative=negative) + addends(right, negative=not negative)
    return [(negative, tree)]
