"""What single commands and characters look like, and how they stand among others.

A table of names is the whole of it. Classes are TeX's (The TeXbook, chapter 17): they decide about space.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Kind(Enum):
    """How a sign stands among others."""

    ORDINARY = "ordinary"
    OPERATOR = "operator"
    """A large operator or the name of a function: ∑, sin."""
    BINARY = "binary"
    RELATION = "relation"
    OPEN = "open"
    CLOSE = "close"
    PUNCTUATION = "punctuation"
    SPACE = "space"


def _table(text: str) -> dict[str, str]:
    """Read ``name sign`` pairs."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_ORDINARY = _table(
    """
    alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ
    nu ν xi ξ pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
    infty ∞ partial ∂ nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ emptyset ∅ varnothing ∅ forall ∀ exists ∃ neg ¬ lnot ¬
    angle ∠ measuredangle ∡ triangle △ square □ Box □ blacksquare ■ diamond ⋄ star ⋆ bigstar ★ prime ′ degree °
    checkmark ✓
    ldots … dots … dotsc … cdots ⋯ dotsb ⋯ vdots ⋮ ddots ⋱ top ⊤ bot ⊥ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠
    backslash \\ pounds £ euro € S § dag † flat ♭ sharp ♯ imath ı jmath ȷ
    """
)
_BINARY = _table(
    """
    pm ± mp ∓ times × div ÷ cdot · ast ∗ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ cup ∪ cap ∩ setminus ∖ wedge ∧
    land ∧ vee ∨ lor ∨ uplus ⊎ sqcup ⊔ sqcap ⊓ dagger † amalg ⨿
    """
)
_RELATION = _table(
    """
    le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ propto ∝ ll ≪ gg ≫
    doteq ≐
    in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ subsetneq ⊊ nsubseteq ⊈ mid ∣ nmid ∤ parallel ∥ perp ⊥
    to → rightarrow → longrightarrow ⟶ leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ implies ⟹ Longrightarrow ⟹
    Leftarrow ⇐ Leftrightarrow ⇔ iff ⟺ mapsto ↦ uparrow ↑ downarrow ↓ nearrow ↗ searrow ↘ hookrightarrow ↪
    therefore ∴ because ∵ prec ≺ succ ≻ preceq ⪯ succeq ⪰ vdash ⊢ models ⊨ colon : triangleq ≜ asymp ≍ lt < gt >
    """
)
_OPEN = _table("lbrace { langle ⟨ lfloor ⌊ lceil ⌈ lvert | lVert ‖ lbrack [ lparen (")
_CLOSE = _table("rbrace } rangle ⟩ rfloor ⌋ rceil ⌉ rvert | rVert ‖ rbrack ] rparen )")

SIGNS: Mapping[str, tuple[str, Kind]] = MappingProxyType(
    {name: (sign, Kind.ORDINARY) for name, sign in _ORDINARY.items()}
    | {name: (sign, Kind.BINARY) for name, sign in _BINARY.items()}
    | {name: (sign, Kind.RELATION) for name, sign in _RELATION.items()}
    | {name: (sign, Kind.OPEN) for name, sign in _OPEN.items()}
    | {name: (sign, Kind.CLOSE) for name, sign in _CLOSE.items()}
    | {"{": ("{", Kind.OPEN), "}": ("}", Kind.CLOSE), "|": ("‖", Kind.ORDINARY), "vert": ("|", Kind.ORDINARY)}
    | {"Vert": ("‖", Kind.ORDINARY), "bmod": ("mod", Kind.BINARY), "mod": ("mod", Kind.BINARY)}
    | {sign: (sign, Kind.ORDINARY) for sign in "%$#&_"}
)
"""Commands that stand for one sign."""

LARGE: Mapping[str, str] = MappingProxyType(
    _table(
        """
        sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀ int ∫ iint ∬ iiint ∭ oint ∮
        """
    )
)
"""Large operators."""
INTEGRALS = frozenset("∫∬∭∮")
"""Large operators whose limits stand beside them."""

FUNCTIONS = frozenset(
    [
        "arccos",
        "arcsin",
        "arctan",
        "arg",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "deg",
        "det",
        "dim",
        "exp",
        "gcd",
        "hom",
        "inf",
        "ker",
        "lcm",
        "lg",
        "lim",
        "liminf",
        "limsup",
        "ln",
        "log",
        "max",
        "min",
        "Pr",
        "sec",
        "sin",
        "sinh",
        "sup",
        "tan",
        "tanh",
    ]
)
WITH_LIMITS = frozenset(["det", "gcd", "inf", "lim", "liminf", "limsup", "max", "min", "Pr", "sup"])
"""Functions whose subscript stands below them."""

CHARACTERS: Mapping[str, tuple[str, Kind]] = MappingProxyType(
    {"-": ("−", Kind.BINARY), "−": ("−", Kind.BINARY)}
    | {sign: (sign, Kind.BINARY) for sign in "+*±×÷·∪∩∧∨⊕⊗∘"}
    | {sign: (sign, Kind.RELATION) for sign in "=<>≤≥≠≈≡∼≅∈∉⊂⊆⊃⊇→⇒⇔⟹↔:"}
    | {sign: (sign, Kind.OPEN) for sign in "([⟨⌊⌈"}
    | {sign: (sign, Kind.CLOSE) for sign in ")]⟩⌋⌉!"}
    | {sign: (sign, Kind.PUNCTUATION) for sign in ",;"}
    | {"∑": ("∑", Kind.OPERATOR), "∏": ("∏", Kind.OPERATOR), "∫": ("∫", Kind.OPERATOR), "'": ("′", Kind.ORDINARY)}
)
"""Characters that are more than themselves; every other printable one is ordinary."""

DELIMITERS = frozenset("()[]{}|‖⟨⟩⌊⌋⌈⌉/")
"""What may stand behind ``\\left`` and ``\\right``."""

SPACES: Mapping[str, int] = MappingProxyType(
    {",": 1, ":": 1, ">": 1, ";": 1, "!": 0, " ": 1, "quad": 2, "qquad": 4, "thinspace": 1, "enspace": 1, "space": 1}
    | {"nobreakspace": 1, "medspace": 1, "thickspace": 1, "negthinspace": 0}
)
"""Commands that are space, in columns."""
IGNORED = frozenset(
    [
        "displaystyle",
        "textstyle",
        "scriptstyle",
        "limits",
        "nolimits",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "bigl",
        "bigr",
        "bigm",
        "Bigl",
        "Bigr",
        "Bigm",
        "biggl",
        "biggr",
        "Biggl",
        "Biggr",
        "nonumber",
        "notag",
    ]
)
"""Commands about sizes and places that a terminal does not have."""
TRANSPARENT = frozenset(
    [
        "mathrm",
        "mathit",
        "mathsf",
        "mathtt",
        "mathnormal",
        "mathop",
        "mathbin",
        "mathrel",
        "mathord",
        "ensuremath",
        "smash",
    ]
)
"""Commands whose argument is shown as it is."""
TEXTS = frozenset(["text", "textrm", "textnormal", "textbf", "textit", "textsf", "texttt", "textup", "mbox", "hbox"])
ACCENTS: Mapping[str, str] = MappingProxyType(
    {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0305", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7"}
    | {"check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300", "widehat": "\u0302"}
    | {"widetilde": "\u0303", "overline": "\u0305", "underline": "\u0332", "overrightarrow": "\u20d7"}
)
"""Marks over or under one character, as combining characters."""

SUPERSCRIPTS: Mapping[str, str] = MappingProxyType(
    dict(
        zip(
            "0123456789+−=()abcdefghijklmnoprstuvwxyzβγδθφχ′″‴°∗ ",
            "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵝᵞᵟᶿᵠᵡ′″‴°* ",
            strict=True,
        )
    )
    | dict(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ", strict=True))
    | {"∘": "°"}
)
SUBSCRIPTS: Mapping[str, str] = MappingProxyType(
    dict(zip("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
)

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SMALL = "abcdefghijklmnopqrstuvwxyz"


def _alphabet(capitals: int, small: int | None, digits: int | None, holes: Mapping[str, str]) -> dict[str, str]:
    """Return a mathematical alphabet of Unicode by its first letters; ``holes`` were encoded elsewhere, earlier."""
    letters = {letter: chr(capitals + offset) for offset, letter in enumerate(_CAPITALS)}
    if small is not None:
        letters |= {letter: chr(small + offset) for offset, letter in enumerate(_SMALL)}
    if digits is not None:
        letters |= {digit: chr(digits + offset) for offset, digit in enumerate("0123456789")}
    return letters | dict(holes)


_BOLD = _alphabet(0x1D400, 0x1D41A, 0x1D7CE, {})
_DOUBLE = _alphabet(0x1D538, 0x1D552, 0x1D7D8, dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)))
_SCRIPT = _alphabet(0x1D49C, None, None, dict(zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True)))
_FRAKTUR = _alphabet(0x1D504, 0x1D51E, None, dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)))
ALPHABETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"mathbf": _BOLD, "boldsymbol": _BOLD, "bm": _BOLD, "mathbb": _DOUBLE, "mathcal": _SCRIPT, "mathscr": _SCRIPT}
    | {"mathfrak": _FRAKTUR}
)
"""Commands that change letters to another alphabet; a letter's shape is part of its meaning."""
