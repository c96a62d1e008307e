"""Sheets over a screen: a step in full, a list to choose from, and all keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

_NARROW = 60
"""Columns under which the word about a name stands below it."""


SIGNS = {
    "0.50": "reward of a step: how right it looks",
    "×4": "branches that go on from it",
    "≡4": "branches that wrote the same",
    "▌": "the leading solution",
    "➜": "answer",
    "⊘": "given up",
    "✂": "cut off by the budget",
}


class TextSheet(ModalScreen[None]):
    """Shows a text."""

    BINDINGS = [Binding("escape,enter,q", "dismiss", "Close", id="sheet.close")]

    def __init__(self, title: str, text: Text) -> None:
        """Show ``text`` under a title."""
        super().__init__()
        self._title, self._shown = title, text

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(classes="sheet", can_focus=True) as sheet:
            sheet.border_title = self._title
            sheet.border_subtitle = "Esc closes"
            yield Static(self._shown, markup=False)

    def on_mount(self) -> None:
        """Let the keys scroll."""
        self.query_one(VerticalScroll).focus()


class Picker(ModalScreen[str | None]):
    """Offers names with a word about each; gives back the chosen one."""

    BINDINGS = [Binding("escape", "dismiss(None)", "Close", id="sheet.close")]

    def __init__(self, title: str, options: Sequence[tuple[str, str]]) -> None:
        """Offer ``(name, word about it)``."""
        super().__init__()
        self._title, self._options = title, options

    def compose(self) -> ComposeResult:
        """Lay it out."""
        longest = max(len(name) for name, _ in self._options)
        is_narrow = self.app.size.width < _NARROW
        rows = [
            Option(
                Text.assemble((name, "bold"), "\n" if is_narrow else " " * (longest - len(name) + 2), (words, "dim")),
                id=name,
            )
            for name, words in self._options
        ]
        picker = OptionList(*rows, classes="sheet")
        picker.border_title = self._title
        yield picker

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Give back the choice."""
        self.dismiss(message.option.id)


def keys_text(groups: Iterable[tuple[str, Iterable[tuple[str, str, str]]]], width: int) -> Text:
    """Write groups of (keys, what they do, name in the settings); a narrow screen has no room for the names."""
    text = Text()
    for name, rows in groups:
        text.append(f"{name}\n", "bold")
        for keys, words, setting in rows:
            text.append(f"  {keys:<10} ", "cyan")
            if width >= _NARROW:
                text.append(f"{words:<24} ").append(setting, "dim")
            else:
                text.append(words)
            text.append("\n")
    text.append("Signs in the tree\n", "bold")
    for sign, words in SIGNS.items():
        text.append(f"  {sign:<10} ", "cyan").append(f"{words}\n")
    text.append("Keys are set in edge-solver.toml, under [keys]: 'solve.stop' = \"f9\"", "dim")
    return text
