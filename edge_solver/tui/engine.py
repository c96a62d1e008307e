"""The thread that searches: requests go in, events come out into a mailbox, and the app is told that there are some.

It knows nothing of widgets. Models are loaded here, when they are first needed, and kept for the next request. Its
invariant: nothing that goes wrong here ends the app; a request ends with ``Solved`` in its mailbox or with ``Failed``.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from textual.message import Message

from edge_solver.config import EngineSettings, Settings
from edge_solver.core.strategies import STRATEGIES, Strategy, by_hand
from edge_solver.errors import EdgeSolverError
from edge_solver.tui import garbage
from edge_solver.tui.crash import report
from edge_solver.tui.messages import Failed, Loading, Noticed, Ready, Told

if TYPE_CHECKING:  # importing these loads NumPy, the grader and all events, which the first paint need not wait for
    from edge_solver.assembly import Assembly
    from edge_solver.core.events import Event
    from edge_solver.solver import Past, Search

Listener: TypeAlias = "Callable[[Event], None]"
Record: TypeAlias = "Callable[[Callable[[str], object]], AbstractContextManager[Listener]]"
"""Begins to keep a run: what is entered hears every event of it, in the engine's thread. It is given whom to tell when
the run cannot be kept."""

DEMO_BEAT_SECONDS = 0.05
"""Pause after each call of a simulated model, so that an eye can follow."""


def no_record(_warn: Callable[[str], object]) -> AbstractContextManager[Listener]:
    """Keep nothing."""
    return nullcontext(lambda _: None)


@dataclass(slots=True, eq=False)
class Run:
    """One request and what comes of it."""

    problem: str
    settings: Settings
    past: Past | None = None
    """A search to go on with."""
    expand: int | None = None
    """A step to expand by hand, and nothing else."""
    mailbox: deque[Event] = field(default_factory=deque)
    search: Search | None = None
    """Once it has begun."""
    stopping: bool = False
    told: bool = False
    """The app knows that there is something in the mailbox."""
    over: bool = False
    """Nothing more will come."""
    seen: bool = False
    """The app has taken everything."""

    def take(self) -> list[Event]:
        """Empty the mailbox; of several bills in a row only the last one tells anything."""
        from edge_solver.core.events import Pulsed

        self.told = False  # before the mailbox is emptied: an event that comes meanwhile is told again
        taken: list[Event] = []
        while self.mailbox:
            event = self.mailbox.popleft()
            if isinstance(event, Pulsed) and taken and isinstance(taken[-1], Pulsed):
                taken[-1] = event
            else:
                taken.append(event)
        return taken

    def stop(self) -> None:
        """Ask for an end after the current call."""
        self.stopping = True
        if self.search is not None:
            self.search.cancel()


class Engine:
    """Carries out requests one after the other."""

    def __init__(self, tell: Callable[[Message], object], record: Record = no_record, *, demo: bool = False) -> None:
        """Prepare; nothing is loaded before the first request or ``warm``.

        Args:
            tell: Takes messages from any thread.
            record: Keeps runs.
            demo: Search in a simulated world.
        """
        self._tell, self._record, self._demo = tell, record, demo
        self._requests: queue.SimpleQueue[Run | Settings | None] = queue.SimpleQueue()
        self._assembly: Assembly | None = None
        self._loaded: tuple[EngineSettings, str, bool, int] | None = None
        self._thread: threading.Thread | None = None
        self.current: Run | None = None

    def warm(self, settings: Settings) -> None:
        """Load the models that the settings name."""
        self._put(settings)

    def solve(self, run: Run) -> None:
        """Carry out a request once those before it are done."""
        self._put(run)

    def close(self, patience_seconds: float) -> bool:
        """Stop what is running and free the models; say whether that was done in time."""
        current = self.current
        if current is not None:
            current.stop()
        if self._thread is None:
            return True
        self._requests.put(None)
        self._thread.join(patience_seconds)
        return not self._thread.is_alive()

    def _put(self, request: Run | Settings) -> None:
        self._requests.put(request)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (request := self._requests.get()) is not None:
            self._carry_out(request)
        if self._assembly is not None:
            self._assembly.close()

    def _carry_out(self, request: Run | Settings) -> None:
        try:
            if isinstance(request, Settings):
                self._load(request)
            else:
                self._solve(request)
        except EdgeSolverError as error:
            self._tell(Failed(str(error)))
        except MemoryError:
            self._tell(Failed("out of memory; choose a smaller model or width"))
        except Exception as error:  # noqa: BLE001 - the last net of this thread: the app goes on
            self._tell(Failed(f"the search broke off: this is a bug; the details are in {report(error)}"))
        finally:
            if isinstance(request, Run):
                request.over, self.current = True, None
                self._tell(Told())

    def _solve(self, run: Run) -> None:
        self.current = run
        from edge_solver.core.events import Pulsed

        assembly = self._load(run.settings)
        strategy = STRATEGIES[run.settings.strategy]
        width = run.settings.search.width
        with ExitStack() as stack:
            keep = stack.enter_context(self._record(lambda words: self._tell(Noticed(words))))
            search = assembly.search(
                run.problem,
                budget=run.settings.budget,
                seed=run.settings.seed,
                width=width,
                strategy=self._by_hand(strategy, run, width),
                past=run.past,
            )
            run.search = search
            if run.stopping:
                search.cancel()
            for event in search:
                keep(event)
                run.mailbox.append(event)
                if not run.told:
                    run.told = True
                    self._tell(Told())
                if self._demo and isinstance(event, Pulsed):
                    time.sleep(DEMO_BEAT_SECONDS)

    @staticmethod
    def _by_hand(strategy: Strategy, run: Run, width: int) -> Strategy:
        if run.expand is None or run.past is None:
            return strategy
        return by_hand(strategy, run.expand, min(width, 4), run.past.tree.next_id)

    def _load(self, settings: Settings) -> Assembly:
        """Return engines that serve these settings: those that are loaded, if they do."""
        strategy = STRATEGIES[settings.strategy]
        width = settings.search.width
        if self._assembly is not None and self._loaded is not None:
            engine, meter, scored, widest = self._loaded
            capped = settings.budget.joules is not None
            same = (engine, meter) == (settings.engine, f"{settings.meter}/{capped}")
            if same and (scored or not strategy.scored) and width <= widest:
                return self._assembly
            self._assembly.close()
            self._assembly = self._loaded = None
        self._tell(Loading("loading the models"))
        from edge_solver.assembly import Assembly

        # Loaded for a strategy that weighs rewards, so that every other one is served as well.
        wanted = replace(settings, strategy=settings.strategy if strategy.scored else "weighted")
        self._assembly = Assembly(wanted, demo=self._demo)
        self._loaded = (settings.engine, f"{settings.meter}/{settings.budget.joules is not None}", True, width)
        garbage.set_aside()
        self._tell(Ready())
        return self._assembly
