"""Stories put together from parts: a heap that changes several times, and people compared with one another."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from .engine import FRACTIONS, Node, Rule, Scene, Step, Told, distracted, exact, parse, polished, rule

HEAPS = """
= collection {x}
d x small; n 20-80
b {A} [has|owns] {n} {x}.
b {A} [starts|begins] with {n} {x}.
b There are {n} {x} in {A}'s [box|drawer|bag].
e - 3-20 {A} gives {v} [of them |of the {x} |]to {B}.
e - 2-15 {A} [loses|sells] {v} [of them|{x}].
e + 3-25 {A} [buys|finds|gets] {v} more.
e + 3-25 {A.His} [sister|brother|uncle|friend] gives {A.him} {v} [more |]{x}.
e * 2-2 {A} wins a game and doubles the number of {A.his} {x}.
e of [Then |]{A} gives away {f} of {A.his} {x}.
f / 2-8 {A.He} puts the {x} that are left equally into {v} bags. How many {x} are in each bag?
f / 3-9 {A.He} shares all of the {x} that {A.he} has now equally with friends, so that {v} children get the same
  number. How many {x} does each child get?
q How many {x} does {A.he} have [now|in the end|left]?
q [What is the number of {x} that {A} has now?|How many {x} are there now?]

= bakery {x}
d x baked; n 30-90
b A bakery has {n} {x} [in the morning|when it opens].
b A baker makes {n} {x}.
e - 3-25 {v} {x} are sold [before noon|to a cafe|in the first hour].
e - 2-12 {v} [of them |]are [given to the staff|burnt and thrown away|given to a school].
e + 5-30 [After that|Then|In the afternoon], {v} more are baked.
e + 5-30 Another {v} {x} come out of the oven.
e of [Then|Later] {f} of the {x} that are there are sold.
f / 2-9 The rest are packed equally into {v} boxes. How many {x} are in each box?
f * 2-5 All of the {x} that are left are sold for ${v} each. How many dollars does that bring in?
q How many {x} are left [at the end of the day|now|]?

= bus people
d n 10-40; y =bus/train/tram/ferry
b A {y} leaves with {n} [people|passengers] on it.
b There are {n} passengers on a {y}.
e - 2-12 At [the first|the next|a] stop {v} people get off.
e + 2-15 At [a|the next|the following] stop {v} people get on.
e + 3-12 In the next town {v} more get on.
e of [Near the station|Downtown], {f} of the passengers get off.
f * 2-4 Each passenger who is now on the {y} pays ${v}. How many dollars do they pay together?
q How many [people|passengers] are on the {y} [now|then|after that]?

= purse dollars
d n 30-99
b {A} has ${n} in {A.his} [purse|wallet|savings jar].
b {A} [got|received] ${n} for {A.his} birthday.
e - 4-25 [{A}|Then {A.he}] spends ${v} on [a book|lunch|a present|a T-shirt].
e - 3-12 {A} pays ${v} for [a bus ticket|a magazine|a movie].
e + 5-30 [{A}|Later {A.he}] earns ${v} by [washing cars|raking leaves|walking dogs].
e + 5-20 {A.His} [grandmother|uncle|father] gives {A.him} ${v}.
e * 2-2 {A} sells some old toys, which doubles {A.his} money.
e of {A} [spends|gives away|puts in the bank] {f} of the money {A.he} has [then|at that point].
f / 2-6 {A.He} spends all that is left on {v} tickets that cost the same. How many dollars does one ticket cost?
q How much money does {A.he} have [now|left|in the end]?
q How many dollars does {A} have [now|in the end]?

= library_shelf books
d n 40-120; y =library/classroom/book club
b A {y} has {n} books [on one shelf|on a cart|about animals].
e - 4-25 {v} [of the books|books] are lent out.
e - 2-9 {v} old books are [thrown out|given away].
e + 3-25 {v} books are brought back.
e + 5-30 {v} new books [are bought|arrive].
e of {f} of the books are moved to another room.
f / 3-9 The books are then put on {v} empty shelves, the same number on each. How many books are on each shelf?
q How many books are there now?

= garden {x}
d x fruit; n 20-80
b {A} picks {n} {x} [in the garden|from the garden|at a farm].
e - 3-15 {A} [uses {v} {x} for cooking|cooks with {v} {x}|throws {v} bad {x} away].
e - 2-12 {A} gives {v} {x} to {A.his} [neighbor|aunt|teacher].
e + 4-25 The next day {A} picks {v} more {x}.
e + 3-20 {B} gives {A.him} {v} [more |]{x}.
e of {A} sells {f} of the {x} {A.he} has [then|by then].
f / 2-9 {A} puts the {x} that remain into {v} baskets, equally many in each. How many {x} are in each basket?
f * 2-4 {A} then sells all the {x} {A.he} has for ${v} each. How much money does {A.he} get?
q How many {x} does {A} have [now|left|after that]?

= farm {x}
d x animal; n 15-70
b A farmer [has|keeps] {n} {x}.
e - 2-14 The farmer sells {v} [of them|{x}].
e + 3-20 The farmer buys {v} [more|more {x}].
e + 2-15 [In spring|In May|One week later] there are {v} more.
e * 2-3 [After a year|Some time later] there are {v.times} as many {x} as before.
e of The farmer gives {f} of the {x} to a neighbor.
f / 2-8 The {x} are then kept in {v} [pens|fields] with the same number in each. How many {x} are in each?
q How many {x} does the farmer have [now|in the end]?
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to the heap."""

    sign: str
    low: int
    high: int
    text: Node


@dataclass(slots=True)
class Heap:
    """A heap of something and all that may happen to it."""

    name: str
    noun: Node
    rules: list[Rule] = field(default_factory=list)
    begins: list[Node] = field(default_factory=list)
    asks: list[Node] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    finals: list[Event] = field(default_factory=list)

    def tell(self, rng: random.Random) -> Told:
        """Draw events until every number on the way is a positive integer."""
        while True:
            scene = Scene.new(rng)
            events = rng.sample(self.events, rng.choice((2, 2, 3, 3, 4)))
            if self.finals and rng.random() < 0.35:
                events = [*events[:3], rng.choice(self.finals)]
            told = self._told(scene, events)
            if told is not None:
                return told

    def _told(self, scene: Scene, events: list[Event]) -> Told | None:
        for draw in self.rules:
            draw(scene)
        given, steps, values = dict(scene.values), list[Step](), dict(scene.values)
        texts = [scene.rng.choice(self.begins)(scene)]
        heap, noun = "n", self.noun(scene)
        for i, event in enumerate(events):
            _draw_number(scene, event, f"v{i}", given)
            values.update(given)
            for step in _event_steps(event, noun, heap, i):
                value = exact(step, values)
                if value is None or value < 2 or value > 400:
                    return None
                values[step.target], heap = value, step.target
                steps.append(step)
            texts.append(event.text(scene))
        if events[-1] not in self.finals:
            texts.append(scene.rng.choice(self.asks)(scene))
        return Told(self.name, polished(distracted(scene, " ".join(texts))), given, tuple(steps))


def _draw_number(scene: Scene, event: Event, name: str, given: dict[str, int]) -> None:
    if event.sign == "of":
        top, bottom = scene.rng.choice(FRACTIONS)
        scene.values["f"], scene.values["f/"] = given[name], given[name + "/"] = top, bottom
    else:
        scene.values["v"] = given[name] = scene.rng.randint(event.low, event.high)


LABELS = {"-": "{} left", "+": "{} now", "*": "{} now", "/": "each"}


def _event_steps(event: Event, noun: str, heap: str, i: int) -> list[Step]:
    if event.sign == "of":
        return [Step("part", f"p{i}", "of", f"v{i}", heap), Step(f"{noun} left", f"h{i}", "-", heap, f"p{i}")]
    money = event.sign == "*" and event.high > 3
    return [Step("dollars" if money else LABELS[event.sign].format(noun), f"h{i}", event.sign, heap, f"v{i}")]


def _heaps(source: str) -> list[Heap]:
    found: list[Heap] = []
    for line in re.sub(r"\n  +", " ", source).strip().splitlines():
        key, _, rest = line.partition(" ")
        if key == "=":
            name, noun = rest.split()
            found.append(Heap(name, parse(noun)))
        elif key == "d":
            found[-1].rules += [rule(entry) for entry in rest.split(";")]
        elif key in {"b", "q"}:
            (found[-1].begins if key == "b" else found[-1].asks).append(parse(rest))
        elif key:
            (found[-1].events if key == "e" else found[-1].finals).append(_event(rest))
    return found


def _event(text: str) -> Event:
    sign, rest = text.split(" ", 1)
    if sign == "of":
        return Event(sign, 0, 0, parse(rest))
    span, rest = rest.split(" ", 1)
    low, high = span.split("-")
    return Event(sign, int(low), int(high), parse(rest))


HEAP_STORIES = _heaps(HEAPS)

# What is compared: the noun, its range, and the verb in the past and after "did".
DEEDS = (
    ("small", 5, 40, "collected", "collect"),
    ("small", 5, 40, "found", "find"),
    ("fruit", 6, 40, "picked", "pick"),
    ("baked", 6, 36, "baked", "bake"),
    ("baked", 6, 36, "sold", "sell"),
    ("craft", 4, 20, "made", "make"),
    ("flower", 5, 40, "planted", "plant"),
    ("school", 3, 24, "bought", "buy"),
)
RELATIONS = {
    "+": "{v} more {x} than",
    "-": "{v} fewer {x} than",
    "*": "{v.times} as many {x} as",
    "/": "half as many {x} as",
}
PARSED_RELATIONS = {sign: parse(text) for sign, text in RELATIONS.items()}


def compared(rng: random.Random) -> Told:
    """Tell of three people who each did something, each compared with another."""
    while True:
        scene = Scene.new(rng)
        category, low, high, past, plain = rng.choice(DEEDS)
        rule(f"x {category}")(scene)
        given = {"a": rng.randint(low, high)}
        scene.values.update(given)
        people = rng.choice((2, 3, 3))
        facts, steps = _relations(scene, people, past, given)
        question, last = _asked(scene, people, plain)
        steps += last
        steps = _needed(steps)
        if _works(steps, given):
            break
    opening = f"{scene.people[0].name} {past} {parse('{a} {x}')(scene)}."
    sentences = [*facts, opening] if rng.random() < 0.25 else [opening, *facts]
    return Told("compared", polished(distracted(scene, " ".join([*sentences, question]))), given, tuple(steps))


def _relations(scene: Scene, people: int, past: str, given: dict[str, int]) -> tuple[list[str], list[Step]]:
    facts, steps = [], []
    for i in range(1, people):
        other = scene.rng.randrange(i)
        sign = scene.rng.choice("++--**/")
        number = 2 if sign == "/" else scene.rng.randint(2, 5 if sign == "*" else 12)
        name, target = f"v{i}", "abc"[i]
        scene.values["v"] = given[name] = number
        who = scene.people[i].name
        facts.append(f"{who} {past} {PARSED_RELATIONS[sign](scene)} {scene.people[other].name}.")
        steps.append(Step(f"{parse('{x}')(scene)} of {who}", target, sign, "abc"[other], name))
    return facts, steps


def _asked(scene: Scene, people: int, plain: str) -> tuple[str, list[Step]]:
    thing = parse("{x}")(scene)
    last, first = scene.people[people - 1].name, scene.people[0].name
    kind = scene.rng.random()
    if kind < 0.25:
        return f"How many more {thing} did {last} {plain} than {first}?", [
            Step("difference", "t", "-", "abc"[people - 1], "a")
        ]
    if kind < 0.4 and people == 3:
        return f"How many {thing} did {last} {plain}?", []
    together = scene.rng.choice(("in all", "altogether", "together", "in total"))
    who = "the three of them" if people == 3 else "the two of them"
    total = [Step("first two" if people == 3 else "total", "s", "+", "a", "b")]
    if people == 3:
        total.append(Step("total", "t", "+", "s", "c"))
    return f"How many {thing} did {scene.rng.choice(('they', who))} {plain} {together}?", total


def _needed(steps: list[Step]) -> list[Step]:
    """Keep the steps that the last one rests on; none when it asks for what was just told."""
    used, kept = {steps[-1].target}, []
    for step in reversed(steps):
        if step.target in used:
            used |= {step.left, step.right}
            kept.append(step)
    last = kept[0]
    told = last.sign == "-" and any(s.target == last.left and s.left == "a" and s.sign == "+" for s in kept)
    return [] if told else kept[::-1]


def _works(steps: list[Step], given: dict[str, int]) -> bool:
    values = dict(given)
    for step in steps:
        value = exact(step, values)
        if value is None or value < 2:
            return False
        values[step.target] = value
    return len(steps) > 1 and values.get("a", 0) != values.get("b")
