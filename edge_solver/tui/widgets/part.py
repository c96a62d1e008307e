"""What shows a part of a growth: it is drawn again only where it is seen and looks otherwise than before."""

from __future__ import annotations

from textual.widget import Widget

from edge_solver.tui.growth import Growth


class Part(Widget):
    """Shows something of a growth; ``keep_up`` is called when that may have changed."""

    compact = False

    def __init__(self, growth: Growth, *, id: str | None = None, classes: str | None = None) -> None:
        """Show a growth."""
        super().__init__(id=id, classes=classes)
        self.growth = growth
        self._drawn: tuple[object, int] | None = None

    def look(self) -> object:
        """Return all that the drawing depends on beside theme and size."""
        raise NotImplementedError

    def keep_up(self) -> None:
        """Draw what has changed; the screen is laid out again only where the number of lines is another one."""
        if not all(node.display for node in self.ancestors_with_self):
            return
        before, self._drawn = self._drawn, (self.look(), self.get_content_height())
        if self._drawn != before:
            self.refresh(layout=before is None or self._drawn[1] != before[1])

    def get_content_height(self, *_: object) -> int:
        """Return how many lines it has."""
        raise NotImplementedError

    def on_show(self) -> None:
        """Draw what was missed while it was hidden."""
        self.refresh()
