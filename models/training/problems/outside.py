"""Texts that the built-in models cannot answer: other mathematics, ordinary prose, and stories made senseless.

The reward model learns from them to say, before a step is written, that it does not know this kind of problem. Nothing
here comes from a public data set: the prose is the documentation that every Python carries, the rest is made up.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import random
import re

from .plain import nonzero, polynomial, style
from .words import words

MODULES = ("argparse", "asyncio", "calendar", "collections", "csv", "decimal", "email", "fractions", "functools",
           "heapq", "http.client", "inspect", "itertools", "json", "logging", "math", "multiprocessing",
           "pathlib", "pickle",
           "random", "re", "shutil", "socket", "sqlite3", "ssl", "statistics", "string", "subprocess", "tarfile",
           "tempfile", "textwrap", "threading", "turtle", "unittest", "urllib.request",
           "zipfile")  # fmt: skip
CHUNK = (40, 420)
"""Length of a piece of prose in characters."""

SHAPES = ("triangle", "rectangle", "circle", "trapezoid", "regular hexagon", "cube", "sphere", "right pyramid",
          "rhombus", "parallelogram", "cylinder", "cone", "tetrahedron", "quadrilateral")  # fmt: skip
PARTS = ("area", "perimeter", "radius", "volume", "height", "diagonal", "surface area", "circumference", "median")
FUNCTIONS = ("\\sin", "\\cos", "\\tan", "\\log", "\\ln", "\\sqrt", "\\arctan")
OBJECTS = ("books", "students", "marbles", "committees", "paths", "colorings", "words", "handshakes", "teams", "cards")

FORMS = (
    "Compute $\\int_{{{a}}}^{{{b}}} {p} \\, dx$.", "What is the integral of {p} with respect to x?",
    "Find the area under the curve y = {p} between x = {a} and x = {b}.",
    "Let $f(x) = {f}{{{p}}}$. Find the domain of $f$.", "What is the period of $y = {f}({c}x + {a})$?",
    "Find the limit of ({p})/({q}) as x goes to infinity.", "Evaluate $\\lim_{{x\\to {a}}} \\frac{{{p}}}{{{q}}}$.",
    "How many ways are there to put {n} {o} into {m} boxes if the boxes are indistinguishable?",
    "In how many ways can {n} {o} be arranged in a row if {m} of them must stay together?",
    "A {s} has sides of length {n}, {m} and {c}. What is its {t}?", "Find the {t} of the {s} in the picture.",
    "In {s} $ABCD$, the measure of angle $A$ is ${n}^\\circ$. Find the {t} in terms of $\\pi$.",
    "Point $P = ({a},{b})$ is reflected over the line $y = {c}x$. What are its new coordinates?",
    "What is the determinant of the matrix [[{a}, {b}], [{c}, {n}]]?",
    "Let $\\mathbf{{A}} = \\begin{{pmatrix}} {a} & {b} \\\\ {c} & {n} \\end{{pmatrix}}$. Find $\\mathbf{{A}}^{{-1}}$.",
    "Convert the point $({a}, {b}, {c})$ from rectangular to spherical coordinates.",
    "Express ${n}_{{{m}}}$ in base ten.", "Write {n} in Roman numerals.", "What is the {n}th digit of pi?",
    "Simplify $({a} + {b}i)({c} - {n}i)$.", "Find the complex number z with |z| = {n} and arg z = \\pi/{m}.",
    "Find all real solutions of $\\sqrt{{{p}}} = {n}$.", "For which values of k does {p} = k have two real roots?",
    "Solve the inequality {p} > {n}.", "Solve the differential equation y' + {a}y = {p}.",
    "Prove that {n} divides {p} for all integers x.", "Is the function {p} continuous at x = {a}?",
    "What is the sum of the infinite series with first term {n} and ratio 1/{m}?",
    "A fair die is rolled {n} times. What is the expected number of sixes?",
    "Find the standard deviation of {n}, {m}, {c}.",
    "What is the equation of the line through ({a}, {b}) with slope {c}?", "Find the vertex of the parabola y = {p}.",
    "Find $\\cos {n}^\\circ$.", "If $\\log_{{{m}}} x = {c}$, find $x$.", "What is {n}! / {m}!?",
    "What is {n} choose {m}?",
    "What is the {n}th Fibonacci number?",
    "Find the inverse function of f(x) = {p}.", "What is the square root of {n}?",
    "What is {n} in hexadecimal?", "Translate {n} into French.", "Who was president in 19{m}?", "What time is it?",
    "How far is the moon from the earth?", "What is the capital of France?",
    "Write a poem about the number {n}.",
    "Let $a, b, c$ be positive reals with $a+b+c={n}$. Find the maximum of $abc$.", "{n} mod {p}", "hello", "help me",
    "What is the molar mass of a gas of {n} grams in {m} liters?",
    "Factor the number of {o} into primes, given {t} {n}.",
)  # fmt: skip


@functools.cache
def prose() -> tuple[str, ...]:
    """Return the documentation of some standard modules, a text each."""
    found: list[str] = []
    for name in MODULES:
        module = importlib.import_module(name)
        members = [inspect.getdoc(member) for _, member in inspect.getmembers(module, callable)]
        texts = {text for text in (inspect.getdoc(module), *members) if text and len(text) > 4 * CHUNK[0]}
        found += [re.sub(r"\s+", " ", text) for text in sorted(texts)]
    return tuple(found)


def outside(rng: random.Random) -> str:
    """Draw a text that no solver here can answer."""
    return rng.choice((other_mathematics, other_mathematics, a_piece_of_prose, senseless_story, prose_with_numbers))(
        rng
    )


def other_mathematics(rng: random.Random) -> str:
    """Draw a question from a field that is not taught."""
    how = style(rng)
    letter = "x"
    return rng.choice(FORMS).format(
        a=rng.randint(-9, 9), b=rng.randint(-9, 9), c=rng.randint(2, 9), n=rng.randint(2, 200), m=rng.randint(2, 12),
        p=polynomial(rng, letter, how, highest=3, limit=9), q=polynomial(rng, letter, how, highest=2, limit=9),
        f=rng.choice(FUNCTIONS), s=rng.choice(SHAPES), t=rng.choice(PARTS), o=rng.choice(OBJECTS),
    )  # fmt: skip


def a_piece_of_prose(rng: random.Random) -> str:
    """Cut a piece out of a documentation text, at blanks."""
    text = rng.choice(prose())
    size = rng.randint(*CHUNK)
    start = rng.randrange(max(1, len(text) - size))
    return text[start : start + size].partition(" ")[2].rpartition(" ")[0] or text[:size]


def prose_with_numbers(rng: random.Random) -> str:
    """Scatter numbers over prose and ask something, as a long word problem looks from afar."""
    tokens = [t if rng.random() < 0.85 else str(abs(nonzero(rng, 400))) for t in a_piece_of_prose(rng).split()]
    ask = rng.choice(("How many are left?", "How much did they spend in total?", "What is the total?", "How long?", ""))
    return f"{' '.join(tokens)} {ask}".strip()


def senseless_story(rng: random.Random) -> str:
    """Replace most nouns and verbs of one of our stories by words from prose, or mix up its order."""
    tokens = words(rng).text.split()
    if rng.random() < 0.3:
        rng.shuffle(tokens)
        return " ".join(tokens)
    strange = re.findall(r"[a-z]{4,12}", rng.choice(prose())) or ["thing"]
    changed = [rng.choice(strange) if re.fullmatch(r"[a-z]{4,}", t) and rng.random() < 0.7 else t for t in tokens]
    return " ".join(changed)
