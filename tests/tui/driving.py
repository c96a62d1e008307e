"""The app as its tests use it: with a simulated model that hardly waits, and a few ways to look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from edge_solver.config import Settings
from edge_solver.core.events import Event, Solved, Started
from edge_solver.core.solution import Spent
from edge_solver.core.strategies import SearchSettings
from edge_solver.errors import UsageError
from edge_solver.recording import read
from edge_solver.tui.app import EdgeSolverApp, Surroundings
from edge_solver.tui.widgets.run import RunView

GOLDEN = Path(__file__).parents[1] / "golden"
PATIENCE = 60.0
HOPS = 4
"""The longest way of a message: from the app to a widget, up again to the screen, and what that sends in turn."""


Steps = Callable[[Pilot[int]], Awaitable[None]]


def drive(app: EdgeSolverApp, steps: Steps, *, size: tuple[int, int] = (100, 30)) -> None:
    """Run the app without a terminal and carry out some steps in it."""

    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            await steps(pilot)
            app.engine.close(PATIENCE)

    asyncio.run(run())


def demo(width: int = 8, surroundings: Surroundings | None = None) -> EdgeSolverApp:
    """Return the app with a simulated model."""
    return EdgeSolverApp(Settings(search=SearchSettings(width=width)), surroundings or Surroundings(demo=True))


def view(pilot: Pilot[int]) -> RunView:
    """Return the run on the screen."""
    return pilot.app.screen.query_one("RunView.-active", RunView)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys; unlike the pilot's own way it does not wait for the processor to be idle, which a search never is."""
    for key in keys:
        name = key if len(key) > 1 or key.isalnum() else _character_to_key(key)
        event = events.Key(name, key if len(key) == 1 else None)
        event.set_sender(pilot.app)  # so that it does not come back to the app and count twice
        pilot.app.post_message(event)
        if len(key) > 1:  # it may move the focus, and what is typed next is meant for where it goes
            await settled(pilot)
    await settled(pilot)


async def settled(pilot: Pilot[int]) -> None:
    """Wait until every widget has dealt with what it was sent, and with what came of that."""
    for _ in range(HOPS):
        await pilot.pause(0)


async def until(pilot: Pilot[int], is_so: Callable[[], bool], what: str = "it") -> None:
    """Wait for something to become true."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not is_so():
        assert loop.time() < end, f"{what} never happened:\n{screen(pilot)}"
        await asyncio.sleep(0.03)
    await settled(pilot)


async def ended(pilot: Pilot[int]) -> None:
    """Wait for the run on the screen to end."""
    await until(pilot, lambda: (run := view(pilot).run) is not None and run.seen, "the end of the search")


async def ask(pilot: Pilot[int], problem: str, *, caps: str = "") -> None:
    """Type a problem, and caps, and press Enter."""
    if caps:
        await press(pilot, "ctrl+l", *caps)
        await press(pilot, "shift+tab", "shift+tab", "shift+tab")
    await press(pilot, *problem)
    await press(pilot, "enter")


def screen(pilot: Pilot[int]) -> str:
    """Return the text on the screen."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


@dataclass(frozen=True)
class Kept:
    """A run in a list in memory."""

    id: int
    problem: str
    answer: str | None
    when: datetime
    strategy: str
    spent: Spent | None
    events: tuple[Event, ...]


class Shelf:
    """Runs in memory."""

    def __init__(self, *files: Path) -> None:
        self.runs: list[Kept] = []
        for number, file in enumerate(files):
            self.add(number, tuple(event for _, event in read(file)))

    def add(self, number: int, events: tuple[Event, ...]) -> None:
        first, last = events[0], events[-1]
        assert isinstance(first, Started)
        assert isinstance(last, Solved)
        when = datetime(2026, 2, 3, 4, 5, tzinfo=timezone.utc)
        used = f"{first.strategy.name}@{first.strategy.width}"
        self.runs.append(Kept(number, first.problem, last.solution.answer, when, used, last.solution.spent, events))

    def search(self, text: str) -> Sequence[Kept]:
        return [run for run in self.runs if text in run.problem]

    def load(self, id: int | str) -> Sequence[Event]:  # noqa: A002 - as in the protocol
        return next(run.events for run in self.runs if run.id == id)

    def export(self, id: int | str, ending: str) -> str:  # noqa: A002 - as in the protocol
        raise UsageError(f"no {ending} of run {id} is written here")
