"""Saving while a search runs: everything arrives, and nothing that goes wrong reaches the search."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from edge_solver.core.events import Drafted, Pulsed
from edge_solver.core.tree import Finish
from edge_solver.errors import RecordError
from edge_solver.history import History, Saver, State, saver
from tests.history.conftest import RUN, SPENT, events_of


def opener(path: Path) -> History:
    return History.open(path)


def test_every_event_is_saved(path: Path) -> None:
    with Saver(lambda: opener(path)) as save:
        for event in RUN:
            save(event)
            save(Pulsed(1, SPENT))
    assert (save.run, save.failure, save.notice) == (1, None, None)
    with History.open(path) as history:
        assert events_of(history, 1) == RUN


def test_a_search_that_never_begins_leaves_no_file(path: Path) -> None:
    with Saver(lambda: opener(path)) as save:
        pass
    assert (save.run, save.failure) == (None, None)
    assert not path.exists()


def test_a_search_that_is_left_in_the_middle_is_saved_so_far(path: Path) -> None:
    with Saver(lambda: opener(path)) as save:
        for event in RUN[:5]:
            save(event)
    with History.open(path) as history:
        assert events_of(history, 1) == RUN[:5]


def test_events_are_saved_while_the_search_goes_on_and_silence_is_alive(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "HEARTBEAT", 0.01)
    touched = threading.Event()
    touch = History.append

    def append(history: History, run: int, events: object) -> None:
        batch = list(events)  # type: ignore[call-overload]
        touch(history, run, batch)
        if not batch:
            touched.set()

    monkeypatch.setattr(History, "append", append)
    with Saver(lambda: opener(path)) as save:
        for event in RUN[:5]:
            save(event)
        assert touched.wait(60)
        with History.open(path) as history:
            assert events_of(history, 1) == RUN[:5]
            assert history.run(1).state is State.RUNNING


def test_a_history_that_cannot_be_opened_is_remembered() -> None:
    def fail() -> History:
        raise RecordError("it is of a later version")

    with Saver(fail) as save:
        for event in RUN:
            save(event)
    assert (save.run, save.failure) == (None, "it is of a later version")


def test_a_full_disk_ends_the_saving_and_keeps_what_was_saved(path: Path) -> None:
    def small() -> History:
        history = History.open(path)
        (pages,) = history._database.execute("PRAGMA page_count").fetchone()
        history._database.execute(f"PRAGMA max_page_count = {pages}")
        return history

    with Saver(small) as save:
        save(RUN[0])
        deadline = time.monotonic() + 60
        while save.run is None and time.monotonic() < deadline:
            time.sleep(0.001)
        save(Drafted(1, 0, 1, "x" * 100_000, 3, Finish.STEP, None))
        for event in RUN[1:]:
            save(event)
    assert "full" in str(save.failure)
    with History.open(path) as history:
        assert events_of(history, 1) == RUN[:1]


def test_a_damaged_history_is_told(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"nothing of value" * 100)
    with Saver(lambda: opener(path)) as save:
        for event in RUN:
            save(event)
    assert save.failure is None
    assert "was damaged: it is kept as" in str(save.notice)
