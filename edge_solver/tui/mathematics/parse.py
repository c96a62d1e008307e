"""From source to tree: the part of LaTeX's mathematics that solutions use, read in one pass.

Whatever is not known, not closed or nested too deeply raises ``DoubtError``: a guess would be another formula.
"""

from __future__ import annotations

import re
import unicodedata

from edge_solver.tui.mathematics.nodes import (
    Accent,
    Boxed,
    DoubtError,
    Fenced,
    Fraction,
    Grid,
    Node,
    Root,
    Row,
    Script,
    Sign,
    Stacked,
    Words,
)
from edge_solver.tui.mathematics.symbols import (
    ACCENTS,
    ALPHABETS,
    CHARACTERS,
    DELIMITERS,
    FUNCTIONS,
    IGNORED,
    LARGE,
    SIGNS,
    SPACES,
    TEXTS,
    TRANSPARENT,
    Kind,
)

DEEPEST = 60
"""Most levels of nesting: far more than anyone can read, and far fewer than Python's stack holds."""

_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|<=|>=|!=|->|=>|:=|\*\*|\s+|.", re.DOTALL)
_FRACTIONS = {"frac", "dfrac", "tfrac", "cfrac"}
_BINOMIALS = {"binom", "dbinom", "tbinom"}
_MATRICES = {
    "matrix": ("", ""),
    "smallmatrix": ("", ""),
    "array": ("", ""),
    "pmatrix": ("(", ")"),
    "bmatrix": ("[", "]"),
    "Bmatrix": ("{", "}"),
    "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"),
    "cases": ("{", ""),
    "dcases": ("{", ""),
}
_EQUATIONS = {
    name + star
    for name in ("align", "aligned", "alignat", "split", "gather", "gathered", "eqnarray", "equation", "multline")
    for star in ("", "*")
} - {"alignat", "alignat*"}
ENVIRONMENTS = frozenset(_MATRICES) | _EQUATIONS
"""Every environment that is read."""
_PAIRS = {"<=": "≤", ">=": "≥", "!=": "≠", "->": "→", "=>": "⇒", ":=": ":="}
_CLOSERS = {"}", "]", "&", "\\\\", "\\right", "\\end", "\\middle"}
_TEXT_SIGNS = {"\\%": "%", "\\$": "$", "\\&": "&", "\\#": "#", "\\_": "_", "\\{": "{", "\\}": "}", "\\ ": " "}


def parse(source: str) -> Row:
    """Return the tree of a formula without its delimiters.

    Raises:
        DoubtError: It is not understood.
    """
    parser = _Parser(_TOKEN.findall(source))
    row = parser.row(frozenset())
    if not parser.at_end:
        raise DoubtError(parser.peek())
    return row


class _Parser:
    """Reads tokens from left to right, each once."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def peek(self) -> str:
        return "" if self.at_end else self._tokens[self._at]

    def _next(self) -> str:
        if self.at_end:
            raise DoubtError("the formula ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip_spaces(self) -> None:
        while self.peek().isspace():
            self._at += 1

    def _expect(self, found: str) -> None:
        if self._next() != found:
            raise DoubtError(f"{found} is missing")

    def row(self, closers: frozenset[str]) -> Row:
        """Read nodes up to one of the closers, which is left there, or the end."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise DoubtError("nested too deeply")
        items: list[Node] = []
        while not self.at_end and self.peek() not in closers:
            found = self.peek()
            if found.isspace():
                self._skip_spaces()
                if items and _is_word(items[-1]) and self.peek()[:1].isalnum():
                    items.append(Sign(" ", Kind.SPACE))  # plain words are kept apart, whatever TeX does
            elif found in ("^", "_"):
                items.append(self._script(items.pop() if items and _may_be_base(items[-1]) else Row(())))
            elif found == "'" and items and _may_be_base(items[-1]):
                items.append(self._script(items.pop()))
            else:
                items.extend(self._item())
        self._depth -= 1
        return Row(tuple(items))

    def _script(self, base: Node) -> Script:
        """Read everything that stands below and above a base."""
        below: Row | None = None
        above: list[Node] = []
        raised = False
        while True:
            self._skip_spaces()
            found = self.peek()
            if found == "'":
                if raised:
                    raise DoubtError("a prime after an exponent")
                self._next()
                above.append(Sign("′"))
            elif found == "^" and not raised:
                self._next()
                above.extend(self._argument().items)
                raised = True
            elif found == "_" and below is None:
                self._next()
                below = self._argument()
            elif found in ("^", "_"):
                raise DoubtError("two exponents or two indices")
            else:
                return Script(base, below, Row(tuple(above)) if above or raised else None)

    def _argument(self) -> Row:
        """Read a group in braces, or a single node."""
        self._skip_spaces()
        if self.peek() == "{":
            return self._group()
        if self.peek() in _CLOSERS or self.peek() in ("^", "_", "'"):
            raise DoubtError("an argument is missing")
        items = self._item()
        if not items:
            raise DoubtError("an argument is missing")
        return Row(tuple(items))

    def _group(self) -> Row:
        self._expect("{")
        row = self.row(frozenset({"}"}))
        self._expect("}")
        return row

    def _item(self) -> list[Node]:
        """Read one node; some commands are none at all."""
        found = self._next()
        if found == "{":
            self._at -= 1
            return [self._group()]
        if found in _PAIRS:
            return [Sign(_PAIRS[found], Kind.RELATION)]
        if found == "**":
            return [Sign(found, Kind.BINARY)]
        if found.startswith("\\"):
            return self._command(found[1:])
        if found in ("}", "&", "$", "#", "\\") or unicodedata.category(found)[0] in "CMZ":
            raise DoubtError(found)
        if found == "~":
            return [Sign(" ", Kind.SPACE)]
        return [Sign(*CHARACTERS.get(found, (found, Kind.ORDINARY)))]

    def _command(self, name: str) -> list[Node]:  # noqa: C901, PLR0911, PLR0912 - one flat list of cases
        self._depth += 1
        if self._depth > DEEPEST:
            raise DoubtError("nested too deeply")
        try:
            if name in SIGNS:
                return [Sign(*SIGNS[name])]
            if name in LARGE:
                return [Sign(LARGE[name], Kind.OPERATOR)]
            if name in FUNCTIONS:
                return [Sign(name, Kind.OPERATOR)]
            if name in SPACES:
                return [Sign(" " * SPACES[name], Kind.SPACE)] if SPACES[name] else []
            if name in IGNORED:
                return []
            if name in _FRACTIONS:
                return [Fraction(self._argument(), self._argument())]
            if name in _BINOMIALS:
                return [Fraction(self._argument(), self._argument(), binomial=True)]
            if name == "sqrt":
                return [self._root()]
            if name in TEXTS:
                return self._words()
            if name in TRANSPARENT:
                return [self._argument()]
            if name in ALPHABETS:
                return [_in_alphabet(name, self._argument())]
            if name in ("operatorname", "operatorname*"):
                return [_function(self._argument())]
            if name in ACCENTS:
                return [Accent(ACCENTS[name], self._argument())]
            if name in ("boxed", "fbox"):
                return [Boxed(self._argument())]
            if name == "left":
                return [self._fenced()]
            if name == "begin":
                return [self._environment()]
            if name == "pmod":
                inner = (Sign("mod", Kind.OPERATOR), *self._argument().items)
                return [Sign(" ", Kind.SPACE), Fenced("(", Row(inner), ")")]
            if name == "not":
                return [self._negated()]
            if name in ("overset", "stackrel"):
                above = self._argument()
                return [Stacked(self._argument(), None, above)]
            if name == "underset":
                below = self._argument()
                return [Stacked(self._argument(), below, None)]
            raise DoubtError(f"\\{name}")
        finally:
            self._depth -= 1

    def _root(self) -> Root:
        self._skip_spaces()
        index: Row | None = None
        if self.peek() == "[":
            self._next()
            index = self.row(frozenset({"]"}))
            self._expect("]")
        return Root(self._argument(), index)

    def _words(self) -> list[Node]:
        """Read text in braces; formulas between dollar signs in it are formulas."""
        self._skip_spaces()
        self._expect("{")
        nodes: list[Node] = []
        text = ""
        while (found := self._next()) != "}":
            if found == "$":
                nodes += [Words(text), self.row(frozenset({"$"}))]
                text = ""
                self._expect("$")
            elif found in _TEXT_SIGNS:
                text += _TEXT_SIGNS[found]
            elif found == "{" or found.startswith("\\") or (unicodedata.category(found[0])[0] == "C" and found.strip()):
                raise DoubtError(found)
            else:
                text += " " if found.isspace() or found == "~" else found
        return [*nodes, Words(text)]

    def _delimiter(self) -> str:
        self._skip_spaces()
        found = self._next()
        if found == ".":
            return ""
        sign = SIGNS[found[1:]][0] if found.startswith("\\") and found[1:] in SIGNS else found
        sign = {"<": "⟨", ">": "⟩"}.get(sign, sign)
        if sign not in DELIMITERS:
            raise DoubtError(f"the delimiter {found}")
        return sign

    def _fenced(self) -> Fenced:
        left = self._delimiter()
        body = self.row(frozenset({"\\right", "\\middle"}))
        self._expect("\\right")
        return Fenced(left, body, self._delimiter())

    def _environment(self) -> Grid:
        name = self._name()
        if name == "array":
            columns = self._name()
            if set(columns) - set("lcr "):
                raise DoubtError(f"the columns {columns}")
        if name not in ENVIRONMENTS:
            raise DoubtError(f"the environment {name}")
        cells: list[list[Row]] = [[]]
        while True:
            cells[-1].append(self.row(frozenset({"&", "\\\\", "\\end"})))
            found = self._next()
            if found == "\\\\":
                self._skip_spaces()
                if self.peek() == "[":
                    raise DoubtError("space between lines")
                cells.append([])
            elif found == "\\end":
                break
        if self._name() != name:
            raise DoubtError(f"the end of {name}")
        if len(cells) > 1 and not any(cell.items for cell in cells[-1]):
            del cells[-1]
        left, right = _MATRICES.get(name, ("", ""))
        return Grid(tuple(map(tuple, cells)), left, right, aligned=name in _EQUATIONS)

    def _name(self) -> str:
        self._skip_spaces()
        self._expect("{")
        name = ""
        while (found := self._next()) != "}":
            name += found
        return name

    def _negated(self) -> Sign:
        row = self._argument()
        if len(row.items) == 1 and isinstance(sign := row.items[0], Sign) and sign.kind is Kind.RELATION:
            return Sign(unicodedata.normalize("NFC", sign.text + "\u0338"), Kind.RELATION)
        raise DoubtError("the negation of more than a relation")


def _is_word(node: Node) -> bool:
    return isinstance(node, Sign) and node.text.isalnum()


def _may_be_base(node: Node) -> bool:
    """Say whether a script stands at this node; behind a space or an operator it stands at nothing."""
    if isinstance(node, Script):
        raise DoubtError("a script at a script")
    return not (isinstance(node, Sign) and node.kind is Kind.SPACE)


def _in_alphabet(name: str, row: Row) -> Row:
    letters = ALPHABETS[name]
    if not all(isinstance(item, Sign) and (item.text in letters or not item.text.isascii()) for item in row.items):
        raise DoubtError(f"\\{name} of more than letters")
    return Row(tuple(Sign(letters.get(item.text, item.text)) for item in row.items if isinstance(item, Sign)))


def _function(row: Row) -> Sign:
    if not row.items or not all(isinstance(item, Sign) for item in row.items):
        raise DoubtError("a function without a plain name")
    return Sign("".join(item.text for item in row.items if isinstance(item, Sign)), Kind.OPERATOR)
