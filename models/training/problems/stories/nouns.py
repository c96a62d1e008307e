"""People and things of the stories: names with their pronouns, nouns with both forms and a sensible price."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing that is counted or bought, and what one costs in dollars."""

    one: str
    many: str
    low: int = 2
    high: int = 9


@dataclass(frozen=True, slots=True)
class Person:
    """A name and the pronouns that go with it."""

    name: str
    he: str
    his: str
    him: str


def _names(text: str) -> tuple[str, ...]:
    """Read names with spaces between."""
    return tuple(text.split(" "))


SHE = _names(
    "Anna Carla Emma Grace Maria Rosa Tina Mia Zoe Lena Nora Priya Aisha Hana Julia Lucy Ella Sofia Ruby Ivy Amara "
    "Leila Mei Yuki Clara Nina Elena Dina Fatima Kate Sarah Olivia Stella Wendy Paula Heidi Jade Molly Bella Farah"
)
HE = _names(
    "Ben David Felix Hugo Liam Noah Paul Sam Victor Omar Raj Leo Max Oscar Tom Jack Diego Kofi Ivan Ali Ken Hiro "
    "Mateo Aaron Ethan Peter Simon Jonah Adam Carlo Erik Finn George Henry Jamal Kai Owen Ravi Theo Walter"
)
SHE_TITLED = ("Mrs. Novak", "Mrs. Lee", "Ms. Green", "Mrs. Silva", "Aunt Rosa", "Ms. Park", "Mrs. Okafor")
HE_TITLED = ("Mr. Brown", "Mr. Lee", "Mr. Garcia", "Uncle Bob", "Mr. Khan", "Mr. Olsen", "Mr. Tanaka")

YOUNG = tuple(Person(n, "she", "her", "her") for n in SHE) + tuple(Person(n, "he", "his", "him") for n in HE)
TITLED = tuple(Person(n, "she", "her", "her") for n in SHE_TITLED) + tuple(
    Person(n, "he", "his", "him") for n in HE_TITLED
)


def _table(rows: str) -> tuple[Noun, ...]:
    """Read rows of `one/many low high`."""
    nouns = []
    for row in rows.strip().split(";"):
        forms, *prices = row.strip().rsplit(" ", 2) if row.strip()[-1].isdigit() else (row.strip(),)
        one, _, many = forms.partition("/")
        nouns.append(Noun(one, many or one + "s", *map(int, prices)))
    return tuple(nouns)


NOUNS: dict[str, tuple[Noun, ...]] = {
    "small": _table(
        "marble; sticker; stamp; trading card; shell; button; bead; postcard; coin; badge; toy car; bookmark; magnet; "
        "rubber band; comic book; pebble; puzzle piece"
    ),
    "baked": _table(
        "cookie; muffin; cupcake; bread roll; brownie; pretzel; bagel; pie; scone; waffle; biscuit; tart; doughnut"
    ),
    "fruit": _table(
        "apple; orange; pear; peach/peaches; plum; lemon; mango/mangoes; banana; apricot; tomato/tomatoes; "
        "potato/potatoes; carrot; onion; fig; kiwi"
    ),
    "school": _table(
        "pencil; eraser; notebook; marker; pen; folder; crayon; ruler; glue stick; paintbrush/paintbrushes"
    ),
    "goods": _table(
        "notebook 2 5; pen 2 4; T-shirt 8 20; book 6 18; puzzle 8 20; mug 5 12; ball 5 15; cap 7 15; plant 4 12; "
        "sandwich/sandwiches 4 9; pizza 9 16; poster 3 9; scarf/scarves 8 20; board game 15 35; kite 6 15; candle 3 9; "
        "towel 5 14; plate 3 9; vase 6 18; pillow 8 20; basket 5 15; toy train 9 25; umbrella 8 20; flashlight 6 15; "
        "water bottle 4 12; picture frame 5 15; box of tea/boxes of tea 3 8; jar of honey/jars of honey 4 9; "
        "bag of rice/bags of rice 3 9; pack of paper/packs of paper 3 8; movie ticket 8 15; teddy bear 8 20; "
        "pair of socks/pairs of socks 3 8"
    ),
    "dear": _table(
        "bicycle 100 400; jacket 40 160; desk 80 300; tent 60 240; table 80 400; armchair 100 400; phone 120 500; "
        "guitar 80 360; coat 60 220; printer 60 240; watch/watches 40 200; camera 100 480; suitcase 40 160; "
        "skateboard 40 120; bookshelf/bookshelves 60 260; lamp 40 100; rug 60 280; blender 40 120; microwave 60 200"
    ),
    "animal": _table("chicken; cow; sheep/sheep; goat; duck; pig; horse; turkey; rabbit"),
    "flower": _table("rose; tulip; daisy/daisies; lily/lilies; sunflower; carnation; daffodil"),
    "tree": _table("apple tree; cherry tree; oak; pine tree; maple; pear tree; lemon tree"),
    "case": _table("box/boxes; bag; basket; crate; pack; tray; carton; tub"),
    "craft": _table(
        "bracelet; candle; necklace; scarf/scarves; paper crane; wooden toy; greeting card; clay pot; birdhouse; mask"
    ),
    "group": _table("student; visitor; player; scout; guest; worker; tourist; dancer; child/children"),
}
