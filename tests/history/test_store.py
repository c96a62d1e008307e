"""The store: what is saved is found and read back, whatever happens to the program, the file or the disk."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge_solver.core.events import Drafted, Pulsed, Started
from edge_solver.core.tree import Finish
from edge_solver.errors import RecordError, UsageError
from edge_solver.history import History, State, database, store
from tests.history.conftest import RUN, SOLUTION, SPENT, events_of, save


def test_a_run_is_read_back_as_it_was(history: History) -> None:
    run = history.begin(RUN[0])  # type: ignore[arg-type]
    for event in RUN[1:]:
        history.append(run, [event, Pulsed(4, SPENT)])
    assert events_of(history, run) == RUN
    assert [number for number, _ in history.load(run)] == list(range(1, len(RUN) + 1))


def test_the_row_sums_up_the_run(history: History) -> None:
    found = history.run(save(history))
    assert found.state is State.FINISHED
    assert (found.problem, found.answer, found.confidence) == (SOLUTION.problem, SOLUTION.answer, SOLUTION.confidence)
    assert (found.strategy, found.width, found.model) == ("rebase", 4, "micro with tiny-prm")
    assert (found.spent, found.stopped_by) == (SPENT, "complete")


def test_a_run_without_its_end_shows_the_best_so_far(history: History) -> None:
    found = history.run(save(history, events=RUN[1:-1]))
    assert found.state is State.RUNNING
    assert (found.answer, found.confidence, found.spent, found.stopped_by) == (SOLUTION.answer, 0.8, SPENT, None)


def test_a_run_whose_program_is_silent_or_gone_is_interrupted(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = save(history, events=RUN[1:4])
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    assert history.run(run).state is State.INTERRUPTED
    history.touch(run)
    assert history.run(run).state is State.RUNNING
    monkeypatch.setattr(store, "is_alive", lambda _: False)
    assert history.run(run).state is State.INTERRUPTED


def test_a_killed_program_leaves_what_it_had_appended(path: Path) -> None:
    script = f"""
import os, signal, sys
from pathlib import Path
from tests.history.conftest import RUN
from edge_solver.history import History
history = History.open(Path({str(path)!r}))
run = history.begin(RUN[0])
for event in RUN[1:9]:
    history.append(run, [event])
history._database.execute("BEGIN IMMEDIATE")
history._insert(run, 9, [RUN[9]])
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    with History.open(path) as history:
        (found,) = history.search()
        assert found.state is State.INTERRUPTED
        assert events_of(history, found.id) == RUN[:9]


def test_search_finds_words_in_any_place_newest_first(history: History) -> None:
    first, second = save(history), save(history, "What is 12 * 34?", RUN[1:-1])

    def ids(text: str) -> list[int]:
        return [run.id for run in history.search(text)]

    assert ids("") == [second, first]
    assert ids("3x + 7") == ids("größe X2") == ids("solve 22$") == [first]
    assert ids("REBASE tiny-prm FRAC{10}") == [second, first]
    assert ids("12 * 34") == [second]
    assert ids("nothing") == ids("%") == ids("'; DROP TABLE run; --") == []


def test_search_gives_pages(history: History) -> None:
    runs = [save(history, f"problem {number}") for number in range(7)]
    page = history.search("problem", limit=3)
    assert [run.id for run in page] == runs[:-4:-1]
    assert [run.id for run in history.search("problem", limit=9, before=page[-1].id)] == runs[3::-1]


def test_removed_runs_are_gone_and_their_ids_are_not_used_again(history: History, path: Path) -> None:
    runs = [save(history, f"secret {number}") for number in range(3)]
    assert history.remove([runs[0], runs[2], runs[2], 99, 2**80]) == 2
    assert [run.id for run in history.search()] == [runs[1]]
    assert history.remove() == 1
    assert save(history, "new") == 4
    assert b"secret" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_appending_to_a_removed_run_says_so(history: History) -> None:
    run = save(history, events=())
    history.remove([run])
    with pytest.raises(RecordError, match="was removed"):
        history.append(run, RUN[1:3])


@pytest.mark.parametrize("run", [7, 2**70])
def test_a_run_that_is_not_there_is_an_error(run: int, history: History) -> None:
    with pytest.raises(RecordError, match="no run is saved yet"):
        history.run(run)
    save(history)
    with pytest.raises(RecordError, match=f"no run {run} .* the latest is 1"):
        list(history.load(run))


def test_any_text_can_be_saved_and_sought(history: History) -> None:
    odd = "a\0b \ud800 \x1b[2J \u202e 🧮 " + "9" * 100_000
    step = Drafted(1, 0, 1, odd, 3, Finish.STEP, None)
    run = save(history, odd, (step,))
    assert [found.id for found in history.search("🧮")] == [run]
    assert [found.id for found in history.search(odd)] == [run]
    assert events_of(history, run)[1] == replace(step, text=odd.replace("\ud800", "?"))


def test_a_broken_line_is_named(history: History) -> None:
    run = save(history)
    history._database.execute("UPDATE event SET line = '{' WHERE number = 2")
    with pytest.raises(RecordError, match=f"run {run}:3: this line is broken"):
        events_of(history, run)


@pytest.mark.parametrize("damage", [b"no database at all" * 400, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_file_that_is_no_database_is_put_aside(damage: bytes, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    with History.open(path) as history:
        assert history.put_aside is not None
        assert history.put_aside.read_bytes() == damage
        assert str(history.put_aside) in str(history.notice)
        assert events_of(history, save(history)) == RUN


def test_another_programs_database_is_put_aside(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE theirs (x)")
    theirs.close()
    with History.open(path) as history:
        assert history.put_aside is not None
        assert history.search() == []


def test_damage_in_the_middle_is_noticed_when_it_is_read(path: Path) -> None:
    with History.open(path) as history:
        for number in range(200):
            save(history, f"problem {number}")
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with History.open(path) as history:
        assert history.search("problem") == []
        assert history.put_aside is not None
        assert history.put_aside.read_bytes() == data
        assert save(history) == 1
    with History.open(path) as history:
        assert history.notice is None
        assert len(history.search()) == 1


def test_a_later_version_is_refused_and_left_alone(path: Path) -> None:
    with History.open(path) as history:
        save(history)
        history._database.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"later version .*format 99.*upgrade"):
        History.open(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_an_earlier_version_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with History.open(path) as history:
        run = save(history)
    later = (*database.MIGRATIONS, ("ALTER TABLE run ADD COLUMN note TEXT", "UPDATE run SET note = 'kept'"))
    monkeypatch.setattr(database, "MIGRATIONS", later)
    for _ in range(2):
        with History.open(path) as history:
            assert events_of(history, run) == RUN
            assert history._database.execute("SELECT note FROM run").fetchall() == [("kept",)]


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with History.open(path) as history:
        save(history)
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, ("DROP TABLE event", "nonsense")))
        with pytest.raises(RecordError, match="nonsense"):
            History.open(path)
    with History.open(path) as history:
        assert events_of(history, 1) == RUN


def test_a_full_disk_loses_the_batch_and_nothing_else(history: History) -> None:
    run = save(history, events=RUN[1:4])
    (pages,) = history._database.execute("PRAGMA page_count").fetchone()
    history._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(RecordError, match="full"):
        history.append(run, [Drafted(9, 0, 1, "x" * 100_000, 3, Finish.STEP, None)])
    assert events_of(history, run) == RUN[:4]


def test_several_processes_write_at_once(path: Path) -> None:
    script = f"""
from pathlib import Path
from tests.history.conftest import RUN
from edge_solver.history import History
with History.open(Path({str(path)!r})) as history:
    for _ in range(5):
        run = history.begin(RUN[0])
        for event in RUN[1:]:
            history.append(run, [event])
"""
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait(120) for process in processes] == [0] * 3
    with History.open(path) as history:
        runs = history.search()
        assert [run.id for run in runs] == list(range(15, 0, -1))
        assert all(events_of(history, run.id) == RUN for run in runs)


def test_a_lock_that_is_never_given_back_is_an_error(history: History, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    history._database.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(RecordError, match="kept it locked"):
        save(history)
    other.close()
    assert save(history) == 1


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to"):
        History.open(tmp_path / "file" / "history.db")


def test_the_users_history_lies_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    with History.open() as history:
        assert history.path == tmp_path / "data" / "history.db"
        assert isinstance(events_of(history, save(history))[0], Started)
