"""One plot as SVG and PNG: the only module that knows matplotlib, and the look that all figures share.

Figures are drawn in the colours of a light page. The SVG for a page names every colour as a CSS variable instead, so
that the page decides between light and dark. Series differ by colour (Okabe and Ito's palette, which colour-blind
readers can tell apart), by marker and by a label beside the line, never by colour alone.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from edge_solver.errors import UsageError
from edge_solver.quantities import Kind, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, SURFACE = "#1b1f24", "#5a636e", "#d9dee4", "#ffffff"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c6d31")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LIGHT: Mapping[str, str] = MappingProxyType(
    {"ink": INK, "muted": MUTED, "grid": GRID, "surface": SURFACE}
    | {f"s{index}": colour for index, colour in enumerate(SERIES)}
)
"""CSS variables and their values on a light page."""
DARK: Mapping[str, str] = MappingProxyType(
    {"ink": "#e8ebef", "muted": "#a3adb8", "grid": "#333b45", "surface": "#171b21"}
    | dict(
        zip(
            (f"s{index}" for index in range(len(SERIES))),
            ("#4aa8e0", "#f0803c", "#2cc295", "#e09cc4", "#f0b73a", "#86cdf5", "#b08fd0", "#c4a05f"),
            strict=True,
        )
    )
)

_WIDTH, _HEIGHT = 5.4, 4.1  # inches: 389 points wide, so that its letters stay readable on a phone
_SIZE = 11.5  # points
_LETTER = 0.56 * _SIZE  # mean width of a letter; layout must not need a renderer's measurements
_LINE = 1.25 * _SIZE
_TOP = 26  # points that the heading takes
_HEADING = "heading"
LONGEST = 26
"""Letters of a name that are drawn beside a plot."""
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that files look alike everywhere
    "font.size": _SIZE,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.facecolor": SURFACE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "figure.facecolor": SURFACE,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and scaled
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished figure."""

    key: str
    """Names its files."""
    title: str
    description: str
    """What it shows, for who cannot see it."""
    svg: str
    """A file of its own, in the colours of a light page."""
    png: bytes

    def inline(self, *, heading: bool) -> str:
        """Return the picture as a part of a page that defines the variables of ``LIGHT`` and ``DARK``.

        Without its own heading where the page has one.
        """
        svg = self.svg[self.svg.index("<svg") :]
        svg = re.sub(r' (?:width|height)="[^"]*pt"', "", svg, count=2)
        # This would set the strokes of the whole page; the page has it for its pictures.
        svg = re.sub(r'<style type="text/css">.*?</style>', "", svg, flags=re.DOTALL)
        if not heading:
            svg = re.sub(rf'<g id="{_HEADING}">.*?</g>', "", svg, flags=re.DOTALL)
            svg = re.sub(
                r'viewBox="0 0 ([\d.]+) ([\d.]+)"',
                lambda box: f'viewBox="0 {_TOP} {box[1]} {float(box[2]) - _TOP:g}"',
                svg,
                count=1,
            )
        # Groups are numbered alike in every picture, and nothing refers to them; an id may stand once on a page.
        svg = re.sub(r'<g id="[^"]*"', "<g", svg)
        for name, colour in LIGHT.items():
            svg = re.sub(re.escape(colour), f"var(--{name})", svg, flags=re.IGNORECASE)
        return re.sub(r"(font: (?:bold |[0-9]+ )?[\d.]+px) [^;\"]*", r"\1 var(--font)", svg)


@dataclass(frozen=True, slots=True)
class Label:
    """A name beside a place in the data."""

    x: float
    y: float
    text: str
    colour: str


class Canvas:
    """A plot that is being drawn."""

    def __init__(self, key: str, title: str, description: str, *, rows: int | None = None) -> None:
        """Open an empty plot.

        Args:
            key: Names the files.
            title: Stands above the plot.
            description: For who cannot see it.
            rows: Lines of text that the plot must have room for; without it the usual height.

        Raises:
            UsageError: matplotlib is not installed.
        """
        try:
            from matplotlib import rc_context
            from matplotlib.figure import Figure
        except ImportError as error:
            raise UsageError(
                "figures need matplotlib, which is not installed; install it with: pip install 'edge-solver[report]'"
            ) from error
        self.key, self.title, self.description = key, title, description
        height = _HEIGHT if rows is None else (rows * 1.7 * _LINE + 95) / 72
        # The salt keeps the ids of one figure apart from those of the others on a page, and equal in every run.
        self._style = _STYLE | {"svg.hashsalt": key}
        with rc_context(self._style):
            self.figure: Figure = Figure(figsize=(_WIDTH, height))
            self.axes: Axes = self.figure.subplots()
            heading = self.figure.text(8 / 72 / _WIDTH, 1 - 20 / 72 / height, title, size=12, weight="bold", color=INK)
            heading.set_gid(_HEADING)
        self._margins = [62.0, 14.0]  # points left and right of the axes

    def axis(self, *, x: str, y: str = "accuracy", kind: Kind | None = None) -> None:
        """Name the axes: y is a share from 0 to 1; x is a cost on a logarithmic scale where it has a kind."""
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

        self.axes.set_xlabel(x)
        self.axes.set_ylabel(y)
        self.axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        if kind is not None:
            self.axes.set_xscale("log")
            low, high = self.axes.get_xlim()
            # On less than two decades powers of ten alone would leave the axis nearly bare.
            subs = (1.0, 2.0, 5.0) if high < 20 * low else (1.0, 3.0) if high < 200 * low else (1.0,)
            self.axes.xaxis.set_major_locator(LogLocator(subs=subs))
            self.axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, kind)))
            self.axes.xaxis.set_minor_formatter(NullFormatter())

    def counts(self, values: Sequence[int], *, x: str) -> None:
        """Make x a logarithmic axis of whole numbers with a tick at 1, 2, 4, ..."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

        self.axes.set_xscale("log", base=2)
        most = max(values)
        powers = [2**p for p in range(most.bit_length()) if 2**p <= most]
        self.axes.xaxis.set_major_locator(FixedLocator(powers[:: 1 + len(powers) // 9]))
        self.axes.xaxis.set_minor_locator(NullLocator())
        self.axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
        self.axes.set_xlabel(x)

    def name_ends(self, labels: Sequence[Label]) -> None:
        """Write the labels in a column right of the axes, each tied to the end of its line."""
        if not labels:
            return
        texts = [shortened(label.text) for label in labels]
        self._margins[1] = max(map(len, texts)) * _LETTER + 24
        self._layout()
        to_pixels, box = self.axes.transData, self.axes.bbox
        wanted = [float(to_pixels.transform((label.x, label.y))[1]) for label in labels]
        gap = _LINE / 72 * self.figure.dpi
        for label, text, at in zip(labels, texts, spread(wanted, gap, float(box.y0), float(box.y1)), strict=True):
            self.axes.annotate(
                text,
                xy=(label.x, label.y),
                xytext=(1.04, (at - float(box.y0)) / float(box.height)),
                textcoords="axes fraction",
                va="center",
                color=INK,
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-",
                    "color": label.colour,
                    "lw": 0.9,
                    "ls": ":",
                    "shrinkA": 1,
                    "shrinkB": 3,
                    "relpos": (0, 0.5),
                },
            )

    def name_points(self, labels: Sequence[Label]) -> None:
        """Write each label above and left of its point, or as far up from there as it must to be readable."""
        self._layout()
        scale = self.figure.dpi / 72
        box = self.axes.bbox
        taken: list[tuple[float, float, float]] = []  # right edge, width and bottom of what is written
        for label in sorted(labels, key=lambda one: (-one.y, one.x)):
            text = shortened(label.text)
            x, y = (float(part) for part in self.axes.transData.transform((label.x, label.y)))
            width, height = len(text) * _LETTER * scale, _LINE * scale
            right = x - 6 * scale if x - 6 * scale - width > float(box.x0) else x + width
            bottom = y + 5 * scale
            while any(
                right - width < r and right > r - w and bottom < b + height and bottom + height > b for r, w, b in taken
            ):
                bottom += height / 4
            taken.append((right, width, bottom))
            self.axes.annotate(
                text,
                xy=(label.x, label.y),
                xytext=((right - x) / scale, (bottom - y) / scale),
                textcoords="offset points",
                ha="right",
                va="bottom",
                color=INK,
                annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.6, "shrinkA": 0, "shrinkB": 3}
                if bottom > y + 8 * scale
                else None,
            )

    def name_rows(self, names: Sequence[str]) -> None:
        """Make y a list of names, the first on top."""
        texts = [shortened(name, 2 * LONGEST) for name in names]
        self.axes.set_yticks(range(len(names)), texts)
        self.axes.tick_params(axis="y", labelcolor=INK, labelsize=_SIZE - 1)
        self.axes.set_ylim(len(names) - 0.4, -0.6)
        self.axes.grid(visible=False, axis="y")
        self._margins = [max(map(len, texts)) * _LETTER * 0.95 + 14, 14.0]

    def finish(self) -> Picture:
        """Close the plot."""
        from matplotlib import rc_context

        self._layout()
        with rc_context(self._style):
            vector, raster = io.StringIO(), io.BytesIO()
            self.figure.savefig(vector, format="svg", metadata={"Date": None})
            self.figure.savefig(raster, format="png", dpi=200, metadata={"Software": None})
        svg = self._accessible(vector.getvalue())
        return Picture(self.key, self.title, self.description, svg, raster.getvalue())

    def _layout(self) -> None:
        """Give the axes what the margins leave; fixed, because text is measured differently by every renderer."""
        width, height = (72 * side for side in self.figure.get_size_inches())
        left, right = self._margins
        self.figure.subplots_adjust(left=left / width, right=1 - right / width, bottom=46 / height, top=1 - 38 / height)

    def _accessible(self, svg: str) -> str:
        """Name and describe the picture for screen readers, in place of the metadata of the program that drew it."""
        svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        named = (
            f'<title id="{self.key}-title">{html.escape(self.title)}</title>\n'
            f' <desc id="{self.key}-desc">{html.escape(self.description)}</desc>'
        )
        aria = f'role="img" aria-labelledby="{self.key}-title {self.key}-desc"'
        return re.sub(r"<svg ([^>]*)>", lambda match: f"<svg {aria} {match[1]}>\n {named}", svg, count=1)


def colour_of(index: int) -> str:
    """Return the colour of a series."""
    return SERIES[index % len(SERIES)]


def marker_of(index: int) -> str:
    """Return the marker of a series."""
    return MARKERS[index % len(MARKERS)]


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return text that fits beside a plot; the table behind the figure has it in full."""
    # A dollar sign would open mathematics.
    return (text if len(text) <= longest else text[: longest - 1] + "…").replace("$", r"\$")


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places in the order and near the places wanted, at least ``gap`` apart and within the ends if they fit."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = dict.fromkeys(order, 0.0)
    floor = low
    for i in order:
        places[i] = max(wanted[i], floor)
        floor = places[i] + gap
    ceiling = high
    for i in reversed(order):
        places[i] = min(places[i], ceiling)
        ceiling = places[i] - gap
    return [places[i] for i in range(len(wanted))]


def _tick(value: float, kind: Kind) -> str:
    return show(value, kind).replace(" FLOP", "").replace("FLOP", "").replace(" tokens", "")
