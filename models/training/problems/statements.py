"""Problems made of sentences: `Let x be …`, `Suppose … = …`, then a question. One value after another is worked out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .base import Solver, Work, plus
from .columns import add, easy_sum, turned
from .division import divide
from .divisors import euclid
from .equations import one_unknown, parts, two_unknowns
from .monomials import Terms, derivative, read_terms, simplified
from .rationals import Ratio, bracketed, easy_product, shown, times
from .values import worked
from .written import Call, Letter, Number, Tree, letters, read

SENTENCE = re.compile(r"(?<=[.?])\s+")
LET = re.compile(r"Let ([a-z]) (?:be|=) (.+)")
FUNCTION = re.compile(r"Let ([a-z])\(([a-z])\) = (.+)")
DERIVED = re.compile(r"Let ([a-z])\(([a-z])\) be the (first |second |third |)derivative of (.+)")
SUPPOSE = re.compile(r"Suppose (.+)")
SOLVE = re.compile(r"Solve (.+) for ([a-z])")
REMAINDER = re.compile(r"(?:Calculate|What is) the remainder when (.+) is divided by (.+)")
COMMON = re.compile(r"(?:Calculate|What is) the (?:highest|greatest) common (?:divisor|factor) of (.+) and (.+)")
VALUE = re.compile(r"(?:Calculate|What is|Give|Determine) (.+)")
ORDERS = {"": 1, "first ": 1, "second ": 2, "third ": 3}


@dataclass(slots=True)
class Known:
    """What the sentences read so far have fixed."""

    values: dict[str, int] = field(default_factory=dict)
    functions: dict[str, tuple[str, Tree]] = field(default_factory=dict)
    polynomials: dict[str, Terms] = field(default_factory=dict)

    def whole(self, work: Work, tree: Tree) -> int:
        """Work out an expression that is a whole number."""
        top, bottom = worked(work, tree, self.look)
        if bottom != 1:
            raise ValueError("not a whole number")
        return top

    def look(self, work: Work, tree: Tree) -> Ratio:
        """Return the value of a letter, or work out a function's."""
        match tree:
            case Letter(name):
                return work.copy(self.values[name]), 1
            case Call(name, argument):
                return self.called(work, name, self.whole(work, argument)), 1
        raise ValueError(f"unknown: {tree}")

    def called(self, work: Work, name: str, x: int) -> int:
        """Work out a function: by Horner's scheme when it is a polynomial, else part by part."""
        if name in self.polynomials:
            value = horner(work, self.polynomials[name], x)
        else:
            letter, tree = self.functions[name]
            inner = Known(self.values | {letter: x}, self.functions, self.polynomials)
            value = inner.whole(work, tree)
        work.line(f"{name}({x}) = {value}")
        return value


def horner(work: Work, terms: Terms, x: int) -> int:
    """Write the value of a polynomial in one letter: times `x`, plus the next coefficient, from the highest power."""
    coefficients = {sum(powers.values()): c for c, powers in ((c, dict(key)) for key, c in terms.items())}
    if any(bottom != 1 for _, bottom in coefficients.values()):
        raise ValueError("not whole coefficients")
    degree = max(coefficients, default=0)
    value = work.copy(coefficients.get(degree, (0, 1))[0])
    for power in range(degree - 1, -1, -1):
        value = step(work, value, x, work.copy(coefficients.get(power, (0, 1))[0]))
    return value


def step(work: Work, value: int, x: int, constant: int) -> int:
    """Write `value*x+constant`, in one line when it is easy."""
    left = f"{value}*{bracketed(x)}"
    if not constant:
        return times(work, value, x)
    if easy_product(value, x) and easy_sum(value * x, constant):
        product = work.value(value * x)
        middle = f"{product}{plus('', constant)}{turned(product, constant)}"
        return work.shows(f"{left}{plus('', constant)} = {middle}", product + constant)
    return add(work, times(work, value, x), constant)


def let(work: Work, known: Known, sentence: str) -> bool:
    """Read a `Let` sentence; say whether it was one."""
    if match := DERIVED.fullmatch(sentence):
        name, letter, order, text = match.groups()
        tree = read(text)
        if isinstance(tree, Call):
            terms = known.polynomials[tree.name]
            terms = {tuple((letter, p) for _, p in key): c for key, c in terms.items()}
        else:
            terms = simplified(work, read_terms(tree))
        known.polynomials[name] = derivative(work, terms, letter, ORDERS[order])
    elif match := FUNCTION.fullmatch(sentence):
        name, letter, text = match.groups()
        tree = read(text)
        known.functions[name] = (letter, tree)
        if not has_call(tree) and letters(tree) <= {letter}:
            known.polynomials[name] = simplified(work, read_terms(tree))
    elif match := LET.fullmatch(sentence):
        name, text = match.groups()
        tree = read(text)
        value = known.whole(work, tree)
        if not (isinstance(tree, Number)):
            work.line(f"{name} = {value}")
        known.values[name] = value
    else:
        return False
    return True


def has_call(tree: Tree) -> bool:
    """Say whether a function is called somewhere."""
    match tree:
        case Call():
            return True
        case Number() | Letter():
            return False
    return any(has_call(getattr(tree, part)) for part in ("part", "left", "right") if hasattr(tree, part))


def suppose(work: Work, known: Known, equations: str, wanted: set[str]) -> dict[str, Ratio]:
    """Solve one equation or two for those of their unknowns that are wanted."""
    each = equations.split(", ")
    unknowns: list[str] = []
    for equation in each:
        for tree in parts(equation):
            unknowns += [n for n in sorted(letters(tree)) if n not in known.values and n not in unknowns]
    asked = [n for n in unknowns if n in wanted]
    if len(each) == 1:
        (name,) = unknowns
        return {name: one_unknown(work, each[0], known.values, name)}
    if len(unknowns) == 1:
        for equation in each:
            if any(letters(tree) & set(unknowns) for tree in parts(equation)):
                return {unknowns[0]: one_unknown(work, equation, known.values, unknowns[0])}
    one, two = each
    names = asked[:1] + [n for n in unknowns if n not in asked[:1]]
    return two_unknowns(work, (one, two), known.values, names, asked)


def later_letters(sentences: list[str]) -> set[str]:
    """Return every single letter that stands in later sentences."""
    return {m for s in sentences for m in re.findall(r"(?<![A-Za-z'])[a-z](?![A-Za-z])", s)}


def answer(work: Work, known: Known, question: str) -> str:
    """Work out the question."""
    if match := SOLVE.fullmatch(question):
        equations, name = match.groups()
        return shown(suppose(work, known, equations, {name})[name])
    if match := REMAINDER.fullmatch(question):
        a, b = (known.whole(work, read(part)) for part in match.groups())
        return str(divide(work, work.copy(a), work.copy(b))[1])
    if match := COMMON.fullmatch(question):
        a, b = (known.whole(work, read(part)) for part in match.groups())
        return str(euclid(work, work.copy(abs(a)), work.copy(abs(b))))
    if match := VALUE.fullmatch(question):
        return shown(worked(work, read(match.group(1)), known.look))
    raise ValueError(f"not understood: {question!r}")


def statement_solver(text: str) -> Solver:
    """Return the solver of a problem of several sentences."""
    *sentences, question = [s.rstrip(".?") for s in SENTENCE.split(text.strip())]

    def solve(work: Work) -> str:
        known = Known()
        for i, sentence in enumerate(sentences):
            if let(work, known, sentence):
                continue
            match = SUPPOSE.fullmatch(sentence)
            if match is None:
                raise ValueError(f"not understood: {sentence!r}")
            found = suppose(work, known, match.group(1), later_letters([*sentences[i + 1 :], question]))
            for name, (top, bottom) in found.items():
                if bottom != 1:
                    raise ValueError("not a whole number")
                known.values[name] = top
        return answer(work, known, question)

    return solve


SOLVERS: dict[str, Callable[[str], Solver]] = {
    "algebra__linear_1d": statement_solver,
    "algebra__linear_1d_composed": statement_solver,
    "algebra__linear_2d": statement_solver,
    "numbers__div_remainder_composed": statement_solver,
    "numbers__gcd_composed": statement_solver,
    "polynomials__evaluate": statement_solver,
}
