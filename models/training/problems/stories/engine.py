"""The small language that stories are written in, and the telling of one: text, numbers and the sums behind.

A story is a block of lines that start with a letter:

    = name            a new story; `plain`: no stray sentence, `adult`: may be Mr. Lee
    d a 20-90; x fruit; t = a*b; c < t       what is drawn, set or required
    t {A} has {a} {x}. [Then|Later] ...      a text: [one|of|these], [?sometimes], <any ~ order>; lines may go on
    s apples left: l = t-c                   a step: what it computes, and the operation

A slot is `{a}` (a number in digits or as a word), `{k.times}` (twice, 3 times), `{f}` (a fraction), `{p.cents}`
(1.25), `{p.usd}` ($5 or 5 dollars), `{x}`, `{x.one}`, `{x.an}` (apples, apple, an apple), `{A}`, `{A.he}`, `{A.his}`.
Operations are `a+b`, `a-b`, `a*b`, `a/b`, `f of a`, `p% of a`, `t in dollars` and `p in cents`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..arithmetic import multiply
from ..base import Work, quotient
from ..columns import add, subtract
from ..division import divide
from .nouns import NOUNS, TITLED, YOUNG, Noun, Person

ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
PARTS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 8: "eighth", 10: "tenth"}
FRACTIONS = ((1, 2), (1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (1, 5), (2, 5), (3, 5), (1, 6), (3, 8))
PERCENT_UNITS = ((50, "half"), (25, "a quarter"), (10, "ten percent"), (5, "five percent"), (1, "one percent"))
TIMES_TABLE = 12


@dataclass(slots=True)
class Scene:
    """What was drawn for one telling."""

    rng: random.Random
    people: list[Person]
    wordy: bool
    values: dict[str, int] = field(default_factory=dict)
    words: dict[str, str | Noun] = field(default_factory=dict)

    @classmethod
    def new(cls, rng: random.Random, *, adult: bool = False) -> Scene:
        """Choose the people and whether small numbers tend to be words."""
        people = rng.sample(YOUNG, 3)
        if adult and rng.random() < 0.2:
            people[0] = rng.choice(TITLED)
        return cls(rng, people, rng.random() < 0.35)


Node = Callable[[Scene], str]
Rule = Callable[[Scene], bool]


# --- texts --------------------------------------------------------------------


def parse(text: str) -> Node:
    """Compile a text with slots, choices and free orders."""
    node, at = _sequence(text, 0, "")
    if at != len(text):
        raise ValueError(f"unbalanced: {text[at:]!r} in {text!r}")
    return node


def _sequence(text: str, at: int, stops: str) -> tuple[Node, int]:
    """Compile up to one of the stop characters."""
    nodes: list[Node] = []
    while at < len(text) and text[at] not in stops:
        char = text[at]
        if char == "{":
            end = text.index("}", at)
            digits = text[at - 1 : at] == "$" or text[end + 1 : end + 2] == "%"
            nodes.append(_slot(text[at + 1 : end], digits=digits))
            at = end + 1
        elif char == "[":
            node, at = _choice(text, at + 1)
            nodes.append(node)
        elif char == "<":
            parts, at = _parts(text, at + 1, "~", ">")
            nodes.append(_shuffled(parts))
        else:
            end = at
            while end < len(text) and text[end] not in "{[<" + stops:
                end += 1
            nodes.append(_literal(text[at:end]))
            at = end
    return (nodes[0] if len(nodes) == 1 else _joined(nodes)), at


def _parts(text: str, at: int, separator: str, close: str) -> tuple[list[Node], int]:
    """Compile parts up to the closing character; return them and the place after it."""
    parts: list[Node] = []
    while True:
        node, at = _sequence(text, at, separator + close)
        parts.append(node)
        if at >= len(text):
            raise ValueError(f"no {close} in {text!r}")
        at += 1
        if text[at - 1] == close:
            return parts, at


def _choice(text: str, at: int) -> tuple[Node, int]:
    sometimes = text[at] == "?"
    parts, at = _parts(text, at + sometimes, "|", "]")
    if sometimes:
        return (lambda scene: scene.rng.choice(parts)(scene) if scene.rng.random() < 0.45 else ""), at
    return (lambda scene: parts[int(scene.rng.random() * len(parts))](scene)), at


def _literal(text: str) -> Node:
    return lambda _: text


def _joined(nodes: list[Node]) -> Node:
    return lambda scene: "".join([node(scene) for node in nodes])


def _shuffled(parts: list[Node]) -> Node:
    def node(scene: Scene) -> str:
        order = parts[:]
        scene.rng.shuffle(order)
        return " ".join([part(scene).strip() for part in order])

    return node


def _slot(inside: str, *, digits: bool) -> Node:
    name, _, form = inside.partition(".")
    if name in {"A", "B", "C"}:
        return _person("ABC".index(name), form)
    if digits and not form:
        return lambda scene: str(scene.values[name])

    def node(scene: Scene) -> str:
        thing = scene.words.get(name)
        if isinstance(thing, Noun):
            return _noun(thing, form)
        return thing if thing is not None else _number(scene, name, form)

    return node


def _person(index: int, form: str) -> Node:
    def node(scene: Scene) -> str:
        person = scene.people[index]
        if not form:
            return person.name
        word: str = getattr(person, form.lower())
        return word.capitalize() if form[0].isupper() else word

    return node


def _noun(noun: Noun, form: str) -> str:
    if form == "one":
        return noun.one
    if form == "an":
        return ("an " if noun.one[0] in "aeio" or noun.one.startswith("umb") else "a ") + noun.one
    return noun.many


def _number(scene: Scene, name: str, form: str) -> str:
    if name + "/" in scene.values:
        return fraction_words(scene.rng, scene.values[name], scene.values[name + "/"])
    number = scene.values[name]
    if form == "cents":
        return in_dollars(number)
    if form == "usd":
        return f"{number} dollars" if scene.wordy and number > 1 else f"${number}"
    if form == "times" and number == 2 and scene.rng.random() < 0.85:
        return "twice"
    word = scene.wordy and number <= 12 and scene.rng.random() < 0.6
    written = ONES[number] if word else str(number)
    return f"{written} times" if form == "times" else written


def in_dollars(cents: int) -> str:
    """Write cents as dollars: 7.50, or 7 when there are none left over."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}" + (f".{rest:02}" if rest else "")


def fraction_words(rng: random.Random, top: int, bottom: int) -> str:
    """Write a fraction as people say it, or as two numbers."""
    if (top, bottom) == (1, 2):
        return "half"
    if rng.random() < 0.4:
        return f"{top}/{bottom}"
    if top == 1:
        return f"{rng.choice(('a', 'one'))} {PARTS[bottom]}"
    return f"{ONES[top]} {PARTS[bottom]}s"


def polished(text: str) -> str:
    """Close gaps that left-out parts leave and begin sentences with capitals."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([.,?])", r"\1", text)
    return re.sub(r"(^|[.?!] )([a-z])", lambda m: m[1] + m[2].upper(), text)


# --- sums behind --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: its name in words, what it sets, and on what it works."""

    label: Node | str
    target: str
    sign: str
    left: str
    right: str

    def told(self, scene: Scene) -> Step:
        """Return the step with its label written out."""
        label = self.label if isinstance(self.label, str) else self.label(scene)
        return Step(label, self.target, self.sign, self.left, self.right)


OPERATION = re.compile(r"(\w+)(\+|-|\*|/|% of | of | in )(\w+)")


def operation(text: str, label: Node | str = "") -> Step:
    """Read `c = a+b`."""
    target, _, right = text.partition(" = ")
    match = OPERATION.fullmatch(right.strip())
    if match is None:
        raise ValueError(f"not an operation: {text!r}")
    return Step(label, target.strip(), match[2].strip(), match[1], match[3])


def number_of(values: dict[str, int], operand: str) -> int:
    """Look up an operand, or read it when it is a number."""
    return int(operand) if operand.isdigit() else values[operand]


def exact(step: Step, values: dict[str, int]) -> int | None:
    """Compute a step; `None` when the result is not a positive integer."""
    if step.sign == "in":
        return values[step.left]
    b = number_of(values, step.right)
    if step.sign == "of":
        top, bottom = values[step.left] * b, values[step.left + "/"]
    else:
        a = number_of(values, step.left)
        match step.sign:
            case "+":
                return a + b
            case "-":
                return a - b if a > b else None
            case "*":
                return a * b
            case "% of":
                top, bottom = a * b, 100
            case _:
                top, bottom = a, b
    return top // bottom if bottom and top % bottom == 0 else None


def run(work: Work, steps: tuple[Step, ...], given: dict[str, int]) -> str:
    """Write the steps on a pad; return the answer."""
    values = dict(given)
    answer = ""
    for step in steps:
        label = str(step.label)
        if step.sign == "in":
            answer = _in_unit(work, label, step, values)
            continue
        right = work.copy(number_of(values, step.right)) if step.sign != "of" else 0
        if step.sign == "of":
            result = _fraction(work, label, step, values)
        elif step.sign == "% of":
            result = _percent(work, label, work.copy(number_of(values, step.left)), right)
        else:
            result = labelled(work, label, step.sign, work.copy(number_of(values, step.left)), right)
        values[step.target] = result
        answer = str(result)
    return answer


def _in_unit(work: Work, label: str, step: Step, values: dict[str, int]) -> str:
    number = work.copy(values[step.left])
    values[step.target] = number
    money = in_dollars(number)
    work.line(f"{label}: {money}*100 = {number}" if step.right == "cents" else f"{label}: {number}/100 = {money}")
    return money


def _fraction(work: Work, label: str, step: Step, values: dict[str, int]) -> int:
    """Write a part of a whole: one share, then as many as are taken."""
    top, bottom = values[step.left], values[step.left + "/"]
    whole = work.copy(number_of(values, step.right))
    if top == 1:
        return labelled(work, label, "/", whole, work.copy(bottom))
    share = labelled(work, f"one {PARTS[bottom]}", "/", whole, work.copy(bottom))
    return labelled(work, label, "*", share, work.copy(top))


def _percent(work: Work, label: str, percent: int, whole: int) -> int:
    """Write a percentage: the easy one that goes into it, then as many of it as needed."""
    unit, name = next((u, n) for u, n in PERCENT_UNITS if percent % u == 0)
    if percent == unit:
        return labelled(work, label, "/", whole, 100 // unit)
    share = labelled(work, name, "/", whole, 100 // unit)
    return labelled(work, label, "*", share, work.copy(percent // unit))


def labelled(work: Work, label: str, sign: str, a: int, b: int) -> int:
    """Write an operation, by the written method where it needs one, and close with the labelled line."""
    result = WRITTEN[sign](work, a, b)
    plain = f"{a}{sign}{b} = {result}"
    if work.steps and work.steps[-1] in {plain, f"{a} = {b}*{result}+0"}:
        work.steps.pop()
    work.line(f"{label}: {plain}")
    return result


def _times(work: Work, a: int, b: int) -> int:
    """Multiply at sight when the digits before the zeros allow it, else on paper."""
    small, large = sorted(int(str(abs(n)).rstrip("0") or 0) for n in (a, b))
    return work.value(a * b) if small < 10 and large < 20 else multiply(work, a, b)


def _over(work: Work, a: int, b: int) -> int:
    """Divide at sight when it is in the times tables or drops zeros, else by long division."""
    at_sight = a <= 0 or b <= 0 or (b in {10, 100} and a % b == 0) or (b <= TIMES_TABLE and a <= b * TIMES_TABLE)
    return work.value(quotient(a, b)) if at_sight else divide(work, a, b)[0]


WRITTEN: dict[str, Callable[[Work, int, int], int]] = {"+": add, "-": subtract, "*": _times, "/": _over}


# --- what is drawn ------------------------------------------------------------


def rule(text: str) -> Rule:
    """Compile one entry of a `d` line."""
    text = text.strip()
    if match := re.fullmatch(r"(\w+) (<|>|!=|\|) (\w+)", text):
        return _check(match[1], match[2], match[3])
    if " = " in text:
        return _derived(operation(text))
    name, _, source = text.partition(" ")
    return _word(name, source[1:].split("/")) if source.startswith("=") else _source(name, source)


def _source(name: str, source: str) -> Rule:
    if match := re.fullmatch(r"(\d+)-(\d+)(?:/(\d+))?", source):
        return _range(name, int(match[1]), int(match[2]), int(match[3] or 1))
    if re.fullmatch(r"[\d,]+", source):
        return _pick(name, [int(n) for n in source.split(",")])
    if source == "fraction":
        return _fraction_rule(name)
    category, _, price = source.partition(":")
    return _things(name.split(","), category, price.split(",") if price else [])


def _check(left: str, sign: str, right: str) -> Rule:
    def check(scene: Scene) -> bool:
        a, b = number_of(scene.values, left), number_of(scene.values, right)
        return {"<": a < b, ">": a > b, "!=": a != b, "|": b % a == 0}[sign]

    return check


def _derived(step: Step) -> Rule:
    def derive(scene: Scene) -> bool:
        value = exact(step, scene.values)
        if value is None:
            return False
        scene.values[step.target] = value
        return value > 1

    return derive


def _range(name: str, low: int, high: int, step: int) -> Rule:
    count = (high - low) // step + 1

    def draw(scene: Scene) -> bool:
        scene.values[name] = low + step * int(scene.rng.random() * count)
        return True

    return draw


def _pick(name: str, numbers: list[int]) -> Rule:
    def draw(scene: Scene) -> bool:
        scene.values[name] = scene.rng.choice(numbers)
        return True

    return draw


def _fraction_rule(name: str) -> Rule:
    def draw(scene: Scene) -> bool:
        scene.values[name], scene.values[name + "/"] = scene.rng.choice(FRACTIONS)
        return True

    return draw


def _word(name: str, words: list[str]) -> Rule:
    def draw(scene: Scene) -> bool:
        scene.words[name] = scene.rng.choice(words)
        return True

    return draw


def _things(names: list[str], category: str, prices: list[str]) -> Rule:
    nouns = NOUNS[category]

    def draw(scene: Scene) -> bool:
        for name, noun in zip(names, scene.rng.sample(nouns, len(names)), strict=True):
            scene.words[name] = noun
        for price, name in zip(prices, names, strict=False):
            thing = scene.words[name]
            assert isinstance(thing, Noun)
            unit = 20 if thing.low >= 40 else 1
            scene.values[price] = unit * scene.rng.randint(thing.low // unit, thing.high // unit)
        return True

    return draw


# --- stories ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """One telling: the text, the numbers it gives, and the steps."""

    name: str
    text: str
    given: dict[str, int]
    steps: tuple[Step, ...]

    def solve(self, work: Work) -> str:
        """Write the solution on a pad; return the answer."""
        return run(work, self.steps, self.given)


@dataclass(slots=True)
class Story:
    """One shape with its texts."""

    name: str
    flags: frozenset[str]
    rules: list[Rule] = field(default_factory=list)
    checks: list[Rule] = field(default_factory=list)
    texts: list[Node] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def tell(self, rng: random.Random) -> Told:
        """Draw until every step comes out as a positive integer and every condition holds."""
        scene = Scene.new(rng, adult="adult" in self.flags)
        while True:
            given = self._numbers(scene)
            if given is not None:
                break
        text = rng.choice(self.texts)(scene)
        if "plain" not in self.flags:
            text = distracted(scene, text)
        return Told(self.name, polished(text), given, tuple(step.told(scene) for step in self.steps))

    def _numbers(self, scene: Scene) -> dict[str, int] | None:
        scene.values.clear()
        if not all(draw(scene) for draw in self.rules):
            return None
        given = dict(scene.values)
        for step in self.steps:
            value = exact(step, scene.values)
            if value is None:
                return None
            scene.values[step.target] = value
        return given if all(check(scene) for check in self.checks) else None


def stories(source: str) -> list[Story]:
    """Read stories; see the top of this module."""
    found: list[Story] = []
    lines: list[str] = []
    for line in source.strip().splitlines():
        if line.startswith(" ") and lines:
            lines[-1] += " " + line.strip()
        elif line.strip():
            lines.append(line)
    for line in lines:
        key, rest = line[0], line[2:]
        if key == "=":
            name, *flags = rest.split()
            found.append(Story(name, frozenset(flags)))
        else:
            _add_line(found[-1], key, rest)
    return found


def _add_line(story: Story, key: str, rest: str) -> None:
    if key == "d":
        for entry in rest.split(";"):
            late = re.search(r" (<|>|!=|\|) ", entry) is not None
            (story.checks if late else story.rules).append(rule(entry))
    elif key == "t":
        story.sources.append(rest)
        story.texts.append(parse(rest))
    elif key == "s":
        label, _, what = rest.partition(": ")
        story.steps.append(operation(what, parse(label)))
    else:
        raise ValueError(f"unknown line {key} {rest}")


SENTENCE_END = re.compile(r"(?<!Mr)(?<!Mrs)(?<!Ms)[.?] ")
DISTRACTORS = [
    parse(text)
    for text in (
        "{A} has {dz} cousins.",
        "{A} lives at {dy} [Oak Street|Hill Road|River Lane|Park Avenue|Mill Street].",
        "{A}'s favorite number is {dy}.",
        "[It is|The temperature is] {dy} degrees outside.",
        "{A} [got up|woke up] at {dw} o'clock that day.",
        "{A}'s [cat|dog] is {dz} years old.",
        "{A} lives on floor {dz} of a tall building.",
        "{A} has known {B} for {dz} years.",
    )
]


def distracted(scene: Scene, text: str) -> str:
    """Put a sentence with a number that does not matter into some texts."""
    if scene.rng.random() > 0.22 or scene.people[0].name not in text:
        return text
    begins = text.startswith(scene.people[0].name)
    scene.values.update(dz=scene.rng.randint(2, 12), dy=scene.rng.randint(11, 29), dw=scene.rng.randint(6, 9))
    sentence = scene.rng.choice(DISTRACTORS)(scene)
    cut = max((match.end() for match in SENTENCE_END.finditer(text)), default=0)
    if not cut or not text.endswith("?") or (begins and scene.rng.random() < 0.4):
        return f"{sentence} {text}" if begins else text
    return f"{text[:cut]}{sentence} {text[cut:]}"
