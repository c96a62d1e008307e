"""Make the pictures of the README from the real app and the built-in models: ``python assets/pictures.py``.

Every picture is the app's own screenshot (SVG) of a search that just ran. Run it again after a change of the screen.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from edge_solver.config import Settings
from edge_solver.core.strategies import SearchSettings
from edge_solver.tui.app import EdgeSolverApp
from edge_solver.tui.widgets.ask import Ask
from edge_solver.tui.widgets.run import RunView

FOLDER = Path(__file__).parent / "pictures"
PROBLEM = "Let x be 12/(-4) - -7. What is the greatest common divisor of x and 36?"


def _view(pilot: Pilot[int]) -> RunView:
    return pilot.app.screen.query_one("RunView.-active", RunView)


async def _ended(pilot: Pilot[int]) -> None:
    while (run := _view(pilot).run) is None or not run.seen:
        await pilot.pause(0.05)
    await pilot.pause(0.5)


async def _solve(pilot: Pilot[int], problem: str, caps: str = "") -> None:
    ask = pilot.app.screen.query_one(Ask)
    ask.problem = problem
    if caps:
        await pilot.press("ctrl+l", *caps)
    await pilot.press("enter")


async def _picture(name: str, size: tuple[int, int], problem: str, *, caps: str = "", versus: int = 0) -> None:
    app = EdgeSolverApp(replace(Settings(), search=SearchSettings(width=16)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await _solve(pilot, problem, caps)
        await _ended(pilot)
        if versus:
            await pilot.press("v", *["down"] * versus, "enter")
            await pilot.pause(0.5)
            await _ended(pilot)
        app.save_screenshot(f"{name}.svg", str(FOLDER))
        app.engine.close(10)


async def main() -> None:
    """Make all of them, or those that are named."""
    FOLDER.mkdir(exist_ok=True)
    wanted = set(sys.argv[1:])
    pictures = {
        "solve": ((110, 32), PROBLEM, "2e10", 0),
        "versus": ((110, 30), PROBLEM, "", 2),
        "phone": ((40, 18), PROBLEM, "", 0),
    }
    for name, (size, problem, caps, versus) in pictures.items():
        if not wanted or name in wanted:
            await _picture(name, size, problem, caps=caps, versus=versus)


if __name__ == "__main__":
    asyncio.run(main())
