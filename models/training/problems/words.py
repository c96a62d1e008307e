"""Word problems of two or three steps, in plain sentences."""

from __future__ import annotations

import random
from collections.abc import Callable

from .base import Problem, Work, quotient

NAMES = ("Anna", "Ben", "Carla", "David", "Emma", "Felix", "Grace", "Hugo", "Ines", "James", "Kim", "Liam", "Maria",
         "Noah", "Olga", "Paul", "Rosa", "Sam", "Tina", "Victor")  # fmt: skip
THINGS = ("apples", "books", "cards", "coins", "cookies", "eggs", "marbles", "oranges", "pencils", "pens", "shells",
          "stamps", "stickers", "tickets", "toys")  # fmt: skip
BOXES = ("bags", "boxes", "baskets", "packs", "jars", "crates")
Drawn = tuple[str, Callable[[Work], int]]


def words(rng: random.Random) -> Problem:
    """Draw one of the stories."""
    text, run = rng.choice(STORIES)(rng)
    return Problem(text, "word", lambda work: str(run(work)))


def gives_and_gets(rng: random.Random) -> Drawn:
    """Has a, gives away b, gets c more."""
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    a, c = rng.randint(12, 150), rng.randint(2, 90)
    b = rng.randint(2, a - 1)
    how = rng.choice(("gives away", "loses", "sells", "uses"))
    more = rng.choice(("gets", "buys", "finds", "is given"))
    text = f"{name} has {a} {thing}. {name} {how} {b} of them and then {more} {c} more."
    text += f" How many {thing} does {name} have now?"

    def run(work: Work) -> int:
        x, y = work.copy(a), work.copy(b)
        left = work.shows(f"{x}-{y}", x - y)
        z = work.copy(c)
        return work.shows(f"{left}+{z}", left + z)

    return text, run


def boxes(rng: random.Random) -> Drawn:
    """Several boxes of b things, then some taken or added."""
    name, thing, box = rng.choice(NAMES), rng.choice(THINGS), rng.choice(BOXES)
    a, b = rng.randint(2, 12), rng.randint(3, 30)
    c = rng.randint(2, a * b - 1)
    adding = rng.random() < 0.5
    verb = rng.choice(("buys", "has", "packs", "brings"))
    tail = f"gets {c} more" if adding else f"gives {c} to a friend"
    text = f"{name} {verb} {a} {box} of {thing} with {b} {thing} in each and {tail}. How many {thing} does {name} have?"

    def run(work: Work) -> int:
        x, y = work.copy(a), work.copy(b)
        total = work.shows(f"{x}*{y}", x * y)
        z = work.copy(c)
        return work.shows(f"{total}+{z}" if adding else f"{total}-{z}", total + z if adding else total - z)

    return text, run


def shopping(rng: random.Random) -> Drawn:
    """Two kinds of things at two prices; the cost or the change."""
    name, (one, two) = rng.choice(NAMES), rng.sample(THINGS, 2)
    a, p, b, q = rng.randint(2, 12), rng.randint(2, 15), rng.randint(2, 12), rng.randint(2, 15)
    cost = a * p + b * q
    change = rng.random() < 0.4
    paid = (cost // 50 + rng.randint(1, 2)) * 50
    text = f"{name} buys {a} {one} for ${p} each and {b} {two} for ${q} each."
    if change:
        text += f" {name} pays with ${paid}. How much change does {name} get?"
    else:
        spent = (
            f"How much does {name} spend?",
            "What is the total cost?",
            f"How many dollars does {name} pay in total?",
        )
        text += f" {rng.choice(spent)}"

    def run(work: Work) -> int:
        w, x = work.copy(a), work.copy(p)
        first = work.shows(f"{w}*{x}", w * x)
        y, z = work.copy(b), work.copy(q)
        second = work.shows(f"{y}*{z}", y * z)
        total = work.shows(f"{first}+{second}", first + second)
        if not change:
            return total
        note = work.copy(paid)
        return work.shows(f"{note}-{total}", note - total)

    return text, run


def sharing(rng: random.Random) -> Drawn:
    """Two heaps put together and shared out equally."""
    first, second = rng.sample(NAMES, 2)
    thing = rng.choice(THINGS)
    people, each = rng.randint(2, 9), rng.randint(3, 30)
    a = rng.randint(1, people * each - 1)
    b = people * each - a
    text = (
        f"{first} has {a} {thing} and {second} has {b} {thing}. They share them equally among {people} "
        f"{rng.choice(('friends', 'children', 'people', 'students'))}. How many {thing} does each one get?"
    )

    def run(work: Work) -> int:
        x, y = work.copy(a), work.copy(b)
        total = work.shows(f"{x}+{y}", x + y)
        z = work.copy(people)
        return work.shows(f"{total}/{z}", quotient(total, z))

    return text, run


def comparing(rng: random.Random) -> Drawn:
    """One has several times as many as another, or some more; how many together."""
    first, second = rng.sample(NAMES, 2)
    thing = rng.choice(THINGS)
    a = rng.randint(3, 60)
    times = rng.random() < 0.6
    k = rng.randint(2, 6) if times else rng.randint(3, 40)
    relation = (f"{k} times as many" if k > 2 else "twice as many") if times else f"{k} more"
    link = "as" if times else "than"
    text = f"{first} has {a} {thing}. {second} has {relation} {thing} {link} {first}."
    text += f" How many {thing} do they have together?"

    def run(work: Work) -> int:
        x, y = work.copy(a), work.copy(k)
        other = work.shows(f"{x}*{y}" if times else f"{x}+{y}", x * y if times else x + y)
        again = work.copy(a)
        return work.shows(f"{again}+{other}", again + other)

    return text, run


def earning(rng: random.Random) -> Drawn:
    """Works h hours a day for d days at a wage, maybe spends some."""
    name = rng.choice(NAMES)
    hours, days, wage = rng.randint(2, 9), rng.randint(2, 7), rng.randint(5, 25)
    spends = rng.random() < 0.4
    spent = rng.randint(5, hours * days * wage - 1)
    text = f"{name} works {hours} hours a day for {days} days and earns ${wage} an hour."
    text += f" {name} then spends ${spent}. How many dollars are left?" if spends else f" How much does {name} earn?"

    def run(work: Work) -> int:
        x, y = work.copy(hours), work.copy(days)
        total = work.shows(f"{x}*{y}", x * y)
        z = work.copy(wage)
        money = work.shows(f"{total}*{z}", total * z)
        if not spends:
            return money
        paid = work.copy(spent)
        return work.shows(f"{money}-{paid}", money - paid)

    return text, run


def travelling(rng: random.Random) -> Drawn:
    """Two legs at two speeds."""
    name = rng.choice(NAMES)
    how = rng.choice(("drives", "rides", "travels", "cycles"))
    a, u, b, v = rng.randint(2, 6), rng.randint(8, 90), rng.randint(2, 6), rng.randint(8, 90)
    unit, per = rng.choice((("miles", "mph"), ("kilometers", "km/h")))
    text = (
        f"{name} {how} for {a} hours at {u} {per} and then for {b} hours at {v} {per}. "
        f"How many {unit} does {name} travel?"
    )

    def run(work: Work) -> int:
        w, x = work.copy(a), work.copy(u)
        first = work.shows(f"{w}*{x}", w * x)
        y, z = work.copy(b), work.copy(v)
        second = work.shows(f"{y}*{z}", y * z)
        return work.shows(f"{first}+{second}", first + second)

    return text, run


def discount(rng: random.Random) -> Drawn:
    """A price lowered by a percentage, several bought."""
    name, thing = rng.choice(NAMES), rng.choice(("jacket", "lamp", "bag", "game", "chair", "watch", "coat", "bike"))
    percent, price = rng.choice((10, 20, 25, 50)), 20 * rng.randint(1, 30)
    text = f"A {thing} costs ${price}. {name} buys it with a {percent}% discount. How much does {name} pay?"

    def run(work: Work) -> int:
        x, y = work.copy(price), work.copy(percent)
        product = work.shows(f"{x}*{y}", x * y)
        off = work.shows(f"{product}/100", quotient(product, 100))
        full = work.copy(price)
        return work.shows(f"{full}-{off}", full - off)

    return text, run


STORIES = (gives_and_gets, boxes, shopping, sharing, comparing, earning, travelling, discount)
