"""The models known by name: which are here, fit and are used; fetched, paused, made the default and removed here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from edge_solver import memory
from edge_solver.catalog import ModelEntry, ModelKind, registry
from edge_solver.catalog.fit import Fit, fit
from edge_solver.catalog.formats import unverified
from edge_solver.catalog.shelf import TO_CONVERT, conversion, remove, runnable, state
from edge_solver.config import Settings, resolve
from edge_solver.errors import EdgeSolverError
from edge_solver.quantities import Kind, show
from edge_solver.tui.look import colour
from edge_solver.tui.messages import PullTold
from edge_solver.tui.preferences import save_default
from edge_solver.tui.pulling import Download, Stage
from edge_solver.tui.screens.sheets import Picker, TextSheet
from edge_solver.tui.widgets.bars import Keys, TopBar
from edge_solver.tui.widgets.table import ModelTable

_KINDS = {ModelKind.POLICY: "policy", ModelKind.PRM: "reward model"}
_SETTINGS = {ModelKind.POLICY: "model", ModelKind.PRM: "prm"}
_COLUMNS = ("", "name", "here", "fits", "size", "kind", "licence")
_NARROW = 70
_SMALL = 0.01
"""Share of the free memory under which a file fits, whatever a search takes beside it."""


class ModelsScreen(Screen[None]):
    """Lists models; Enter takes one for this session."""

    BINDINGS = [
        Binding("escape", "app.go('solve')", "Back", id="models.back"),
        Binding("p", "pull", "Pull", id="models.pull"),
        Binding("i", "about", "About", id="models.about"),
        Binding("d", "default", "Default", id="models.default"),
        Binding("x", "remove", "Remove", id="models.remove"),
    ]

    def __init__(self, settings: Settings, use: Callable[[Settings], None]) -> None:
        """List the registry; ``use`` is told of a choice."""
        super().__init__()
        self._settings, self._use = settings, use
        self._entries: list[ModelEntry] = []
        self._downloads: dict[str, Download] = {}

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield TopBar()
        with VerticalScroll(classes="page", can_focus=False):
            yield ModelTable(cursor_type="row", id="models")
            yield Static("", classes="words", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        """Fill the table."""
        table = self.query_one(ModelTable)
        for name in self._columns:
            table.add_column(name, key=name)
        try:
            self._entries = list(registry().values())
        except EdgeSolverError as error:
            self.query_one(".words", Static).update(str(error))
        for entry in self._entries:
            table.add_row(*self._cells(entry).values(), key=entry.name)
        table.focus()

    # --- what is shown ---

    @property
    def _columns(self) -> tuple[str, ...]:
        """What there is room for; the words below the table tell the rest."""
        return _COLUMNS[:3] if self.app.size.width < _NARROW else _COLUMNS

    def _cells(self, entry: ModelEntry) -> dict[str, str]:
        return dict(zip(self._columns, self._row(entry), strict=False))

    def _row(self, entry: ModelEntry) -> tuple[str, ...]:
        return (
            "●" if self._is_used(entry) else " ",
            entry.name,
            self._state(entry) if self._columns == _COLUMNS else self._brief(entry),
            {True: "yes", False: "no", None: "?"}[self._fits(entry)],
            show(entry.bytes or None, Kind.BYTES),
            _KINDS[entry.kind],
            entry.licence,
        )

    def _refill(self, *entries: ModelEntry) -> None:
        """Show what has changed of some models, by default of all."""
        table = self.query_one(ModelTable)
        for entry in entries or self._entries:
            for name, cell in self._cells(entry).items():
                if name in table.columns and table.get_cell(entry.name, name) != cell:
                    table.update_cell(entry.name, name, cell, update_width=True)
        self._describe()

    def _state(self, entry: ModelEntry) -> str:
        download = self._downloads.get(entry.name)
        if download is not None and download.stage is not Stage.DONE:
            share = f" {download.here / download.size:.0%}" if download.size else ""
            return f"{download.stage.value}{share}"
        return state(entry)

    def _brief(self, entry: ModelEntry) -> str:
        """Say in a word whether a model is here."""
        download = self._downloads.get(entry.name)
        if download is not None and download.busy and download.size:
            return f"{download.here / download.size:.0%}"
        return "yes" if runnable(entry) is not None else "no"

    def _fit(self, entry: ModelEntry) -> Fit | None:
        """Estimate the memory of a search with a model beside the other one that is used."""
        is_policy = entry.kind is ModelKind.POLICY
        other = next((one for one in self._entries if one.kind is not entry.kind and self._is_used(one)), None)
        policy, judge = (entry, other) if is_policy else (other, entry)
        return fit(policy, width=self._settings.search.width, prm=judge) if policy is not None else None

    def _fits(self, entry: ModelEntry) -> bool | None:
        found = self._fit(entry)
        if found is not None:
            return found.fits
        return True if _is_small(entry) else None

    def _memory(self, entry: ModelEntry) -> str:
        """Say what memory a search takes, and whether there is as much."""
        found = self._fit(entry)
        if found is None:
            return f"memory: {'it fits easily' if _is_small(entry) else 'unknown, for its shape is not known'}"
        need, free = show(found.need.total, Kind.BYTES), show(found.available, Kind.BYTES)
        verdict = {True: "it fits", False: "it does not fit: try a smaller width", None: "unknown"}[found.fits]
        beside = f" with {found.prm}" if found.prm else ""
        return f"memory: about {need} at width {found.width}{beside} (estimated), {free} free: {verdict}"

    def _is_used(self, entry: ModelEntry) -> bool:
        engine = self._settings.engine
        wanted = engine.model if entry.kind is ModelKind.POLICY else engine.prm
        return wanted in (entry.name, *entry.aliases)

    @property
    def _chosen(self) -> ModelEntry | None:
        row = self.query_one(ModelTable).cursor_row
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def _describe(self) -> None:
        """Say more about the model under the cursor."""
        if (entry := self._chosen) is not None:
            self.query_one(".words", Static).update(self._description(entry))

    def action_about(self) -> None:
        """Show all that is known of a model, where the screen below the table is too small for it."""
        if (entry := self._chosen) is not None:
            self.app.push_screen(TextSheet(entry.name, self._description(entry)))

    def _description(self, entry: ModelEntry) -> Text:
        # What a small screen cuts off from the table comes first, and what went wrong.
        text = Text().append(f"{entry.name}  ", "bold").append(f"{self._state(entry)} · ")
        text.append(f"{show(entry.bytes or None, Kind.BYTES)} · {_KINDS[entry.kind]}\n")
        download = self._downloads.get(entry.name)
        if download is not None:
            is_bad = download.stage is Stage.FAILED
            text.append(f"{download.words()}\n", colour(self.app, "error") if is_bad else "bold")
        text.append(f"{entry.summary}\n")
        text.append(f"{self._memory(entry)}\n")
        facts = [f"licence {entry.licence}" + (f" ({entry.restricted})" if entry.restricted else "")]
        if entry.parameters:
            facts.append(f"{entry.parameters / 1e6:,.2f} M parameters, {entry.context} positions")
        if entry.sha256:
            facts.append(f"sha256 {entry.sha256[:16]}…")
        text.append("\n".join(facts) + "\n", "dim")
        if state(entry) == TO_CONVERT:
            text.append(f"make a model of these weights with: {conversion(entry)}\n")
        for doubt in unverified(entry):
            text.append(f"unverified: {doubt}\n", "dim")
        return text

    def on_data_table_row_highlighted(self) -> None:
        """Say more about a model."""
        self._describe()

    # --- using ---

    def on_data_table_row_selected(self) -> None:
        """Use a model from now on."""
        if (entry := self._chosen) is not None and self._may_use(entry):
            self._take(entry)
            self.notify(f"{entry.name} is used from now on; d makes it the default", markup=False)

    def action_default(self) -> None:
        """Use a model from now on, and in every session to come."""
        entry = self._chosen
        if entry is None or not self._may_use(entry):
            return
        name = _SETTINGS[entry.kind]
        try:
            file = save_default(name, entry.name)
            rules = getattr(resolve().engine, name)
        except EdgeSolverError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self._take(entry)
        words = f"{entry.name} is the default, in {file}"
        if rules != entry.name:
            words += f"; but here the environment or edge-solver.toml says {rules}"
        self.notify(words, markup=False)

    def _may_use(self, entry: ModelEntry) -> bool:
        if runnable(entry) is not None:
            return True
        self.notify(f"{entry.name} is not here: p pulls it", severity="warning", markup=False)
        return False

    def _take(self, entry: ModelEntry) -> None:
        engine = self._settings.engine
        is_policy = entry.kind is ModelKind.POLICY
        engine = replace(engine, model=entry.name) if is_policy else replace(engine, prm=entry.name)
        self._settings = replace(self._settings, engine=engine)
        self._use(self._settings)
        self._refill()

    # --- fetching and removing ---

    def action_pull(self) -> None:
        """Ask what a download takes; pause one that runs, go on with one that is paused."""
        entry = self._chosen
        if entry is None:
            return
        if entry.ships or (runnable(entry) is not None and entry.name not in self._downloads):
            self.notify(f"{entry.name} is here already", markup=False)
            return
        download = self._downloads.get(entry.name)
        if download is None or download.stage is Stage.DONE:
            download = self._downloads[entry.name] = Download(entry, lambda: self.post_message(PullTold()))
        if download.stage is Stage.RUNNING:
            download.pause()
        elif download.stage is Stage.PAUSED and download.offer is not None:
            download.go()
        elif not download.busy:
            download.ask()
        self._refill(entry)

    def on_pull_told(self) -> None:
        """Show how downloads stand, and ask about one whose size is known."""
        for download in self._downloads.values():
            self._refill(download.entry)
            if download.stage is Stage.OFFERED and not self.app.screen.is_modal:
                self._confirm(download)

    def on_screen_resume(self) -> None:
        """Show what has changed meanwhile."""
        if self._entries:
            self.on_pull_told()

    def _confirm(self, download: Download) -> None:
        offer, entry = download.offer, download.entry
        assert offer is not None
        download.stage = Stage.PAUSED  # asked once; without a yes it stays so
        left = show(offer.size - offer.here, Kind.BYTES)
        accept = f"accept {entry.licence} ({entry.restricted}), and fetch" if entry.restricted else "fetch"
        options = [
            ("download", f"{accept} {left} of {show(offer.size, Kind.BYTES)}; {show(offer.free, Kind.BYTES)} are free"),
            ("not now", f"licence {entry.licence}"),
        ]

        def answer(chosen: str | None) -> None:
            if chosen == "download":
                download.go()
            self._refill(entry)

        self.app.push_screen(Picker(f"{entry.name} from {offer.hub.endpoint}", options), answer)

    def action_remove(self) -> None:
        """Delete what was downloaded or converted of a model, after asking."""
        entry = self._chosen
        if entry is None:
            return
        download = self._downloads.get(entry.name)
        if entry.ships or (download is not None and download.busy) or self._is_used(entry):
            why = "comes with edge-solver" if entry.ships else "is used" if self._is_used(entry) else "is on its way"
            self.notify(f"{entry.name} {why} and cannot be removed now", severity="warning", markup=False)
            return
        options = [("keep", "leave it here"), ("remove", "delete what was downloaded or converted of it, for good")]

        def answer(chosen: str | None) -> None:
            if chosen == "remove":
                self._remove(entry)

        self.app.push_screen(Picker(f"remove {entry.name}?", options), answer)

    def _remove(self, entry: ModelEntry) -> None:
        try:
            _, freed = remove(entry)
        except (EdgeSolverError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"{entry.name} is removed; {show(freed, Kind.BYTES)} freed", markup=False)
        self._downloads.pop(entry.name, None)
        self._refill(entry)


def _is_small(entry: ModelEntry) -> bool:
    free = memory.available()
    return free is not None and 0 < entry.bytes < _SMALL * free
