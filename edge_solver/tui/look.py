"""Colours: the app's own themes, and the colour of a reward."""

from __future__ import annotations

from functools import cache
from typing import Any

from rich.color import Color
from rich.style import Style
from textual.app import App
from textual.theme import Theme

NIGHT = Theme(
    name="edge-night",
    primary="#e8b15a",
    secondary="#7fa7d9",
    accent="#e8b15a",
    foreground="#d6d9e0",
    background="#0f1218",
    surface="#151922",
    panel="#1d2330",
    success="#7ecb8f",
    warning="#e8b15a",
    error="#e5707a",
    dark=True,
    variables={
        "primary-muted": "#2b3447",
        "block-cursor-background": "#2b3447",
        "block-cursor-foreground": "#f3f4f7",
        "block-cursor-text-style": "none",
        "input-selection-background": "#e8b15a 35%",
        "border": "#2b3447",
        "scrollbar": "#2b3447",
        "scrollbar-background": "#0f1218",
    },
)
DAY = Theme(
    name="edge-day",
    primary="#9a5b00",
    secondary="#2f5f9e",
    accent="#9a5b00",
    foreground="#23262d",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e7e4dc",
    success="#1f7a3a",
    warning="#9a5b00",
    error="#b3262f",
    dark=False,
    variables={
        "primary-muted": "#dcd7c9",
        "block-cursor-background": "#dcd7c9",
        "block-cursor-foreground": "#16181d",
        "block-cursor-text-style": "none",
        "border": "#cfcabd",
    },
)
THEMES = (NIGHT, DAY)

PARTS = ("secondary", "primary", "success")
"""Theme colours of prompt, decoding and reward model wherever a bill is split."""

_DARK = ((229, 112, 122), (232, 177, 90), (126, 203, 143))
_LIGHT = ((179, 38, 47), (154, 91, 0), (31, 122, 58))
_LEVELS = 20


def colour(app: App[Any], name: str) -> str:
    """Return a colour of the app's theme as Rich spells it: themes of the terminal's own colours say ``ansi_blue``."""
    return app.theme_variables[name].removeprefix("ansi_")


def reward_style(reward: float | None, *, dark: bool) -> Style:
    """Return the colour of a reward: red at 0, amber in the middle, green at 1; dim where there is none."""
    if reward is None:
        return Style(dim=True)
    return _shade(round(min(1.0, max(0.0, reward)) * _LEVELS), dark=dark)


@cache
def _shade(level: int, *, dark: bool) -> Style:
    low, middle, high = _DARK if dark else _LIGHT
    share = level / _LEVELS * 2
    first, second = (low, middle) if share <= 1 else (middle, high)
    part = share if share <= 1 else share - 1
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return Style(color=Color.from_rgb(red, green, blue))
