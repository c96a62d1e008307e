"""A run as one JSON document: the fields of ``solve --json``, and with them the run's own and all its events."""

from __future__ import annotations

from collections.abc import Sequence

from edge_solver.core.events import Event, plain, to_json
from edge_solver.core.replay import Replay
from edge_solver.history.store import Run
from edge_solver.recording import strict_json


def document(run: Run, events: Sequence[Event]) -> str:
    """Return the document; of a run that was cut short, the best that was known and ``"interrupted"``."""
    own = {"id": run.id, "begun": run.begun, "state": run.state.value}
    content = {**plain(Replay(events).solution), "run": own, "events": [to_json(event) for event in events]}
    return strict_json(content, indent=2) + "\n"
